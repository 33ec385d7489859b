package simnet

import (
	"cmp"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/pion/transport/v5"
)

// TCP is modelled by segments, one for each Write, that arrive in order and exactly once. A lost segment is repeated
// after the times below. There are no acknowledgements on the wire but the one that completes the handshake: a sender
// knows when a segment has arrived.
const (
	firstTimeout = 200 * time.Millisecond // until a lost segment is repeated; doubles each time
	synTimeout   = time.Second            // the same for the segments of the handshake
	maxTimeout   = 3200 * time.Millisecond
	giveUp       = 30 * time.Second // a connection breaks when a segment has been lost for so long
	maxSegment   = 64 << 10         // octets
	tcpWindow    = 1 << 20          // octets written and not read by the peer, beyond which a Write blocks
	minWindow    = 4 << 10
	backlog      = 128 // connections that wait for Accept
)

// control is what a segment is there for.
type control uint8

const (
	text control = iota
	syn
	synAck
	ack
	fin
	rst
)

var controlNames = [...]string{text: "", syn: "SYN", synAck: "SYN-ACK", ack: "ACK", fin: "FIN", rst: "RST"}

// String is as Packet.Control has it.
func (c control) String() string { return controlNames[c] }

// flow is the pair of ends by which a host knows a connection.
type flow struct{ local, remote netip.AddrPort }

// TCPConn is one end of a TCP connection. It has the methods of *net.TCPConn that do not show the operating system.
type TCPConn struct {
	host          *Host
	local, remote netip.AddrPort
	key           uint64 // place among what the host sends in one instant

	// guarded by host.n.mu
	listener    *TCPListener // that will accept it, until it has
	peer        *TCPConn     // nil until it is known
	established bool
	closed      bool  // by the program
	gone        bool  // the host does not know it any more
	err         error // reset, refused or timed out
	readable    *sync.Cond
	readBy      deadline

	// receiving
	expected uint64             // number of the next segment
	early    map[uint64]*packet // segments behind a missing one
	received packetQueue
	offset   int // octets of the first received segment that are read
	peerFin  bool
	readShut bool

	// sending
	writable   *sync.Cond
	writeBy    deadline
	next       uint64 // number of the next segment
	unread     int    // octets written and not read by the peer
	window     int
	writing    bool // one Write at a time
	finSent    bool
	finArrived bool
	hardClose  bool // SetLinger(0)
}

var (
	_ transport.TCPConn     = (*TCPConn)(nil)
	_ transport.TCPListener = (*TCPListener)(nil)
)

// newConnLocked makes an end and makes it known to its host.
func (h *Host) newConnLocked(local, remote netip.AddrPort) *TCPConn {
	h.made++
	c := &TCPConn{
		host: h, local: local, remote: remote, window: tcpWindow,
		key:      h.rank<<40 | 1<<39 | h.made,
		readable: sync.NewCond(&h.n.mu), writable: sync.NewCond(&h.n.mu),
	}
	c.readBy.cond, c.writeBy.cond = c.readable, c.writable
	if old := h.conns[flow{local, remote}]; old != nil {
		old.removeLocked()
	}
	h.conns[flow{local, remote}] = c
	return c
}

// removeLocked makes the host forget the connection.
func (c *TCPConn) removeLocked() {
	if c.gone {
		return
	}
	c.gone = true
	delete(c.host.conns, flow{c.local, c.remote})
	c.readBy.stop()
	c.writeBy.stop()
	for _, number := range sortedKeys(c.early) {
		c.host.n.releaseLocked(c.early[number])
	}
	c.early = nil
	c.wakeLocked()
}

func (c *TCPConn) wakeLocked() {
	c.readable.Broadcast()
	c.writable.Broadcast()
}

// failLocked ends the connection with an error that Read and Write return; what has arrived can still be read.
func (c *TCPConn) failLocked(err error) {
	if c.err == nil {
		c.err = err
	}
	c.removeLocked()
}

// abortLocked ends the connection from our side at once, telling the other side by a reset if it should.
func (c *TCPConn) abortLocked(err error, reset bool) {
	if reset && !c.gone {
		c.host.resetLocked(c.local, c.remote, c.key)
	}
	c.dropReceivedLocked()
	c.closed = true
	c.failLocked(err)
}

// dropReceivedLocked forgets what was not read and lets the peer write on.
func (c *TCPConn) dropReceivedLocked() {
	for p := c.received.pop(); p != nil; p = c.received.pop() {
		p.conn.creditLocked(len(p.data) - c.offset)
		c.offset = 0
		c.host.n.releaseLocked(p)
	}
}

// creditLocked tells the sender that the peer has read.
func (c *TCPConn) creditLocked(octets int) {
	blocked := c.unread >= c.window
	c.unread -= octets
	if blocked && c.unread < c.window {
		c.writable.Broadcast()
	}
}

// connsInOrderLocked are the connections in the order of their ends.
func (h *Host) connsInOrderLocked() []*TCPConn {
	return slices.SortedFunc(maps.Values(h.conns), func(a, b *TCPConn) int {
		return cmp.Or(a.local.Compare(b.local), a.remote.Compare(b.remote))
	})
}

// TCPListener accepts TCP connections.
type TCPListener struct {
	host  *Host
	bound binding

	// guarded by host.n.mu
	ready    *sync.Cond
	queue    []*TCPConn
	deadline deadline
	closed   bool
}

// ListenTCP opens a listener. A nil address means any address and port. The result is a *TCPListener.
func (h *Host) ListenTCP(network string, laddr *net.TCPAddr) (transport.TCPListener, error) {
	var local netip.AddrPort
	if laddr != nil {
		local = cleanAddrPort(laddr.AddrPort())
	}
	l, err := h.listenTCP(network, local)
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (h *Host) listenTCP(network string, local netip.AddrPort) (*TCPListener, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, opError("listen", TCP, nil, nil, net.UnknownNetworkError(network))
	}
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	l := &TCPListener{host: h, bound: newBinding(network, local), ready: sync.NewCond(&h.n.mu)}
	l.deadline.cond = l.ready
	if err := h.bindLocked(TCP, &l.bound, h.listenerTakenLocked); err != nil {
		return nil, opError("listen", TCP, nil, tcpAddr(l.bound.local()), err)
	}
	h.listeners[l.bound.port] = append(h.listeners[l.bound.port], l)
	return l, nil
}

// listenerLocked is the listener for connections to an address, nil if there is none.
func (h *Host) listenerLocked(to netip.AddrPort) *TCPListener {
	for _, l := range h.listeners[to.Port()] {
		if l.bound.covers(to.Addr()) {
			return l
		}
	}
	return nil
}

func (l *TCPListener) shutLocked() {
	l.closed = true
	l.deadline.stop()
	l.host.listeners[l.bound.port] = without(l.host.listeners[l.bound.port], l)
	if len(l.host.listeners[l.bound.port]) == 0 {
		delete(l.host.listeners, l.bound.port)
	}
	for _, c := range l.queue {
		c.abortLocked(syscall.ECONNRESET, true)
	}
	l.queue = nil
	l.ready.Broadcast()
}
