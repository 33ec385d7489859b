package relay

import (
	"net"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// maxQueued is how many octets may wait for a connection before those who send to it are made to wait.
const maxQueued = 256 << 10

// pieceSize is how much of a chunk is passed on at once.
const pieceSize = 64 << 10

// conn is one connection, with a reader and a writer.
type conn struct {
	relay  *Relay
	socket net.Conn
	framer msrp.Framer
	now    transit // the message that the reader is in

	mu      sync.Mutex
	changed sync.Cond
	queue   [][]byte
	queued  int
	closed  bool
	pending map[string]*forwarded // SENDs that we have passed on, by transaction
}

func newConn(r *Relay, socket net.Conn) *conn {
	if r.cfg.Trace != nil {
		socket = msrp.TraceConn(socket, r.cfg.Trace)
	}
	c := &conn{relay: r, socket: socket, pending: map[string]*forwarded{}}
	c.changed.L = &c.mu
	c.now.conn = c
	return c
}

func (c *conn) read() {
	buf := make([]byte, pieceSize)
	for {
		n, err := c.socket.Read(buf)
		if n > 0 && c.framer.Feed(buf[:n], &c.now) != nil {
			return
		}
		if err != nil {
			return
		}
	}
}

func (c *conn) write() {
	for {
		c.mu.Lock()
		for len(c.queue) == 0 && !c.closed {
			c.changed.Wait()
		}
		if c.closed {
			c.mu.Unlock()
			return
		}
		b := c.queue[0]
		c.queue = c.queue[1:]
		c.queued -= len(b)
		c.changed.Broadcast()
		c.mu.Unlock()
		_ = c.socket.SetWriteDeadline(time.Now().Add(30 * time.Second))
		if _, err := c.socket.Write(b); err != nil {
			c.close()
			return
		}
	}
}

// put queues a message. Bulk waits for room.
func (c *conn) put(m *msrp.Message, bulk bool) {
	b := m.Append(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	for bulk && c.queued > maxQueued && !c.closed {
		c.changed.Wait()
	}
	if !c.closed {
		c.queue = append(c.queue, b)
		c.queued += len(b)
		c.changed.Broadcast()
	}
}

// close ends the connection; SENDs under way have failed.
func (c *conn) close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed = true
	pending := c.pending
	c.pending = map[string]*forwarded{}
	c.changed.Broadcast()
	c.mu.Unlock()
	for _, f := range pending {
		f.timer.Stop()
		f.report(408)
	}
	go func() { _ = c.socket.Close() }()
}

// expect waits for the response to a SEND that is passed on.
func (c *conn) expect(tid string, f *forwarded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.pending[tid] = f
	f.timer = time.AfterFunc(30*time.Second, func() { c.answered(tid, 408) })
}

// answered ends that wait.
func (c *conn) answered(tid string, code int) {
	c.mu.Lock()
	f := c.pending[tid]
	delete(c.pending, tid)
	c.mu.Unlock()
	if f == nil {
		return
	}
	f.timer.Stop()
	if code != 200 && !(code == 408 && f.failure == "partial") {
		f.report(code)
	}
}

// forwarded is a SEND that has been passed on.
type forwarded struct {
	origin    *conn
	relay     *Relay
	toPath    string // where its sender is
	fromPath  string // our URI that it went to
	messageID string
	bytes     msrp.ByteRange
	failure   string // Failure-Report
	timer     *time.Timer
}

// report tells the sender that the message did not get through.
func (f *forwarded) report(code int) {
	if f.failure == "no" {
		return
	}
	f.origin.put(&msrp.Message{
		TransactionID: f.relay.ids.New(), Method: "REPORT", ToPath: f.toPath, FromPath: f.fromPath,
		Fields: []msrp.Field{
			{Name: "Message-ID", Value: f.messageID}, {Name: "Byte-Range", Value: f.bytes.String()},
			{Name: "Status", Value: status(code)},
		},
	}, false)
}
