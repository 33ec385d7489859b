//go:build !linux

package udp

import (
	"net"
	"net/netip"
)

// Conn is a socket of the Go runtime, as [net.UDPConn] is.
type Conn struct{ conn *net.UDPConn }

// Of uses a socket.
func Of(conn *net.UDPConn) (*Conn, error) { return &Conn{conn}, nil }

// ReadFrom waits for a datagram. Only one goroutine may read. The addresses of a
// socket of IPv6 that has those of IPv4, too, come as ::ffff:192.0.2.1.
func (c *Conn) ReadFrom(space []byte) (n int, from netip.AddrPort, err error) {
	return c.conn.ReadFromUDPAddrPort(space)
}

// WriteTo sends a datagram, and waits for room if the system has none. Any goroutine
// may call it.
func (c *Conn) WriteTo(data []byte, to netip.AddrPort) error {
	_, err := c.conn.WriteToUDPAddrPort(data, to)
	return err
}
