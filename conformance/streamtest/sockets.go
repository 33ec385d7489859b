package streamtest

import (
	"bytes"
	"errors"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/pion/transport/v5"
)

// socket is any socket.
type socket interface{ SetDeadline(time.Time) error }

// countingNet knows the sockets that were opened through it, and refuses to open any if told so.
type countingNet struct {
	transport.Net

	mu      sync.Mutex
	refuse  bool
	sockets []socket
}

var errRefused = errors.New("the kit allows no socket")

func (c *countingNet) setRefuse(refuse bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = refuse
}

// opened is how many sockets were opened so far.
func (c *countingNet) opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sockets)
}

// open is how many are still open. It clears their deadlines.
func (c *countingNet) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	count := 0
	for _, s := range c.sockets {
		if s.SetDeadline(time.Time{}) == nil {
			count++
		}
	}
	return count
}

// note opens a socket and remembers it.
func note[S any](c *countingNet, open func() (S, error)) (S, error) {
	c.mu.Lock()
	refuse := c.refuse
	c.mu.Unlock()
	if refuse {
		var none S
		return none, errRefused
	}
	s, err := open()
	if counted, ok := any(s).(socket); ok && err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sockets = append(c.sockets, counted)
	}
	return s, err
}

// ListenPacket implements [transport.Net], as all below.
func (c *countingNet) ListenPacket(network, address string) (net.PacketConn, error) {
	return note(c, func() (net.PacketConn, error) { return c.Net.ListenPacket(network, address) })
}

func (c *countingNet) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	return note(c, func() (transport.UDPConn, error) { return c.Net.ListenUDP(network, local) })
}

func (c *countingNet) ListenTCP(network string, local *net.TCPAddr) (transport.TCPListener, error) {
	return note(c, func() (transport.TCPListener, error) { return c.Net.ListenTCP(network, local) })
}

func (c *countingNet) Dial(network, address string) (net.Conn, error) {
	return note(c, func() (net.Conn, error) { return c.Net.Dial(network, address) })
}

func (c *countingNet) DialUDP(network string, local, remote *net.UDPAddr) (transport.UDPConn, error) {
	return note(c, func() (transport.UDPConn, error) { return c.Net.DialUDP(network, local, remote) })
}

func (c *countingNet) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	return note(c, func() (transport.TCPConn, error) { return c.Net.DialTCP(network, local, remote) })
}

// goroutines counts those of the bubble of the caller.
func goroutines() int {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	_, mark, ok := bytes.Cut(buf, []byte("synctest bubble "))
	if !ok {
		return 0
	}
	mark, _, _ = bytes.Cut(mark, []byte("]")) // the caller's own header is the first
	return bytes.Count(buf, append([]byte("synctest bubble "), append(bytes.Clone(mark), ']')...))
}
