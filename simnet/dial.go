package simnet

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/pion/transport/v5"
)

// Dial connects to "host:port"; network is "tcp", "tcp4", "tcp6", "udp", "udp4" or "udp6". The result is a *TCPConn or a
// *UDPConn. Of several addresses of a name each is tried. A port where nobody listens refuses after the time of a round
// trip; without an answer it takes 30 s.
func (h *Host) Dial(network, address string) (net.Conn, error) {
	return h.DialContext(context.Background(), network, address)
}

// DialContext is Dial that ends early when ctx does.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return h.dial(ctx, network, netip.AddrPort{}, address)
}

func (h *Host) dial(ctx context.Context, network string, local netip.AddrPort, address string) (net.Conn, error) {
	proto := TCP
	if strings.HasPrefix(network, "udp") {
		proto = UDP
	}
	targets, err := h.resolve(network, string(proto), address)
	if err != nil {
		return nil, opError("dial", proto, nil, nil, err)
	}
	var first error
	for _, target := range targets {
		c, err := h.dialOne(ctx, network, local, target)
		if err == nil {
			return c, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// dialOne takes care that a failure is a nil interface.
func (h *Host) dialOne(ctx context.Context, network string, local, target netip.AddrPort) (net.Conn, error) {
	if strings.HasPrefix(network, "udp") {
		c, err := h.openUDP("dial", network, local, target)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	c, err := h.dialTCP(ctx, network, local, target)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// DialTCP connects from laddr, which may be nil, to raddr. The result is a *TCPConn.
func (h *Host) DialTCP(network string, laddr, raddr *net.TCPAddr) (transport.TCPConn, error) {
	if raddr == nil {
		return nil, opError("dial", TCP, nil, nil, &net.AddrError{Err: "missing address"})
	}
	var local netip.AddrPort
	if laddr != nil {
		local = cleanAddrPort(laddr.AddrPort())
	}
	c, err := h.dialTCP(context.Background(), network, local, cleanAddrPort(raddr.AddrPort()))
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (h *Host) dialTCP(ctx context.Context, network string, local, remote netip.AddrPort) (*TCPConn, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, opError("dial", TCP, nil, nil, net.UnknownNetworkError(network))
	}
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	d, err := h.dialLocked(network, local, remote)
	if err != nil {
		return nil, opError("dial", TCP, nil, tcpAddr(remote), err)
	}
	c, err := d.awaitLocked()
	if err != nil {
		return nil, opError("dial", TCP, nil, tcpAddr(remote), err)
	}
	if err := c.awaitLocked(ctx); err != nil {
		c.removeLocked()
		return nil, opError("dial", TCP, nil, tcpAddr(c.remote), err)
	}
	return c, nil
}

// dialing is a connection that a program wants. The network makes those of an instant together, in the order of where
// they go: of several goroutines that connect in one instant none is first.
type dialing struct {
	at     int64
	serial uint64
	host   *Host
	bound  binding
	remote netip.AddrPort
	conn   *TCPConn // when it is made
	err    error    // or could not be
}

// dialLocked asks for a connection.
func (h *Host) dialLocked(network string, local, remote netip.AddrPort) (*dialing, error) {
	d := &dialing{at: h.n.now(), host: h, bound: newBinding(network, local), remote: remote}
	if err := h.connectLocked(&d.bound, &d.remote); err != nil {
		return nil, err
	}
	if h.closed || h.n.closed {
		return nil, net.ErrClosed
	}
	if remote.Port() == 0 {
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	h.n.serial++
	d.serial = h.n.serial
	h.n.dials = append(h.n.dials, d)
	h.n.wakeLocked(d.at + 1)
	return d, nil
}

// awaitLocked waits for the connection to be made; nothing has been answered then.
func (d *dialing) awaitLocked() (*TCPConn, error) {
	for d.conn == nil && d.err == nil {
		d.host.n.dialed.Wait()
	}
	return d.conn, d.err
}

// connectAllLocked makes the connections that were wanted before this instant, and the first segments of them.
func (n *Network) connectAllLocked(now int64) {
	dials := n.dials[:countBefore(n.dials, now, func(d *dialing) int64 { return d.at })]
	if len(dials) == 0 {
		return
	}
	n.dials = n.dials[len(dials):]
	slices.SortFunc(dials, func(a, b *dialing) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.host.rank, b.host.rank), a.remote.Compare(b.remote), cmp.Compare(a.serial, b.serial))
	})
	later := n.outbox
	n.outbox = nil
	for _, d := range dials {
		if d.err = d.connectLocked(); d.err == nil {
			n.outbox[len(n.outbox)-1].sent = d.at
		}
	}
	n.outbox = append(n.outbox, later...)
	n.dialed.Broadcast()
}

// connectLocked chooses the local end and sends the first segment.
func (d *dialing) connectLocked() error {
	h := d.host
	err := h.bindLocked(TCP, &d.bound, func(b binding) bool {
		return h.listenerTakenLocked(b) || h.conns[flow{b.local(), d.remote}] != nil
	})
	if err != nil {
		return err
	}
	d.conn = h.newConnLocked(d.bound.local(), d.remote)
	d.conn.sendLocked(syn, nil)
	return nil
}

// awaitLocked waits for the answer to the first segment.
func (c *TCPConn) awaitLocked(ctx context.Context) error {
	stop := context.AfterFunc(ctx, c.readBy.wake)
	defer stop()
	for {
		switch {
		case c.closed:
			return net.ErrClosed
		case c.err != nil:
			return c.err
		case c.established:
			return nil
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return os.ErrDeadlineExceeded
		case ctx.Err() != nil:
			return ctx.Err()
		}
		c.readable.Wait()
	}
}

// CreateDialer is a dialer of this host with the Timeout, the Deadline and the LocalAddr of d, which may be nil.
func (h *Host) CreateDialer(d *net.Dialer) transport.Dialer {
	if d == nil {
		d = &net.Dialer{}
	}
	return &dialer{host: h, settings: d}
}

type dialer struct {
	host     *Host
	settings *net.Dialer
}

// Dial is Host.Dial with the settings.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext is Host.DialContext with the settings.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.settings.Timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, d.settings.Timeout)
		defer cancel()
		ctx = limited
	}
	if !d.settings.Deadline.IsZero() {
		limited, cancel := context.WithDeadline(ctx, d.settings.Deadline)
		defer cancel()
		ctx = limited
	}
	var local netip.AddrPort
	if d.settings.LocalAddr != nil {
		var err error
		if local, err = addrPort(d.settings.LocalAddr); err != nil {
			return nil, opError("dial", Proto(network), nil, d.settings.LocalAddr, err)
		}
	}
	return d.host.dial(ctx, network, local, address)
}

// CreateListenConfig opens listeners and sockets of this host; the settings of package net do not matter here.
func (h *Host) CreateListenConfig(*net.ListenConfig) transport.ListenConfig { return listenConfig{h} }

type listenConfig struct{ host *Host }

// Listen opens a TCP listener; network is "tcp", "tcp4" or "tcp6".
func (l listenConfig) Listen(_ context.Context, network, address string) (net.Listener, error) {
	targets, err := l.host.resolve(network, "tcp", address)
	if err != nil {
		return nil, opError("listen", TCP, nil, nil, err)
	}
	listener, err := l.host.listenTCP(network, targets[0])
	if err != nil {
		return nil, err
	}
	return listener, nil
}

// ListenPacket is Host.ListenPacket.
func (l listenConfig) ListenPacket(_ context.Context, network, address string) (net.PacketConn, error) {
	return l.host.ListenPacket(network, address)
}
