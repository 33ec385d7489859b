// Package xcapserver is a small XCAP server (RFC 4825) for the laboratory: it keeps
// whole documents, with entity tags and conditions, and asks for digest
// authentication (RFC 7616).
package xcapserver

import (
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/icholy/digest"
	"github.com/pion/transport/v5"
)

// Config describes a [Server]. Net and Host are required.
type Config struct {
	Net  transport.Net
	Host netip.Addr
	Port int         // 0 means 80, with TLS 443
	TLS  *tls.Config // nil: http

	Users        map[string]string // digest accounts, passwords by name; empty: no authentication
	Applications []string          // AUIDs in the capabilities; nil means pres-rules and resource-lists
	// Intercept may answer in place of the server; false means that it has not.
	Intercept func(w http.ResponseWriter, r *http.Request) bool
	Changed   func() // something can be seen in Requests or Documents; must not block; may be nil
}

// Server is a running server. Its methods may be called from any goroutine.
type Server struct {
	cfg      Config
	listener net.Listener
	http     http.Server
	running  sync.WaitGroup

	mu        sync.Mutex
	documents map[string]document // by path
	changes   int
	nonces    int
	requests  []string
}

type document struct{ tag, mediaType, data string }

// New starts a server. The root of its documents is at "/".
func New(cfg Config) (*Server, error) {
	if cfg.Net == nil || !cfg.Host.IsValid() {
		return nil, errors.New("xcapserver: a network and an address are required")
	}
	if cfg.Port == 0 {
		cfg.Port = 80
		if cfg.TLS != nil {
			cfg.Port = 443
		}
	}
	if cfg.Applications == nil {
		cfg.Applications = []string{"pres-rules", "resource-lists"}
	}
	listener, err := cfg.Net.ListenTCP("tcp", &net.TCPAddr{IP: cfg.Host.AsSlice(), Port: cfg.Port})
	if err != nil {
		return nil, fmt.Errorf("xcapserver: %w", err)
	}
	s := &Server{cfg: cfg, listener: listener, documents: map[string]document{}}
	if cfg.TLS != nil {
		s.listener = tls.NewListener(listener, cfg.TLS)
	}
	s.http = http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	s.running.Go(func() { _ = s.http.Serve(s.listener) })
	return s, nil
}

// Close ends everything and waits for it.
func (s *Server) Close() {
	_ = s.http.Close()
	s.running.Wait()
}

// Requests are the requests so far, as "METHOD PATH CODE".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Document is what the server has at a path, "" for nothing.
func (s *Server) Document(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.documents[path].data
}

// Store puts a document there, as another user agent of the user would.
func (s *Server) Store(path, mediaType, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(path, mediaType, data)
}

// put requires mu.
func (s *Server) put(path, mediaType, data string) document {
	s.changes++
	d := document{`"e` + strconv.Itoa(s.changes) + `"`, mediaType, data}
	s.documents[path] = d
	return d
}

// recorder remembers the status code.
type recorder struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{w, http.StatusOK}
	defer func() {
		s.mu.Lock()
		s.requests = append(s.requests, fmt.Sprintf("%s %s %d", r.Method, r.URL.Path, rec.code))
		s.mu.Unlock()
		if s.cfg.Changed != nil {
			s.cfg.Changed()
		}
	}()
	if s.cfg.Intercept != nil && s.cfg.Intercept(rec, r) {
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		rec.WriteHeader(http.StatusBadRequest)
		return
	}
	if len(s.cfg.Users) > 0 && !s.authorized(rec, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve(rec, r, string(body))
}

// serve requires mu.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, body string) {
	path := r.URL.Path
	d, there := s.documents[path]
	if path == "/xcap-caps/global/index" {
		d, there = document{`"caps"`, "application/xcap-caps+xml", s.capabilities()}, true
	}
	switch {
	case !fulfilled(r.Header, d, there):
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.WriteHeader(http.StatusPreconditionFailed)
	case r.Method == http.MethodPut:
		s.change(w, r, body, there)
	case !there:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet:
		w.Header().Set("Content-Type", d.mediaType)
		w.Header().Set("ETag", d.tag)
		_, _ = io.WriteString(w, d.data)
	case r.Method == http.MethodDelete:
		delete(s.documents, path)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// fulfilled judges the conditions of a request (RFC 7232 sections 3.1 and 3.2).
func fulfilled(h http.Header, d document, there bool) bool {
	if match := h.Get("If-Match"); match != "" && (!there || match != "*" && match != d.tag) {
		return false
	}
	none := h.Get("If-None-Match")
	return none == "" || !there || none != "*" && none != d.tag
}

// change stores a document (RFC 4825 section 8.2). It requires mu.
func (s *Server) change(w http.ResponseWriter, r *http.Request, body string, there bool) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) != 4 || parts[1] != "users":
		conflict(w, "no-parent", "")
	case !slices.Contains(s.cfg.Applications, parts[0]):
		w.WriteHeader(http.StatusNotFound)
	case xml.Unmarshal([]byte(body), new(struct{})) != nil:
		conflict(w, "not-well-formed", "")
	case strings.Contains(body, "<same/><same/>"):
		conflict(w, "uniqueness-failure", "there is such an entry already")
	default:
		d := s.put(r.URL.Path, r.Header.Get("Content-Type"), body)
		w.Header().Set("ETag", d.tag)
		if !there {
			w.WriteHeader(http.StatusCreated)
		}
	}
}

// conflict is a 409 with its reason (RFC 4825 section 11).
func conflict(w http.ResponseWriter, element, phrase string) {
	w.Header().Set("Content-Type", "application/xcap-error+xml")
	w.WriteHeader(http.StatusConflict)
	fmt.Fprintf(w, `<?xml version="1.0"?><xcap-error xmlns="urn:ietf:params:xml:ns:xcap-error"><%s phrase=%q/></xcap-error>`, element, phrase)
}

func (s *Server) capabilities() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><xcap-caps xmlns="urn:ietf:params:xml:ns:xcap-caps"><auids>`)
	for _, a := range s.cfg.Applications {
		b.WriteString("<auid>" + a + "</auid>")
	}
	b.WriteString("</auids><extensions/><namespaces/></xcap-caps>")
	return b.String()
}

// authorized challenges, unless the request has good credentials.
func (s *Server) authorized(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	challenge := digest.Challenge{Realm: "xcap", Nonce: fmt.Sprintf("n%d", s.nonces), QOP: []string{"auth"}}
	given, err := digest.ParseCredentials(r.Header.Get("Authorization"))
	if err == nil {
		challenge.Algorithm = given.Algorithm
		want, err := digest.Digest(&challenge, digest.Options{
			Method: r.Method, URI: r.URL.EscapedPath(), Count: given.Nc, Username: given.Username,
			Password: s.cfg.Users[given.Username], Cnonce: given.Cnonce,
		})
		if err == nil && s.cfg.Users[given.Username] != "" && given.Nonce == challenge.Nonce && given.Response == want.Response {
			return true
		}
	}
	s.nonces++
	challenge.Nonce = fmt.Sprintf("n%d", s.nonces)
	for _, algorithm := range []string{"SHA-256", "MD5"} {
		challenge.Algorithm = algorithm
		w.Header().Add("WWW-Authenticate", challenge.String())
	}
	w.WriteHeader(http.StatusUnauthorized)
	return false
}
