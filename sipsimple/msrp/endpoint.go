package msrp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/sipsimple/internal/dialing"
)

// Mode is how an endpoint gets its connection.
type Mode int

// The modes.
const (
	Listen   Mode = iota // wait for the peer, or connect if it turns out to wait
	Connect              // connect to the peer
	ViaRelay             // through a relay, both ways (RFC 4976)
)

// Config describes an endpoint. Net and Host are required.
type Config struct {
	Net       transport.Net
	Rand      io.Reader    // nil: crypto/rand
	Logger    *slog.Logger // nil: slog.Default()
	Host      netip.Addr   // our address
	Mode      Mode
	Port      int           // to listen on, 0: any free one
	TLS       *tls.Config   // nil: plain TCP. Its certificate is needed to listen
	Relay     Relay         // with ViaRelay
	Accept    []string      // media types that Session takes, as in a=accept-types
	Timeout   time.Duration // of connecting, of the handshake, of binding and of AUTH, each; 0: 10 s
	KeepAlive time.Duration // between empty SENDs; 0: 60 s, negative: none
	// Allow tells whether a peer's path may lead us to an address; nil: [AllowNear] of
	// Host.
	Allow func(netip.Addr) bool
	// Sessions has a request for one of them that comes over the connection of another answered 506 (RFC 4975 section 10.10);
	// nil: 481, as for ids that nobody knows.
	Sessions *Sessions
	// Trace gets what goes over connections, from the goroutines that read and write;
	// it must not block. nil: nobody.
	Trace func(*Session, TraceEntry)
}

// Endpoint is our end of a session to be: what SDP tells of it is there, the connection is not, except that to a relay.
type Endpoint struct {
	cfg      Config
	ids      *IDs
	own      URI
	relayed  Path // of the relay
	listener net.Listener
	relay    *relayClient
}

// Open reserves the local end: it listens, authenticates to the relay, or only chooses an id. The caller closes the
// endpoint, whatever comes of it.
func Open(ctx context.Context, cfg Config) (*Endpoint, error) {
	ids, err := NewIDs(cfg.Rand)
	if err != nil {
		return nil, err
	}
	cfg.setDefaults()
	e := &Endpoint{cfg: cfg, ids: ids}
	e.own = URI{
		Secure: cfg.TLS != nil, Host: cfg.Host.Unmap().String(), Port: DefaultPort, SessionID: ids.Session(), Transport: "tcp",
	}
	switch cfg.Mode {
	case Listen:
		err = e.listen()
	case ViaRelay:
		err = e.openRelay(ctx)
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (c *Config) setDefaults() {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	switch {
	case c.KeepAlive == 0:
		c.KeepAlive = defaultKeepAlive
	case c.KeepAlive < 0:
		c.KeepAlive = 0
	}
	if c.Allow == nil {
		host := c.Host
		c.Allow = func(to netip.Addr) bool { return AllowNear(host, to) }
	}
	if len(c.Accept) == 0 {
		c.Accept = []string{"*"}
	}
}

var errNoCertificate = errors.New("MSRP over TLS needs a certificate to accept connections")

func (e *Endpoint) listen() error {
	if e.cfg.TLS != nil && len(e.cfg.TLS.Certificates) == 0 && e.cfg.TLS.GetCertificate == nil {
		return errNoCertificate
	}
	addr := net.TCPAddrFromAddrPort(netip.AddrPortFrom(e.cfg.Host, uint16(e.cfg.Port)))
	listener, err := e.cfg.Net.ListenTCP("tcp", addr)
	if err != nil {
		return fmt.Errorf("listening for MSRP: %w", err)
	}
	e.listener = listener
	e.own.Port = portOf(listener.Addr())
	return nil
}

func portOf(addr net.Addr) int {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return tcp.Port
	}
	return DefaultPort
}

// Path is what a=path tells: the relays, then our own URI.
func (e *Endpoint) Path() Path { return append(slices.Clone(e.relayed), e.own) }

// Port is the port for the m-line: where we listen, that of our side of the relay connection, or a placeholder.
func (e *Endpoint) Port() int { return e.own.Port }

// Fingerprint is what a=fingerprint tells of our certificate; "" without one, and behind a relay, where nobody sees it.
func (e *Endpoint) Fingerprint() string {
	if e.cfg.TLS == nil || len(e.cfg.TLS.Certificates) == 0 || e.relay != nil {
		return ""
	}
	return Fingerprint(e.cfg.TLS.Certificates[0].Certificate[0])
}

// Close gives up what no session has taken: the listener and the relay connection.
func (e *Endpoint) Close() {
	if e.listener != nil {
		_ = e.listener.Close()
	}
	if e.relay != nil {
		e.relay.close()
	}
}

// Peer is what the peer's SDP tells.
type Peer struct {
	Path        Path
	Active      bool   // it connects and we wait (a=setup)
	Fingerprint string // of its certificate, "" if it told none
}

// Establish connects or waits, shakes hands and binds. It may be called once. The session waits for [Session.Run].
func (e *Endpoint) Establish(ctx context.Context, peer Peer) (*Session, error) {
	if len(peer.Path) == 0 {
		return nil, errNoURI
	}
	if len(peer.Path) > 1 {
		peer.Fingerprint = "" // we meet the relay
	}
	switch {
	case e.relay != nil:
		return e.throughRelay(ctx, peer)
	case e.cfg.Mode == Listen && peer.Active:
		return e.accept(ctx, peer)
	}
	if e.listener != nil {
		_ = e.listener.Close()
	}
	return e.connect(ctx, peer)
}

func (e *Endpoint) session(conn net.Conn, peer Peer, bind binding) *Session {
	return newSession(sessionConfig{
		conn: conn, log: e.cfg.Logger, ids: e.ids, paths: newPaths(e.Path(), peer.Path, e.relayed), bind: bind,
		accept: e.cfg.Accept, keepAlive: e.cfg.KeepAlive, trace: e.cfg.Trace, siblings: e.cfg.Sessions,
	})
}

// connect is the active side.
func (e *Endpoint) connect(ctx context.Context, peer Peer) (*Session, error) {
	to, err := e.allowed(peer.Path[0])
	if err != nil {
		return nil, err
	}
	conn, err := e.dial(ctx, to, peer.Path[0].Host, peer.Fingerprint)
	if err != nil {
		return nil, err
	}
	s := e.session(conn, peer, bindActive)
	return e.bind(ctx, s)
}

// bind has the peer accept the connection, or gives it up.
func (e *Endpoint) bind(ctx context.Context, s *Session) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
	defer cancel()
	if err := s.bindNow(ctx); err != nil {
		s.Abort(nil)
		<-s.Done()
		return nil, err
	}
	return s, nil
}

// dial connects to a hop and shakes hands. The certificate has to have the
// fingerprint, or the name if there is none.
func (e *Endpoint) dial(ctx context.Context, to URI, name, fingerprint string) (net.Conn, error) {
	if to.Secure != (e.cfg.TLS != nil) {
		return nil, fmt.Errorf("%s does not go with our transport", to)
	}
	connecting, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
	defer cancel()
	conn, err := dialing.TCP(connecting, e.cfg.Net, &net.Dialer{Timeout: e.cfg.Timeout}, to.HostPort())
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", to, err)
	}
	if e.cfg.TLS == nil {
		return conn, nil
	}
	handshake, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
	defer cancel()
	secure := tls.Client(conn, clientTLS(e.cfg.TLS, name, fingerprint))
	if err := secure.HandshakeContext(handshake); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS with %s: %w", to, err)
	}
	return secure, nil
}
