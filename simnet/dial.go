package simnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
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
	c, err := h.connectTCPLocked(network, local, remote)
	if err != nil {
		return nil, opError("dial", TCP, nil, tcpAddr(remote), err)
	}
	if err := c.awaitLocked(ctx); err != nil {
		c.removeLocked()
		return nil, opError("dial", TCP, nil, tcpAddr(c.remote), err)
	}
	return c, nil
}

// connectTCPLocked chooses the local end and sends the first segment.
func (h *Host) connectTCPLocked(network string, local, remote netip.AddrPort) (*TCPConn, error) {
	b := newBinding(network, local)
	if err := h.connectLocked(&b, &remote); err != nil {
		return nil, err
	}
	if remote.Port() == 0 {
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	err := h.bindLocked(TCP, &b, func(b binding) bool {
		return h.listenerTakenLocked(b) || h.conns[flow{b.local(), remote}] != nil
	})
	if err != nil {
		return nil, err
	}
	c := h.newConnLocked(b.local(), remote)
	c.sendLocked(syn, nil)
	return c, nil
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
