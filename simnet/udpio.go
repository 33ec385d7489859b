package simnet

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Read reads a datagram of the peer, or of anyone if the socket is not connected. What does not fit is cut off.
func (c *UDPConn) Read(b []byte) (int, error) {
	n, _, err := c.ReadFromUDPAddrPort(b)
	return n, err
}

// ReadFrom reads a datagram and tells where it came from.
func (c *UDPConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromUDPAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, udpAddr(from), nil
}

// ReadFromUDP is ReadFrom with a *net.UDPAddr.
func (c *UDPConn) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	n, from, err := c.ReadFromUDPAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, udpAddr(from), nil
}

// ReadMsgUDP is ReadFromUDP; there is never out-of-band data.
func (c *UDPConn) ReadMsgUDP(b, _ []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, addr, err = c.ReadFromUDP(b)
	return n, 0, 0, addr, err
}

// ReadFromUDPAddrPort is ReadFrom without allocation.
func (c *UDPConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	n := c.host.n
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, netip.AddrPort{}, c.fail("read", nil, net.ErrClosed)
		case c.deadline.passed():
			return 0, netip.AddrPort{}, c.fail("read", nil, os.ErrDeadlineExceeded)
		}
		if p := c.queue.pop(); p != nil {
			c.queued -= len(p.data) + datagramOverhead
			size, from := copy(b, p.data), p.src
			n.releaseLocked(p)
			return size, from, nil
		}
		c.readable.Wait()
	}
}

// Write sends a datagram to the peer of a connected socket.
func (c *UDPConn) Write(b []byte) (int, error) {
	if !c.peer.IsValid() {
		return 0, c.fail("write", nil, os.NewSyscallError("write", syscall.EDESTADDRREQ))
	}
	return c.send(b, c.peer)
}

// WriteTo sends a datagram. The socket must not be connected.
func (c *UDPConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	if addr == nil {
		return 0, c.fail("write", nil, &net.AddrError{Err: "missing address"})
	}
	dst, err := addrPort(addr)
	if err != nil {
		return 0, c.fail("write", addr, err)
	}
	return c.WriteToAddrPort(b, dst)
}

// WriteToUDP is WriteTo with a *net.UDPAddr.
func (c *UDPConn) WriteToUDP(b []byte, addr *net.UDPAddr) (int, error) {
	if addr == nil {
		return 0, c.fail("write", nil, &net.AddrError{Err: "missing address"})
	}
	return c.WriteToAddrPort(b, addr.AddrPort())
}

// WriteMsgUDP sends to the peer of a connected socket if addr is nil, otherwise to addr. Out-of-band data is ignored.
func (c *UDPConn) WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	if addr == nil {
		n, err = c.Write(b)
	} else {
		n, err = c.WriteToUDP(b, addr)
	}
	return n, len(oob), err
}

// WriteToAddrPort is WriteTo without allocation.
func (c *UDPConn) WriteToAddrPort(b []byte, dst netip.AddrPort) (int, error) {
	if c.peer.IsValid() {
		return 0, c.fail("write", nil, net.ErrWriteToConnected)
	}
	return c.send(b, cleanAddrPort(dst))
}

// send puts a datagram into the outbox of the network. It never blocks.
func (c *UDPConn) send(b []byte, dst netip.AddrPort) (int, error) {
	n := c.host.n
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := c.sendableLocked(b, dst); err != nil {
		return 0, c.fail("write", udpAddr(dst), err)
	}
	c.routeLocked(dst.Addr())
	if !c.route.src.IsValid() {
		return 0, c.fail("write", udpAddr(dst), os.NewSyscallError("sendto", syscall.ENETUNREACH))
	}
	p := n.newPacketLocked(b)
	p.proto, p.from, p.to, p.link = UDP, c.host, c.route.to, c.route.link
	p.src, p.dst = netip.AddrPortFrom(c.route.src, c.bound.port), dst
	p.key = c.host.rank<<40 | uint64(c.bound.port)
	n.postLocked(p)
	return len(b), nil
}

func (c *UDPConn) sendableLocked(b []byte, dst netip.AddrPort) error {
	switch {
	case c.closed:
		return net.ErrClosed
	case !c.writeBy.IsZero() && !time.Now().Before(c.writeBy):
		return os.ErrDeadlineExceeded
	case len(b) > MaxDatagram:
		return os.NewSyscallError("sendto", syscall.EMSGSIZE)
	case dst.Port() == 0 || !dst.IsValid():
		return os.NewSyscallError("sendto", syscall.EINVAL)
	}
	return nil
}

// routeLocked looks up the destination unless it is still known.
func (c *UDPConn) routeLocked(dst netip.Addr) {
	r := &c.route
	if r.dst == dst && r.version == c.host.n.version {
		return
	}
	*r = route{version: c.host.n.version, dst: dst, src: c.bound.addr}
	if !r.src.IsValid() && (dst.Is4() && c.bound.v4 || dst.Is6() && c.bound.v6) {
		r.src = c.host.sourceLocked(dst)
	}
	r.to, r.link = c.host.routeLocked(dst)
}
