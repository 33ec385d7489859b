package simnet

import (
	"cmp"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
)

// binding is the local end of a socket that others can reach.
type binding struct {
	addr netip.Addr // invalid: all addresses of the families
	v4   bool
	v6   bool
	port uint16
}

// newBinding is the binding that network ("udp", "udp4", "tcp6" ...) and the address ask for.
func newBinding(network string, local netip.AddrPort) binding {
	b := binding{addr: local.Addr(), port: local.Port(), v4: true, v6: true}
	switch {
	case b.addr.IsValid() && !b.addr.IsUnspecified():
		b.v4, b.v6 = b.addr.Is4(), !b.addr.Is4()
		return b
	case strings.HasSuffix(network, "4") || b.addr == netip.IPv4Unspecified():
		b.v6 = false
	case strings.HasSuffix(network, "6"):
		b.v4 = false
	}
	b.addr = netip.Addr{}
	return b
}

// covers tells whether packets to the address are for the socket.
func (b binding) covers(addr netip.Addr) bool {
	if b.addr.IsValid() {
		return b.addr == addr
	}
	return addr.Is4() && b.v4 || !addr.Is4() && b.v6
}

// conflicts tells whether two sockets cannot be open at the same port.
func (b binding) conflicts(o binding) bool {
	if b.addr.IsValid() && o.addr.IsValid() {
		return b.addr == o.addr
	}
	return b.v4 && o.v4 || b.v6 && o.v6
}

// local is the address as LocalAddr tells it.
func (b binding) local() netip.AddrPort {
	switch {
	case b.addr.IsValid():
		return netip.AddrPortFrom(b.addr, b.port)
	case b.v6:
		return netip.AddrPortFrom(netip.IPv6Unspecified(), b.port)
	}
	return netip.AddrPortFrom(netip.IPv4Unspecified(), b.port)
}

// bindLocked completes a binding: checks the address, chooses the port if it is 0. taken tells what is in the way.
func (h *Host) bindLocked(proto Proto, b *binding, taken func(binding) bool) error {
	if h.closed || h.n.closed {
		return net.ErrClosed
	}
	if b.addr.IsValid() && !h.hasLocked(b.addr) {
		return os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)
	}
	if b.port != 0 {
		if taken(*b) {
			return os.NewSyscallError("bind", syscall.EADDRINUSE)
		}
		return nil
	}
	for range lastEphemeral - firstEphemeral + 1 {
		b.port = h.ephemeralLocked(proto)
		if !taken(*b) {
			return nil
		}
	}
	return os.NewSyscallError("bind", syscall.EADDRINUSE)
}

// Ephemeral ports (RFC 6335 6) are handed out one after another, so that runs are alike.
const (
	firstEphemeral = 49152
	lastEphemeral  = 65535
)

func (h *Host) ephemeralLocked(proto Proto) uint16 {
	port := h.nextPort[proto]
	if port < firstEphemeral {
		port = firstEphemeral
	}
	h.nextPort[proto] = port + 1 // 65535 + 1 is 0, which starts again
	return port
}

func (h *Host) udpTakenLocked(b binding) bool {
	return slices.ContainsFunc(h.udp[b.port], func(c *UDPConn) bool { return c.bound.conflicts(b) })
}

func (h *Host) listenerTakenLocked(b binding) bool {
	return slices.ContainsFunc(h.listeners[b.port], func(l *TCPListener) bool { return l.bound.conflicts(b) })
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// opError is the error of an operation of a socket. Nil ends are left out.
func opError(op string, proto Proto, source, addr net.Addr, err error) error {
	return &net.OpError{Op: op, Net: string(proto), Source: source, Addr: addr, Err: err}
}
