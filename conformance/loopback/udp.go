package loopback

import (
	"net"
	"net/netip"
	"sync"

	"github.com/pion/transport/v5"
)

// udpConn is a real socket under the address of its host. What strangers send
// to it is left out; what is sent to an address that nobody has is swallowed.
type udpConn struct {
	transport.UDPConn
	h             *Host
	local, actual netip.AddrPort
	peer          netip.AddrPort // of a connected socket
	closed        sync.Once
	taking        bool          // the receiver has media that was read; of the one who reads
	underWay      int           // media on its way here; guarded by the network
	gone          chan struct{} // closed with the socket
}

// socket opens a socket on an address of the host, with port 0 on any port,
// connected to a peer if there is one.
func (h *Host) socket(at, peer netip.AddrPort) (*udpConn, error) {
	conn, err := h.n.listenUDP(at)
	if err != nil {
		return nil, err
	}
	c := &udpConn{UDPConn: conn, h: h, actual: addrPort(conn.LocalAddr()), peer: peer, gone: make(chan struct{})}
	if c.local, err = h.n.enter("udp", at, c.actual); err != nil {
		_ = conn.Close()
		return nil, err
	}
	h.n.awaits(c)
	h.count("udp "+c.local.String(), 1)
	return c, nil
}

func (c *udpConn) Close() error {
	c.closed.Do(func() {
		close(c.gone)
		c.h.n.leave("udp", c.local, c.actual)
		c.h.n.awaitsNothing(c)
		c.h.count("udp "+c.local.String(), -1)
	})
	return c.UDPConn.Close()
}

func (c *udpConn) LocalAddr() net.Addr { return udpAddr(c.local) }

func (c *udpConn) RemoteAddr() net.Addr {
	if !c.peer.IsValid() {
		return nil
	}
	return udpAddr(c.peer)
}

func (c *udpConn) Read(b []byte) (int, error) {
	n, _, err := c.ReadFromUDP(b)
	return n, err
}

func (c *udpConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromUDP(b)
	if err != nil {
		return n, nil, err
	}
	return n, from, nil
}

func (c *udpConn) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	for {
		if c.taking {
			c.h.n.taken(c)
		}
		n, from, err := c.UDPConn.ReadFromUDP(b)
		c.taking = err == nil && isMedia(b[:n])
		if err != nil {
			return n, nil, err
		}
		if !c.taking {
			c.h.n.admit(c.gone)
		}
		if who, ok := c.h.n.virtual("udp", addrPort(from)); ok && (!c.peer.IsValid() || c.peer == who) {
			return n, udpAddr(who), nil
		}
	}
}

func (c *udpConn) ReadMsgUDP(b, _ []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, addr, err = c.ReadFromUDP(b)
	return n, 0, 0, addr, err
}

func (c *udpConn) Write(b []byte) (int, error) { return c.send(b, c.peer) }

func (c *udpConn) WriteTo(b []byte, to net.Addr) (int, error) { return c.send(b, addrPort(to)) }

func (c *udpConn) WriteToUDP(b []byte, to *net.UDPAddr) (int, error) { return c.send(b, addrPort(to)) }

func (c *udpConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) { return c.send(b, to) }

func (c *udpConn) WriteMsgUDP(b, oob []byte, to *net.UDPAddr) (n, oobn int, err error) {
	if to == nil {
		n, err = c.Write(b)
	} else {
		n, err = c.WriteToUDP(b, to)
	}
	return n, len(oob), err
}

func (c *udpConn) send(b []byte, to netip.AddrPort) (int, error) {
	actual, ok := c.h.n.actual("udp", to)
	if !ok {
		return len(b), nil
	}
	return c.sendActual(b, actual)
}

// sendActual writes to a real address.
func (c *udpConn) sendActual(b []byte, actual netip.AddrPort) (int, error) {
	if !isMedia(b) {
		c.h.n.sending()
	}
	to := c.h.n.sends(b, actual)
	n, err := c.UDPConn.WriteTo(b, udpAddr(actual))
	if err != nil && to != nil {
		c.h.n.taken(to)
	}
	return n, err
}
