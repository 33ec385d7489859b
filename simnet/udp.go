package simnet

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/pion/transport/v5"
)

// MaxDatagram is the longest payload of a UDP datagram over IPv4.
const MaxDatagram = 65507

// defaultReadBuffer is how many octets of datagrams wait for a reader; what comes then is lost, as on a real host.
const (
	defaultReadBuffer = 1 << 20
	datagramOverhead  = 64 // counts for the buffer beside the octets
)

// UDPConn is a UDP socket of a host, connected or not. It has the methods of *net.UDPConn that do not show the operating
// system, and SetReceiver.
type UDPConn struct {
	host  *Host
	bound binding
	peer  netip.AddrPort // invalid: not connected

	// guarded by host.n.mu
	readable *sync.Cond
	queue    packetQueue
	queued   int // octets
	limit    int
	receiver func(data []byte, from netip.AddrPort)
	deadline deadline
	writeBy  time.Time
	closed   bool
	route    route
}

// route remembers the last destination, as most sockets have one only.
type route struct {
	version uint64
	dst     netip.Addr
	src     netip.Addr
	to      *Host
	link    *link
}

var (
	_ transport.UDPConn = (*UDPConn)(nil)
	_ net.PacketConn    = (*UDPConn)(nil)
	_ net.Conn          = (*UDPConn)(nil)
)

// ListenPacket opens a UDP socket; network is "udp", "udp4" or "udp6". The result is a *UDPConn.
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	targets, err := h.resolve(network, "udp", address)
	if err != nil {
		return nil, opError("listen", UDP, nil, nil, err)
	}
	c, err := h.openUDP("listen", network, targets[0], netip.AddrPort{})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// ListenUDP opens a UDP socket. A nil address means any address and port. The result is a *UDPConn.
func (h *Host) ListenUDP(network string, laddr *net.UDPAddr) (transport.UDPConn, error) {
	var local netip.AddrPort
	if laddr != nil {
		local = cleanAddrPort(laddr.AddrPort())
	}
	c, err := h.openUDP("listen", network, local, netip.AddrPort{})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// DialUDP opens a connected UDP socket, which hears its peer only. The result is a *UDPConn.
func (h *Host) DialUDP(network string, laddr, raddr *net.UDPAddr) (transport.UDPConn, error) {
	if raddr == nil {
		return nil, opError("dial", UDP, nil, nil, &net.AddrError{Err: "missing address"})
	}
	var local netip.AddrPort
	if laddr != nil {
		local = cleanAddrPort(laddr.AddrPort())
	}
	c, err := h.openUDP("dial", network, local, cleanAddrPort(raddr.AddrPort()))
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (h *Host) openUDP(op, network string, local, peer netip.AddrPort) (*UDPConn, error) {
	if network != "udp" && network != "udp4" && network != "udp6" {
		return nil, opError(op, UDP, nil, nil, net.UnknownNetworkError(network))
	}
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	c := &UDPConn{host: h, bound: newBinding(network, local), peer: peer, limit: defaultReadBuffer}
	if op == "dial" {
		if err := h.connectLocked(&c.bound, &c.peer); err != nil {
			return nil, opError(op, UDP, nil, udpAddr(peer), err)
		}
	}
	if err := h.bindLocked(UDP, &c.bound, h.udpTakenLocked); err != nil {
		return nil, opError(op, UDP, nil, udpAddr(c.bound.local()), err)
	}
	c.readable = sync.NewCond(&h.n.mu)
	c.deadline.cond = c.readable
	h.udp[c.bound.port] = append(h.udp[c.bound.port], c)
	h.lastUDP = nil
	return c, nil
}

// connectLocked completes both ends of a connected socket: an unspecified peer is this host, the local address the one
// that faces the peer.
func (h *Host) connectLocked(local *binding, peer *netip.AddrPort) error {
	if !peer.Addr().IsValid() || peer.Addr().IsUnspecified() {
		loopback := netip.MustParseAddr("127.0.0.1")
		if peer.Addr().Is6() {
			loopback = netip.IPv6Loopback()
		}
		*peer = netip.AddrPortFrom(loopback, peer.Port())
	}
	if local.addr.IsValid() {
		if local.addr.Is4() != peer.Addr().Is4() {
			return &net.AddrError{Err: "mismatched local address type", Addr: local.addr.String()}
		}
		return nil
	}
	local.addr = h.sourceLocked(peer.Addr())
	if !local.addr.IsValid() {
		return os.NewSyscallError("connect", syscall.ENETUNREACH)
	}
	return nil
}

// SetReceiver has fn called for each datagram instead of waking a reader, those first that wait to be read; nil ends
// it. fn is called by the network, one datagram at a time, in the order of arrival; it must not block and must not keep
// data, which it may change. It may still be called once while Close or SetReceiver returns in another goroutine. Of
// RTP and RTCP several datagrams may be handed over in one instant of virtual time.
func (c *UDPConn) SetReceiver(fn func(data []byte, from netip.AddrPort)) {
	n := c.host.n
	n.mu.Lock()
	defer n.mu.Unlock()
	c.receiver = fn
	if fn == nil || c.closed {
		return
	}
	for p := c.queue.pop(); p != nil; p = c.queue.pop() {
		p.due = n.now()
		n.queueLocked(p)
		n.wakeLocked(p.due)
	}
	c.queued = 0
}

// Close closes the socket. Blocked readers return net.ErrClosed.
func (c *UDPConn) Close() error {
	c.host.n.mu.Lock()
	defer c.host.n.mu.Unlock()
	if c.closed {
		return c.fail("close", nil, net.ErrClosed)
	}
	c.shutLocked()
	return nil
}

func (c *UDPConn) shutLocked() {
	c.closed, c.receiver = true, nil
	c.deadline.stop()
	for p := c.queue.pop(); p != nil; p = c.queue.pop() {
		c.host.n.releaseLocked(p)
	}
	h, port := c.host, c.bound.port
	h.udp[port] = without(h.udp[port], c)
	h.lastUDP = nil
	if len(h.udp[port]) == 0 {
		delete(h.udp, port)
	}
	c.readable.Broadcast()
}

// udpSocketLocked is the socket that a datagram is for, nil if the port is closed.
func (h *Host) udpSocketLocked(p *packet) *UDPConn {
	if h.closed {
		return nil
	}
	if c := h.lastUDP; c != nil && c.bound.port == p.dst.Port() && c.hears(p) {
		return c
	}
	list := h.udp[p.dst.Port()]
	for _, c := range list {
		if c.hears(p) {
			if len(list) == 1 {
				h.lastUDP = c
			}
			return c
		}
	}
	return nil
}

// hears tells whether a datagram to the socket's port is for it.
func (c *UDPConn) hears(p *packet) bool {
	return c.bound.covers(p.dst.Addr()) && (!c.peer.IsValid() || c.peer == p.src)
}

// arriveUDPLocked gives a datagram to its socket. A closed port swallows it.
func (n *Network) arriveUDPLocked(p *packet) {
	if c := p.to.udpSocketLocked(p); c != nil {
		c.takeLocked(p)
		return
	}
	n.releaseLocked(p)
}

// takeLocked hands a datagram to the receiver, or keeps it for a reader.
func (c *UDPConn) takeLocked(p *packet) {
	n := c.host.n
	switch {
	case c.receiver != nil:
		fn := c.receiver
		n.callLocked(func() { fn(p.data, p.src) })
		n.releaseLocked(p)
	case c.queued > 0 && c.queued+len(p.data)+datagramOverhead > c.limit:
		n.releaseLocked(p)
	default:
		c.queued += len(p.data) + datagramOverhead
		c.queue.push(p)
		c.readable.Signal()
	}
}

// fail is an error of an operation of the socket.
func (c *UDPConn) fail(op string, addr net.Addr, err error) error {
	if addr == nil && c.peer.IsValid() {
		addr = udpAddr(c.peer)
	}
	return opError(op, UDP, udpAddr(c.bound.local()), addr, err)
}

// LocalAddr is a *net.UDPAddr.
func (c *UDPConn) LocalAddr() net.Addr { return udpAddr(c.bound.local()) }

// RemoteAddr is a *net.UDPAddr, nil if the socket is not connected.
func (c *UDPConn) RemoteAddr() net.Addr {
	if !c.peer.IsValid() {
		return nil
	}
	return udpAddr(c.peer)
}

// SetDeadline sets the deadlines of reading and writing; the zero time means none.
func (c *UDPConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline sets the instant from which reading fails with os.ErrDeadlineExceeded; the zero time means none.
func (c *UDPConn) SetReadDeadline(t time.Time) error {
	return c.set(func() { c.deadline.set(t) })
}

// SetWriteDeadline sets the instant from which writing fails, which never takes time, with os.ErrDeadlineExceeded.
func (c *UDPConn) SetWriteDeadline(t time.Time) error { return c.set(func() { c.writeBy = t }) }

// SetReadBuffer sets how many octets may wait for a reader, 1 MiB by default, 64 for each datagram included.
func (c *UDPConn) SetReadBuffer(bytes int) error { return c.set(func() { c.limit = max(bytes, 1) }) }

// SetWriteBuffer does nothing: written datagrams leave at once.
func (c *UDPConn) SetWriteBuffer(int) error { return c.set(func() {}) }

func (c *UDPConn) set(change func()) error {
	c.host.n.mu.Lock()
	defer c.host.n.mu.Unlock()
	if c.closed {
		return c.fail("set", nil, net.ErrClosed)
	}
	change()
	return nil
}
