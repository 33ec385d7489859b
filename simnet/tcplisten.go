package simnet

import (
	"net"
	"os"
	"time"

	"github.com/pion/transport/v5"
)

// Accept waits for a connection. The result is a *TCPConn.
func (l *TCPListener) Accept() (net.Conn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptTCP is Accept.
func (l *TCPListener) AcceptTCP() (transport.TCPConn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (l *TCPListener) accept() (*TCPConn, error) {
	l.host.n.mu.Lock()
	defer l.host.n.mu.Unlock()
	for {
		switch {
		case l.closed:
			return nil, l.fail("accept", net.ErrClosed)
		case l.deadline.passed():
			return nil, l.fail("accept", os.ErrDeadlineExceeded)
		case len(l.queue) > 0:
			c := l.queue[0]
			l.queue = l.queue[1:]
			return c, nil
		}
		l.ready.Wait()
	}
}

// Close stops listening. Connections that nobody has accepted are reset, blocked Accepts return net.ErrClosed.
func (l *TCPListener) Close() error {
	l.host.n.mu.Lock()
	defer l.host.n.mu.Unlock()
	if l.closed {
		return l.fail("close", net.ErrClosed)
	}
	l.shutLocked()
	return nil
}

// Addr is a *net.TCPAddr.
func (l *TCPListener) Addr() net.Addr { return tcpAddr(l.bound.local()) }

// SetDeadline sets the instant from which Accept fails with os.ErrDeadlineExceeded; the zero time means none.
func (l *TCPListener) SetDeadline(t time.Time) error {
	l.host.n.mu.Lock()
	defer l.host.n.mu.Unlock()
	if l.closed {
		return l.fail("set", net.ErrClosed)
	}
	l.deadline.set(t)
	return nil
}

func (l *TCPListener) fail(op string, err error) error {
	return opError(op, TCP, nil, tcpAddr(l.bound.local()), err)
}
