package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/sipsimple/internal/udp"
)

// Config describes a Transport.
type Config struct {
	Net    transport.Net // required; sockets are opened through it only
	Logger *slog.Logger  // nil discards; what is logged carries no header values and is rate-limited
	// TLS is the server side and the template of the client side (RootCAs,
	// MinVersion …). nil means no TLS listener, and system roots for clients.
	TLS  *tls.Config
	Host netip.Addr // local address to bind; invalid means all

	UDPPort, TCPPort, TLSPort int // 0 any free port, -1 no listener

	// Handler is called for every valid message, in order for each source of
	// one socket, possibly from several goroutines at once. It must not block.
	Handler func(Message)
	// Trace is called for every message sent and received, valid or not, before
	// anything is done with it. It must not block. May be nil.
	Trace func(TraceEntry)
	// Lost is called when a listening socket has come to its end though nobody
	// here has closed it: nothing arrives on that transport any more. It must not
	// block. May be nil.
	Lost func(transport string, err error)
	// Proxy accepts responses with several Vias: a proxy passes them on, while to a user agent they have strayed (RFC
	// 3261 sections 8.1.3.3 and 16.7).
	Proxy bool
	// Server is the text of the Server header in refusals of what cannot be read
	// (RFC 3261 section 20.35); "" means none. SetServer changes it.
	Server string
	// Rate is how many datagrams a second are read from one source address (a
	// /64 for IPv6); more are dropped after a burst of five seconds' worth.
	// 0 means 10 000, -1 no limit.
	Rate int
}

var (
	// ErrNoListener tells that there is no socket to send a datagram from.
	ErrNoListener = errors.New("no UDP socket")
	// ErrQueueFull tells that a peer reads too slowly.
	ErrQueueFull = errors.New("too many messages wait for the connection")
)

// RefusedError tells that a message was not sent because of this host: it cannot
// be written, there is no socket for it, or the socket does not take it.
type RefusedError struct{ Err error }

// Error is that of the cause.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// Transport sends and receives SIP messages. Its methods may be called from
// any goroutine.
type Transport struct {
	cfg     Config
	log     *quietLog
	ctx     context.Context // ends with Close; dialing follows it
	cancel  context.CancelFunc
	running sync.WaitGroup
	tls     atomic.Pointer[tls.Config]
	server  atomic.Pointer[string]

	handshakes atomic.Int64 // their limit as a time.Duration, 0 unless it was set

	mu        sync.Mutex // guards all below
	udp       *udpSocket
	listeners []*listener
	closing   bool
	flows     map[*Flow]struct{}
	byPeer    map[peerKey]*Flow // the connection to use for a destination
	inbound   int
	made      uint64
}

// Listen opens the listeners. TLSPort is ignored without Config.TLS; one without
// a certificate is an error.
func Listen(cfg Config) (*Transport, error) {
	if cfg.Net == nil {
		return nil, errors.New("wire: Config.Net is nil")
	}
	if cfg.Handler == nil {
		cfg.Handler = func(Message) {}
	}
	t := &Transport{cfg: cfg, log: newQuietLog(cfg.Logger), flows: map[*Flow]struct{}{}, byPeer: map[peerKey]*Flow{}}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.tls.Store(cfg.TLS)
	t.server.Store(&cfg.Server)
	if err := t.open(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// open opens the sockets first and reads from them only when all are there.
func (t *Transport) open() error {
	if t.cfg.UDPPort >= 0 {
		if err := t.openUDP(t.cfg.UDPPort); err != nil {
			return fmt.Errorf("listen on udp port %d: %w", t.cfg.UDPPort, err)
		}
	}
	if t.cfg.TCPPort >= 0 {
		if err := t.openStream("tcp", t.cfg.TCPPort); err != nil {
			return fmt.Errorf("listen on tcp port %d: %w", t.cfg.TCPPort, err)
		}
	}
	if t.cfg.TLSPort >= 0 && t.cfg.TLS != nil {
		if !hasCertificate(t.cfg.TLS) {
			return fmt.Errorf("listen on tls port %d: there is no certificate", t.cfg.TLSPort)
		}
		if err := t.openStream("tls", t.cfg.TLSPort); err != nil {
			return fmt.Errorf("listen on tls port %d: %w", t.cfg.TLSPort, err)
		}
	}
	if t.udp != nil {
		t.running.Go(t.udp.read)
	}
	for _, l := range t.listeners {
		t.running.Go(l.accept)
	}
	return nil
}

// hasCertificate tells whether a server can be made of a configuration.
func hasCertificate(cfg *tls.Config) bool {
	return cfg != nil && (len(cfg.Certificates) > 0 || cfg.GetCertificate != nil || cfg.GetConfigForClient != nil)
}

// Addr is the address of the listener for "udp", "tcp" or "tls"; its address
// part is unspecified if Config.Host is invalid.
func (t *Transport) Addr(transport string) (netip.AddrPort, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if transport == "udp" && t.udp != nil {
		return t.udp.local, true
	}
	for _, l := range t.listeners {
		if l.transport == transport {
			return l.local, true
		}
	}
	return netip.AddrPort{}, false
}

// Send writes msg to a destination. A datagram goes out at once. For tcp and
// tls a live connection to the destination is used (tls: one whose certificate
// was verified for the same name), else one is dialed in the background and the
// message waits for it. done may be nil; it is called once, from any goroutine
// and possibly before Send returns, with nil when the message has been handed
// to the socket or with the error, a *[RefusedError] if no peer is to blame. Send never blocks and reads msg before it
// returns; it sets Content-Length in it.
func (t *Transport) Send(msg sip.Message, to Destination, done func(error)) {
	data, err := Marshal(msg)
	if err != nil {
		finish(done, &RefusedError{err})
		return
	}
	t.SendOctets(data, to, done)
}

// SendOctets is Send for a message that is octets already. They must not be
// changed afterwards.
func (t *Transport) SendOctets(data []byte, to Destination, done func(error)) {
	switch to.Transport {
	case "udp":
		finish(done, t.sendDatagram(data, to.Addr))
	case "tcp", "tls":
		t.sendStream(queued{data, done}, to)
	default:
		finish(done, &RefusedError{fmt.Errorf("transport %q: %w", to.Transport, errors.ErrUnsupported)})
	}
}

func finish(done func(error), err error) {
	if done != nil {
		done(err)
	}
}

// Close ends everything and waits for it: listeners first, then connections,
// which get a second to write what is queued. No handler runs afterwards. It
// must not be called from Handler, Trace or a done function.
func (t *Transport) Close() {
	t.mu.Lock()
	t.closing = true
	socket, listeners := t.udp, slices.Clone(t.listeners)
	t.mu.Unlock()
	t.cancel()
	if socket != nil {
		_ = socket.conn.Close()
	}
	for _, l := range listeners {
		_ = l.Close()
	}
	for _, f := range t.sortedFlows() {
		f.drain(time.Second)
	}
	t.running.Wait()
}

func (t *Transport) trace(sent bool, transport string, local, remote netip.AddrPort, data []byte) {
	if t.cfg.Trace != nil {
		t.cfg.Trace(TraceEntry{time.Now(), sent, transport, local, remote, data})
	}
}

// judge is the guard's verdict. A bug in it costs the message, not the process.
func (t *Transport) judge(data []byte, stream bool, source netip.AddrPort) (r Result) {
	defer func() {
		if recover() != nil {
			t.log.Error("guard failed", "source", source)
			r = Result{Verdict: Drop, Reason: "guard failed", Close: stream}
		}
	}()
	p := parser{stream: stream, source: source, proxy: t.cfg.Proxy, server: *t.server.Load()}
	return p.inspect(data)
}

// pause waits a little after an error of a listening socket, so that an error
// that stays costs nothing. It is false when the transport closes.
func (t *Transport) pause(err error) bool {
	if errors.Is(err, net.ErrClosed) || t.ctx.Err() != nil {
		return false
	}
	timer := time.NewTimer(20 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.ctx.Done():
		return false
	}
}

// lost tells of a listening socket that has come to its end, unless it was closed
// here: by Close, or by SetPort, which puts another in its place before.
func (t *Transport) lost(transport string, inUse bool, err error) {
	if inUse && t.ctx.Err() == nil && t.cfg.Lost != nil {
		t.cfg.Lost(transport, err)
	}
}

// listensWith tells whether a listener is one of ours still.
func (t *Transport) listensWith(l *listener) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Contains(t.listeners, l)
}

// addrPort is the address of a socket, an IPv4 address as such.
func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case *net.TCPAddr:
		ap = a.AddrPort()
	case nil:
		return ap
	default:
		ap, _ = netip.ParseAddrPort(a.String())
	}
	return udp.Unmapped(ap)
}
