package msrp

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// URI is an MSRP URI (RFC 4975 section 6): msrp://host:port/session-id;tcp, or msrps over TLS.
type URI struct {
	Secure    bool   // msrps
	User      string // of a relay's domain, else empty
	Host      string // name or address; an IPv6 address without brackets
	Port      int    // 0: none given, which is [DefaultPort]
	SessionID string // empty only in the URI of a relay
	Transport string // "tcp"
	Params    string // what follows the transport, with its ';'
}

// DefaultPort is the port of MSRP (RFC 4975 section 15.4).
const DefaultPort = 2855

// maxPath bounds the hops of a path: nobody goes through so many relays.
const maxPath = 16

var errNoURI = errors.New("empty path")

// ParseURI reads one URI. The error says what is wrong with it.
func ParseURI(text string) (URI, error) {
	u, err := parseURI(text)
	if err != nil {
		return URI{}, fmt.Errorf("MSRP URI %.100q: %w", text, err)
	}
	return u, nil
}

func parseURI(text string) (URI, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !strings.EqualFold(scheme, "msrp") && !strings.EqualFold(scheme, "msrps") {
		return URI{}, errors.New("scheme is not msrp")
	}
	u := URI{Secure: len(scheme) == 5}
	if i := strings.IndexFunc(rest, func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
		return URI{}, errors.New("character outside of the grammar")
	}
	rest, params, ok := strings.Cut(rest, ";")
	if !ok {
		return URI{}, errors.New("no transport")
	}
	u.Transport = params
	if i := strings.IndexByte(params, ';'); i >= 0 {
		u.Transport, u.Params = params[:i], params[i:]
	}
	if !isToken(u.Transport) {
		return URI{}, errors.New("no transport")
	}
	authority, id, _ := strings.Cut(rest, "/")
	u.SessionID = id
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		u.User, authority = authority[:at], authority[at+1:]
	}
	return u, u.setAuthority(authority)
}

// setAuthority reads host and port.
func (u *URI) setAuthority(text string) error {
	port := ""
	switch end := strings.IndexByte(text, ']'); {
	case strings.HasPrefix(text, "[") && end > 0:
		addr, err := netip.ParseAddr(text[1:end])
		if err != nil || !addr.Is6() {
			return errors.New("bad IPv6 address")
		}
		u.Host, port = text[1:end], text[end+1:]
	default:
		u.Host = text
		if i := strings.IndexByte(text, ':'); i >= 0 {
			u.Host, port = text[:i], text[i:]
		}
	}
	if u.Host == "" || strings.ContainsAny(u.Host, "[]@/?#<>\"") {
		return errors.New("bad host")
	}
	if port == "" {
		return nil
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(port, ":"), 10, 16)
	if err != nil || n == 0 || port[0] != ':' || port[1] == '+' {
		return errors.New("bad port")
	}
	u.Port = int(n)
	return nil
}

// String writes the URI.
func (u URI) String() string {
	var b strings.Builder
	b.WriteString("msrp")
	if u.Secure {
		b.WriteByte('s')
	}
	b.WriteString("://")
	if u.User != "" {
		b.WriteString(u.User + "@")
	}
	if strings.Contains(u.Host, ":") {
		b.WriteString("[" + u.Host + "]")
	} else {
		b.WriteString(u.Host)
	}
	if u.Port != 0 {
		b.WriteString(":" + strconv.Itoa(u.Port))
	}
	if u.SessionID != "" {
		b.WriteString("/" + u.SessionID)
	}
	b.WriteString(";" + u.Transport + u.Params)
	return b.String()
}

// Equal compares as RFC 4975 section 6.1 says: the host and the transport without regard to case, an absent port is not
// the default port, session ids by octets, user and parameters not at all.
func (u URI) Equal(other URI) bool {
	return u.Secure == other.Secure && sameHost(u.Host, other.Host) && u.Port == other.Port &&
		u.SessionID == other.SessionID && strings.EqualFold(u.Transport, other.Transport)
}

func sameHost(a, b string) bool {
	if x, err := netip.ParseAddr(a); err == nil {
		y, err := netip.ParseAddr(b)
		return err == nil && x == y
	}
	return strings.EqualFold(a, b)
}

// HostPort is the address to connect to, for Dial.
func (u URI) HostPort() string {
	port := u.Port
	if port == 0 {
		port = DefaultPort
	}
	if strings.Contains(u.Host, ":") {
		return "[" + u.Host + "]:" + strconv.Itoa(port)
	}
	return u.Host + ":" + strconv.Itoa(port)
}

// Path is a list of URIs, the next hop first (RFC 4975 section 6.2, a=path).
type Path []URI

// ParsePath reads URIs separated by spaces: at least one, at most 16.
func ParsePath(text string) (Path, error) {
	words := strings.Fields(text)
	switch {
	case len(words) == 0:
		return nil, errNoURI
	case len(words) > maxPath:
		return nil, fmt.Errorf("path of %d hops", len(words))
	}
	path := make(Path, len(words))
	for i, word := range words {
		u, err := ParseURI(word)
		if err != nil {
			return nil, err
		}
		path[i] = u
	}
	return path, nil
}

// String writes the path as it stands in headers and in SDP.
func (p Path) String() string {
	words := make([]string, len(p))
	for i, u := range p {
		words[i] = u.String()
	}
	return strings.Join(words, " ")
}

// Equal compares hop by hop.
func (p Path) Equal(other Path) bool {
	if len(p) != len(other) {
		return false
	}
	for i := range p {
		if !p[i].Equal(other[i]) {
			return false
		}
	}
	return true
}

func isToken[T ~string | ~[]byte](text T) bool {
	for i := range len(text) {
		c := text[i]
		if c <= ' ' || c >= 127 || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return len(text) > 0
}
