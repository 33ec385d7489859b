// Package relay is a small complete MSRP relay (RFC 4976) for the laboratory: it gives authenticated clients a path and
// passes SEND and REPORT on, hop by hop, in pieces of 64 KiB.
package relay

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// Config describes a relay. Net and Addr are required.
type Config struct {
	Net     transport.Net
	Addr    netip.AddrPort        // port 0: 2855
	Rand    io.Reader             // nil: crypto/rand
	TLS     *tls.Config           // nil: plain TCP
	Realm   string                // default: the address
	Users   map[string]string     // passwords by name; nil: everybody is let in without a question
	Expires time.Duration         // of a path, default 15 min
	Refuse  []int                 // codes that the first AUTHs get
	Trace   func(msrp.TraceEntry) // gets what goes over connections; nil: nobody
}

// Relay is a running relay.
type Relay struct {
	cfg      Config
	ids      *msrp.IDs
	listener net.Listener
	workers  sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	all     []*conn
	hops    map[string]*conn        // connections that we have made
	paths   map[string]*reservation // by session id
	nonces  map[string]bool
	counts  Counts
	refused int // of Refuse
}

// Counts is what a relay has done.
type Counts struct {
	Authenticated int // AUTH answered 200
	Challenged    int // AUTH answered 401
	Forwarded     int // SEND and REPORT passed on
	Refused       int // SEND and REPORT that were not, and AUTH by Refuse
}

// reservation is a path given to a client.
type reservation struct {
	uri     msrp.URI
	client  *conn
	expires time.Time
}

// New listens and serves until Close.
func New(cfg Config) (*Relay, error) {
	if cfg.Addr.Port() == 0 {
		cfg.Addr = netip.AddrPortFrom(cfg.Addr.Addr(), msrp.DefaultPort)
	}
	if cfg.Realm == "" {
		cfg.Realm = cfg.Addr.Addr().String()
	}
	if cfg.Expires == 0 {
		cfg.Expires = 15 * time.Minute
	}
	ids, err := msrp.NewIDs(cfg.Rand)
	if err != nil {
		return nil, err
	}
	listener, err := cfg.Net.ListenTCP("tcp", net.TCPAddrFromAddrPort(cfg.Addr))
	if err != nil {
		return nil, fmt.Errorf("MSRP relay: %w", err)
	}
	r := &Relay{
		cfg: cfg, ids: ids, listener: listener,
		hops: map[string]*conn{}, paths: map[string]*reservation{}, nonces: map[string]bool{},
	}
	r.workers.Go(r.accept)
	return r, nil
}

// Counts is what the relay has done so far.
func (r *Relay) Counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts
}

// Close ends all connections and waits for all goroutines.
func (r *Relay) Close() {
	r.mu.Lock()
	r.closed = true
	all := slices.Clone(r.all)
	r.mu.Unlock()
	_ = r.listener.Close()
	for _, c := range all {
		c.close()
	}
	r.workers.Wait()
}

func (r *Relay) accept() {
	for {
		socket, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.workers.Go(func() {
			if r.cfg.TLS != nil {
				secure := tls.Server(socket, r.cfg.TLS)
				if secure.Handshake() != nil {
					_ = socket.Close()
					return
				}
				socket = secure
			}
			r.serve(newConn(r, socket))
		})
	}
}

// serve runs a connection to its end.
func (r *Relay) serve(c *conn) {
	r.mu.Lock()
	closed := r.closed
	r.all = append(r.all, c)
	r.mu.Unlock()
	if closed {
		c.close()
	}
	r.workers.Go(c.write)
	c.read()
	c.close()
	r.forget(c)
}

// forget drops what depended on a connection.
func (r *Relay) forget(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = slices.DeleteFunc(r.all, func(other *conn) bool { return other == c })
	for id, p := range r.paths {
		if p.client == c {
			delete(r.paths, id)
		}
	}
	for hop, other := range r.hops {
		if other == c {
			delete(r.hops, hop)
		}
	}
}

// hop is the connection to the next hop, made when there is none.
func (r *Relay) hop(to msrp.URI) (*conn, error) {
	r.mu.Lock()
	c := r.hops[to.String()]
	if c == nil {
		c = r.hops[to.HostPort()]
	}
	r.mu.Unlock()
	if c != nil {
		return c, nil
	}
	socket, err := r.cfg.Net.CreateDialer(&net.Dialer{Timeout: 10 * time.Second}).Dial("tcp", to.HostPort())
	if err != nil {
		return nil, err
	}
	if to.Secure {
		template := &tls.Config{} //nolint:gosec // a template without a version has the default one
		if r.cfg.TLS != nil {
			template = r.cfg.TLS.Clone()
		}
		template.ServerName = to.Host
		secure := tls.Client(socket, template)
		if err := secure.Handshake(); err != nil {
			_ = socket.Close()
			return nil, err
		}
		socket = secure
	}
	c = newConn(r, socket)
	r.mu.Lock()
	r.hops[to.HostPort()] = c
	r.mu.Unlock()
	r.workers.Go(func() { r.serve(c) })
	return c, nil
}
