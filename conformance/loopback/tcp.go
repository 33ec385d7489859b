package loopback

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/pion/transport/v5"
)

// tcpConn is a real connection between the addresses of two hosts.
type tcpConn struct {
	*net.TCPConn
	h             *Host
	local, remote netip.AddrPort
	actual        netip.AddrPort // near end of one that was opened here; invalid of one that was accepted
	closed        sync.Once
	gone          chan struct{} // closed with the connection

	incoming  way
	got, sent *segments
	reading   sync.Mutex
	room      []byte // of come
	come      []byte // read from the kernel and by nobody
	inside    bool   // the rest of a write that was begun to be read
	round     uint64 // in which the last was read
}

// kernelBuffer is how many octets the kernel keeps at each end. It takes twice as
// much: in all, what a connection of the simulated network keeps.
const kernelBuffer = 256 << 10

// over is a connection over a real one.
func (h *Host) over(conn *net.TCPConn, local, remote, actual netip.AddrPort) *tcpConn {
	_ = conn.SetReadBuffer(kernelBuffer)
	_ = conn.SetWriteBuffer(kernelBuffer)
	near, far := addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr())
	c := &tcpConn{TCPConn: conn, h: h, local: local, remote: remote, actual: actual, gone: make(chan struct{}), incoming: way{far, near}}
	c.got, c.sent = h.n.segmentsOf(c.incoming), h.n.segmentsOf(way{near, far})
	h.count(c.what(), 1)
	return c
}

func (c *tcpConn) LocalAddr() net.Addr  { return tcpAddr(c.local) }
func (c *tcpConn) RemoteAddr() net.Addr { return tcpAddr(c.remote) }
func (c *tcpConn) what() string         { return "tcp " + c.local.String() + " to " + c.remote.String() }

func (c *tcpConn) Close() error {
	c.closed.Do(func() {
		c.h.n.sending()
		close(c.gone)
		if c.actual.IsValid() {
			c.h.n.leave("tcp", c.local, c.actual)
		}
		c.h.n.forgetWay(c.incoming)
		c.h.count(c.what(), -1)
	})
	return c.TCPConn.Close()
}

// Read reads what has arrived, when the network delivers: no more than what was
// written at once.
func (c *tcpConn) Read(b []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if len(b) == 0 {
		return c.TCPConn.Read(b)
	}
	if len(c.come) == 0 {
		if c.room == nil {
			c.room = make([]byte, 64<<10)
		}
		n, err := c.TCPConn.Read(c.room)
		if c.come = c.room[:n]; err != nil {
			c.round = c.h.n.admitNext(c.round, c.gone)
			if errors.Is(err, io.EOF) { // after the messages of the hop
				c.round = c.h.n.admitNext(c.round, c.gone)
			}
			return 0, err
		}
	}
	if !c.inside {
		c.round = c.h.n.admitNext(c.round, c.gone)
	}
	n, ends := c.got.take(min(len(b), len(c.come)))
	copy(b, c.come[:n])
	c.come = c.come[n:]
	c.inside = !ends
	return n, nil
}

func (c *tcpConn) Write(b []byte) (int, error) {
	c.h.n.sending()
	c.sent.written(len(b))
	return c.TCPConn.Write(b)
}

// connect opens a connection. Where nobody listens it is refused.
func (h *Host) connect(ctx context.Context, to netip.AddrPort) (*tcpConn, error) {
	actual, ok := h.n.actual("tcp", to)
	if err := h.n.roundTrip(ctx, to); err != nil {
		return nil, err
	}
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: tcpAddr(to), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	var d net.Dialer
	if h.n.isReal(h.Addr()) {
		d.LocalAddr = tcpAddr(netip.AddrPortFrom(h.Addr(), 0))
	}
	made, err := d.DialContext(ctx, "tcp", actual.String())
	if err != nil {
		return nil, err
	}
	conn, ok := made.(*net.TCPConn)
	if !ok {
		_ = made.Close()
		return nil, errors.New("loopback: no TCP connection")
	}
	near := addrPort(conn.LocalAddr())
	c := h.over(conn, h.at(nil, int(near.Port())), to, near)
	h.n.dialed(c.local, near)
	return c, nil
}

// tcpListener accepts connections for an address of its host.
type tcpListener struct {
	transport.TCPListener
	h             *Host
	local, actual netip.AddrPort
	closed        sync.Once
}

func (h *Host) listen(at netip.AddrPort) (*tcpListener, error) {
	listener, err := h.n.listenTCP(at)
	if err != nil {
		return nil, err
	}
	l := &tcpListener{TCPListener: listener, h: h, actual: addrPort(listener.Addr())}
	if l.local, err = h.n.enter("tcp", at, l.actual); err != nil {
		_ = listener.Close()
		return nil, err
	}
	h.count("tcp listener "+l.local.String(), 1)
	return l, nil
}

func (l *tcpListener) Addr() net.Addr { return tcpAddr(l.local) }

func (l *tcpListener) Close() error {
	l.closed.Do(func() {
		l.h.n.leave("tcp", l.local, l.actual)
		l.h.count("tcp listener "+l.local.String(), -1)
	})
	return l.TCPListener.Close()
}

func (l *tcpListener) Accept() (net.Conn, error) { return l.AcceptTCP() }

func (l *tcpListener) AcceptTCP() (transport.TCPConn, error) {
	for {
		made, err := l.TCPListener.Accept()
		if err != nil {
			return nil, err
		}
		conn, ok := made.(*net.TCPConn)
		if ok {
			if remote, known := l.h.n.caller(addrPort(conn.RemoteAddr())); known {
				return l.h.over(conn, l.local, remote, netip.AddrPort{}), nil
			}
		}
		_ = made.Close() // a stranger
	}
}

// caller is who has opened a connection. It may have come before its caller
// could say so.
func (n *Network) caller(actual netip.AddrPort) (netip.AddrPort, bool) {
	if n.direct {
		return actual, true
	}
	late := time.AfterFunc(1100*time.Millisecond, n.known.Broadcast)
	defer late.Stop()
	deadline := time.Now().Add(time.Second)
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		if addr, ok := n.seen[place{"tcp", actual}]; ok {
			return addr, true
		}
		if !time.Now().Before(deadline) {
			return netip.AddrPort{}, false
		}
		n.known.Wait()
	}
}
