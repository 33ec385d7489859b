package simnet

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// Read reads what has arrived, as much as fits.
func (c *TCPConn) Read(b []byte) (int, error) {
	c.host.n.mu.Lock()
	defer c.host.n.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, c.fail("read", net.ErrClosed)
		case c.readBy.passed():
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case len(b) == 0:
			return 0, nil
		case c.received.first() != nil:
			return c.readLocked(b), nil
		case c.peerFin || c.readShut:
			return 0, io.EOF
		case c.err != nil:
			return 0, c.fail("read", c.err)
		}
		c.readable.Wait()
	}
}

// readLocked copies from the segments that have arrived.
func (c *TCPConn) readLocked(b []byte) int {
	total := 0
	for p := c.received.first(); p != nil && total < len(b); p = c.received.first() {
		size := copy(b[total:], p.data[c.offset:])
		total += size
		c.offset += size
		p.conn.creditLocked(size)
		if c.offset < len(p.data) {
			break
		}
		c.offset = 0
		c.host.n.releaseLocked(c.received.pop())
	}
	return total
}

// Write sends b. It blocks only when the peer has left a megabyte unread.
func (c *TCPConn) Write(b []byte) (int, error) {
	c.host.n.mu.Lock()
	defer c.host.n.mu.Unlock()
	if err := c.takeTurnLocked(); err != nil {
		return 0, err
	}
	defer c.endTurnLocked()
	total := 0
	for {
		if err := c.writeErrorLocked(); err != nil {
			return total, err
		}
		if len(b) == 0 {
			return total, nil
		}
		if c.unread >= c.window {
			c.writable.Wait()
			continue
		}
		size := min(len(b), maxSegment)
		c.sendLocked(text, b[:size])
		c.unread += size
		total += size
		b = b[size:]
	}
}

// takeTurnLocked waits until no other Write is under way, so that each is one piece in the stream.
func (c *TCPConn) takeTurnLocked() error {
	for {
		if err := c.writeErrorLocked(); err != nil {
			return err
		}
		if !c.writing {
			c.writing = true
			return nil
		}
		c.writable.Wait()
	}
}

func (c *TCPConn) endTurnLocked() {
	c.writing = false
	c.writable.Broadcast()
}

func (c *TCPConn) writeErrorLocked() error {
	switch {
	case c.closed:
		return c.fail("write", net.ErrClosed)
	case c.writeBy.passed():
		return c.fail("write", os.ErrDeadlineExceeded)
	case c.err != nil:
		return c.fail("write", c.err)
	case c.finSent:
		return c.fail("write", os.NewSyscallError("write", syscall.EPIPE))
	}
	return nil
}

// ReadFrom writes what r gives until it ends.
func (c *TCPConn) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r)
}

// Close closes both directions. What was written still arrives, in the background. If there is data that was not read,
// or comes later, the connection is reset instead.
func (c *TCPConn) Close() error {
	c.host.n.mu.Lock()
	defer c.host.n.mu.Unlock()
	if c.closed {
		return c.fail("close", net.ErrClosed)
	}
	if c.hardClose || c.received.first() != nil && !c.gone {
		c.abortLocked(net.ErrClosed, true)
		return nil
	}
	c.closed = true
	c.finishLocked()
	c.dropReceivedLocked()
	c.restLocked()
	c.wakeLocked()
	return nil
}

// finishLocked ends the stream that we send.
func (c *TCPConn) finishLocked() {
	if !c.finSent && !c.gone {
		c.finSent = true
		c.sendLocked(fin, nil)
	}
}

// CloseWrite ends what we send: the peer reads io.EOF after it.
func (c *TCPConn) CloseWrite() error {
	return c.set(func() {
		c.finishLocked()
		c.writable.Broadcast()
	})
}

// CloseRead lets Read return io.EOF. What the peer writes is thrown away.
func (c *TCPConn) CloseRead() error {
	return c.set(func() {
		c.readShut = true
		c.dropReceivedLocked()
		c.readable.Broadcast()
	})
}

// LocalAddr is a *net.TCPAddr.
func (c *TCPConn) LocalAddr() net.Addr { return tcpAddr(c.local) }

// RemoteAddr is a *net.TCPAddr.
func (c *TCPConn) RemoteAddr() net.Addr { return tcpAddr(c.remote) }

// SetDeadline sets the deadlines of reading and writing; the zero time means none.
func (c *TCPConn) SetDeadline(t time.Time) error {
	return c.set(func() {
		c.readBy.set(t)
		c.writeBy.set(t)
	})
}

// SetReadDeadline sets the instant from which Read fails with os.ErrDeadlineExceeded; the zero time means none.
func (c *TCPConn) SetReadDeadline(t time.Time) error { return c.set(func() { c.readBy.set(t) }) }

// SetWriteDeadline sets the instant from which Write fails with os.ErrDeadlineExceeded; the zero time means none.
func (c *TCPConn) SetWriteDeadline(t time.Time) error { return c.set(func() { c.writeBy.set(t) }) }

// SetLinger makes Close reset the connection if sec is 0; any other value is the normal way.
func (c *TCPConn) SetLinger(sec int) error { return c.set(func() { c.hardClose = sec == 0 }) }

// SetKeepAlive does nothing: there is no keep-alive.
func (c *TCPConn) SetKeepAlive(bool) error { return c.set(func() {}) }

// SetKeepAlivePeriod does nothing: there is no keep-alive.
func (c *TCPConn) SetKeepAlivePeriod(time.Duration) error { return c.set(func() {}) }

// SetNoDelay does nothing: each Write leaves at once.
func (c *TCPConn) SetNoDelay(bool) error { return c.set(func() {}) }

// SetWriteBuffer sets how many octets the peer may leave unread before a Write blocks, 4 KiB at least, 1 MiB by default.
func (c *TCPConn) SetWriteBuffer(bytes int) error {
	return c.set(func() { c.resizeLocked(bytes) })
}

// SetReadBuffer sets how many octets may wait to be read before the peer's Write blocks, 4 KiB at least, 1 MiB by default.
func (c *TCPConn) SetReadBuffer(bytes int) error {
	return c.set(func() {
		if c.peer != nil {
			c.peer.resizeLocked(bytes)
		}
	})
}

func (c *TCPConn) resizeLocked(bytes int) {
	c.window = max(bytes, minWindow)
	c.writable.Broadcast()
}

func (c *TCPConn) set(change func()) error {
	c.host.n.mu.Lock()
	defer c.host.n.mu.Unlock()
	if c.closed {
		return c.fail("set", net.ErrClosed)
	}
	change()
	return nil
}

// fail is an error of an operation of the connection.
func (c *TCPConn) fail(op string, err error) error {
	return opError(op, TCP, tcpAddr(c.local), tcpAddr(c.remote), err)
}
