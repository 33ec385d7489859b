package udp

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

// Conn is a socket of the Go runtime, as [net.UDPConn] is, which it uses.
type Conn struct {
	conn    *net.UDPConn
	raw     syscall.RawConn
	local   netip.AddrPort
	read    int // datagrams so far
	reading operation
	writing sync.Pool // of *operation
}

// operation is a datagram that is read or written, and what came of it.
type operation struct {
	data []byte
	n    int
	addr netip.AddrPort
	zone uint32
	err  error
	try  func(fd uintptr) (done bool) // made once
}

// Of uses a socket.
func Of(conn *net.UDPConn) (*Conn, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &Conn{conn: conn, raw: raw, local: conn.LocalAddr().(*net.UDPAddr).AddrPort()}
	c.reading.try = c.reading.receive
	c.writing.New = func() any {
		o := &operation{}
		o.try = o.send
		return o
	}
	return c, nil
}

func (o *operation) receive(fd uintptr) (done bool) {
	o.n, o.addr, o.zone, o.err = Receive(int(fd), o.data)
	return o.err != syscall.EAGAIN
}

func (o *operation) send(fd uintptr) (done bool) {
	o.err = Send(int(fd), o.data, o.addr)
	return o.err != syscall.EAGAIN
}

// ReadFrom waits for a datagram. Only one goroutine may read. The addresses of a
// socket of IPv6 that has those of IPv4, too, come as ::ffff:192.0.2.1.
func (c *Conn) ReadFrom(space []byte) (n int, from netip.AddrPort, err error) {
	if c.read++; c.read%Turn == 0 {
		runtime.Gosched()
	}
	o := &c.reading
	o.data = space
	err = c.raw.Read(o.try)
	o.data = nil
	if err != nil {
		return 0, from, err
	}
	if o.err != nil {
		return 0, from, &net.OpError{Op: "read", Net: "udp", Source: c.conn.LocalAddr(), Err: os.NewSyscallError("recvfrom", o.err)}
	}
	if o.zone != 0 {
		o.addr = netip.AddrPortFrom(o.addr.Addr().WithZone(zoneName(o.zone)), o.addr.Port())
	}
	return o.n, o.addr, nil
}

// zoneName is how addresses name an interface.
func zoneName(number uint32) string {
	if link, err := net.InterfaceByIndex(int(number)); err == nil {
		return link.Name
	}
	return strconv.FormatUint(uint64(number), 10)
}

// WriteTo sends a datagram, and waits for room if the system has none. Any goroutine
// may call it.
func (c *Conn) WriteTo(data []byte, to netip.AddrPort) error {
	at, ok := c.reachable(to)
	if !ok {
		_, err := c.conn.WriteToUDPAddrPort(data, to)
		return err
	}
	o := c.writing.Get().(*operation)
	o.data, o.addr = data, at
	err := c.raw.Write(o.try)
	failed := o.err
	o.data, o.err = nil, nil
	c.writing.Put(o)
	if err == nil && failed != nil {
		err = &net.OpError{
			Op: "write", Net: "udp", Source: c.conn.LocalAddr(), Addr: net.UDPAddrFromAddrPort(to), Err: os.NewSyscallError("sendto", failed),
		}
	}
	return err
}

// reachable is an address in the family of the socket; false: it needs more than that.
func (c *Conn) reachable(to netip.AddrPort) (netip.AddrPort, bool) {
	addr := to.Addr()
	switch {
	case addr.Zone() != "" || !addr.IsValid():
		return to, false
	case c.local.Addr().Is4():
		return netip.AddrPortFrom(addr.Unmap(), to.Port()), addr.Unmap().Is4()
	default:
		return netip.AddrPortFrom(netip.AddrFrom16(addr.As16()), to.Port()), true
	}
}
