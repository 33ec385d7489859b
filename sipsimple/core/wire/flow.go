package wire

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Flow is a stream connection, from either side. It is compared by identity.
type Flow struct {
	t          *Transport
	transport  string
	remote     netip.AddrPort
	serverName string
	inbound    bool
	key        *peerKey // in Transport.byPeer; nil if it may not be chosen
	number     uint64
	wake       chan struct{} // the writer looks at the queue
	ended      chan struct{} // closed when the flow is dead

	mu       sync.Mutex
	local    netip.AddrPort
	conn     net.Conn // nil until it is open
	queue    []queued
	octets   int  // in the queue
	draining bool // takes no more, closes when the queue is empty
	dead     bool
}

// queued is a message that waits for its connection.
type queued struct {
	data []byte
	done func(error)
}

// Transport is "tcp" or "tls".
func (f *Flow) Transport() string { return f.transport }

// Remote is the address of the peer.
func (f *Flow) Remote() netip.AddrPort { return f.remote }

// Local is our address; it is invalid while the connection is being opened.
func (f *Flow) Local() netip.AddrPort {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.local
}

// Alive reports whether messages can be queued on the connection.
func (f *Flow) Alive() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.dead && !f.draining
}

// enqueue queues a message for the writer. It is false when the connection has
// ended; a message that finds the queue full is done with an error.
func (f *Flow) enqueue(q queued) bool {
	f.mu.Lock()
	if f.dead || f.draining {
		f.mu.Unlock()
		return false
	}
	full := len(f.queue) >= maxQueued || f.octets+len(q.data) > maxQueuedBytes
	if !full {
		f.queue = append(f.queue, q)
		f.octets += len(q.data)
	}
	f.mu.Unlock()
	if full {
		finish(q.done, &RefusedError{ErrQueueFull})
		return true
	}
	f.signal()
	return true
}

func (f *Flow) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// run reads and writes until the connection ends.
func (f *Flow) run(conn net.Conn) {
	f.mu.Lock()
	dead := f.dead
	f.conn, f.local = conn, addrPort(conn.LocalAddr())
	f.mu.Unlock()
	if dead {
		_ = conn.Close()
		return
	}
	var writer sync.WaitGroup
	writer.Go(f.write)
	f.read(conn)
	writer.Wait()
}

// write is the writer's loop. One that stalls ends the connection.
func (f *Flow) write() {
	for {
		q, state := f.next()
		switch state {
		case queueEmpty:
			select {
			case <-f.wake:
			case <-f.ended:
			}
		case queueDrained:
			f.fail(net.ErrClosed)
			return
		case queueEnded:
			return
		case queueReady:
			err := f.writeOne(q)
			finish(q.done, err)
			if err != nil {
				f.fail(err)
				return
			}
		}
	}
}

func (f *Flow) writeOne(q queued) error {
	f.t.trace(true, f.transport, f.Local(), f.remote, q.data)
	if f.Alive() { // a draining one has its deadline already
		_ = f.conn.SetWriteDeadline(time.Now().Add(stallTimeout))
	}
	_, err := f.conn.Write(q.data)
	return err
}

type queueState int

const (
	queueEmpty queueState = iota
	queueReady
	queueDrained
	queueEnded
)

// next takes the next message off the queue.
func (f *Flow) next() (queued, queueState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.dead:
		return queued{}, queueEnded
	case len(f.queue) > 0:
		q := f.queue[0]
		f.queue[0] = queued{}
		f.queue = f.queue[1:]
		f.octets -= len(q.data)
		return q, queueReady
	case f.draining:
		return queued{}, queueDrained
	}
	return queued{}, queueEmpty
}

// drain closes the connection as soon as what is queued has been written, at
// the latest after some time. One that is not open yet is given up.
func (f *Flow) drain(within time.Duration) {
	f.mu.Lock()
	f.draining = true
	conn := f.conn
	f.mu.Unlock()
	if conn == nil {
		f.fail(net.ErrClosed)
		return
	}
	_ = conn.SetWriteDeadline(time.Now().Add(within))
	f.signal()
}

// fail ends the connection; messages that wait are done with the error.
func (f *Flow) fail(err error) {
	if errors.Is(err, io.EOF) {
		err = net.ErrClosed
	}
	f.mu.Lock()
	if f.dead {
		f.mu.Unlock()
		return
	}
	f.dead = true
	conn, rest := f.conn, f.queue
	f.queue, f.octets = nil, 0
	f.mu.Unlock()
	f.t.remove(f)
	close(f.ended)
	if conn != nil {
		_ = conn.Close()
	}
	for _, q := range rest {
		finish(q.done, err)
	}
}
