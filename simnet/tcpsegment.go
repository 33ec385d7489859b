package simnet

import (
	"net/netip"
	"os"
	"syscall"
)

// sendLocked puts a segment of the connection into the outbox.
func (c *TCPConn) sendLocked(what control, data []byte) {
	n := c.host.n
	p := n.newPacketLocked(data)
	p.proto, p.control, p.conn, p.from = TCP, what, c, c.host
	p.src, p.dst, p.key = c.local, c.remote, c.key
	p.number = c.next
	c.next++
	p.routeLocked()
	n.postLocked(p)
}

// routeLocked looks up where the segment goes: nowhere if the host has lost the address of the connection.
func (p *packet) routeLocked() {
	p.to, p.link = nil, nil
	if p.from.hasLocked(p.src.Addr()) {
		p.to, p.link = p.from.routeLocked(p.dst.Addr())
	}
}

// resetLocked tells the other end that there is no such connection. A reset is not repeated when it is lost.
func (h *Host) resetLocked(local, remote netip.AddrPort, key uint64) {
	p := h.n.newPacketLocked(nil)
	p.proto, p.control, p.from = TCP, rst, h
	p.src, p.dst, p.key = local, remote, key
	p.routeLocked()
	h.n.postLocked(p)
}

// retryLocked plans the repetition of a segment that was just lost.
func (n *Network) retryLocked(p *packet) {
	if p.conn == nil {
		n.releaseLocked(p)
		return
	}
	wait := int64(firstTimeout)
	if p.control == syn || p.control == synAck {
		wait = int64(synTimeout)
	}
	if p.tries == 0 {
		p.first = p.sent
	}
	wait = min(wait<<min(p.tries, 10), int64(maxTimeout))
	p.tries++
	n.serial++
	due := min(p.sent+wait, p.first+int64(giveUp))
	n.events.push(event{due: due, serial: n.serial, retry: true, packet: p})
}

// repeatLocked sends a lost segment again, or gives the connection up.
func (n *Network) repeatLocked(p *packet, now int64) {
	switch c := p.conn; {
	case c.gone:
		n.releaseLocked(p)
	case now-p.first >= int64(giveUp):
		n.releaseLocked(p)
		c.failLocked(os.NewSyscallError("connect", syscall.ETIMEDOUT))
	default:
		p.sent, p.copied = now, true
		p.src, p.dst = c.local, c.remote // as before any router
		p.routeLocked()
		n.judgePacketLocked(p)
	}
}

// arriveTCPLocked gives a segment to its connection.
func (n *Network) arriveTCPLocked(p *packet) {
	h := p.to
	if h.closed { // while it was under way
		n.lostLocked(p)
		return
	}
	c := h.conns[flow{p.dst, p.src}]
	switch {
	case p.control == rst:
		if c != nil {
			c.resetByPeerLocked()
		}
	case p.control == syn:
		n.arriveSYNLocked(p)
		return
	case c == nil:
		h.resetLocked(p.dst, p.src, h.rank<<40|1<<39)
	default:
		c.acceptLocked(p)
		return
	}
	n.releaseLocked(p)
}

// arriveSYNLocked makes the other end of a new connection, or refuses it. A full backlog loses the segment.
func (n *Network) arriveSYNLocked(p *packet) {
	h := p.to
	l := h.listenerLocked(p.dst)
	if l != nil && len(l.queue) >= backlog {
		n.lostLocked(p)
		return
	}
	if l == nil {
		h.resetLocked(p.dst, p.src, h.rank<<40|1<<39)
	} else {
		c := h.newConnLocked(p.dst, p.src)
		c.listener, c.peer, c.expected = l, p.conn, 1
		c.sendLocked(synAck, nil)
	}
	n.releaseLocked(p)
}

func (c *TCPConn) resetByPeerLocked() {
	if c.established {
		c.failLocked(os.NewSyscallError("read", syscall.ECONNRESET))
		return
	}
	c.failLocked(os.NewSyscallError("connect", syscall.ECONNREFUSED))
}

// acceptLocked takes a segment that has arrived, and those that have waited for it.
func (c *TCPConn) acceptLocked(p *packet) {
	if p.number > c.expected {
		if c.early == nil {
			c.early = map[uint64]*packet{}
		}
		c.early[p.number] = p
		return
	}
	for p != nil {
		c.expected++
		c.takeLocked(p)
		if c.gone {
			return
		}
		p = c.early[c.expected]
		delete(c.early, c.expected)
	}
}

// takeLocked takes the next segment of the stream.
func (c *TCPConn) takeLocked(p *packet) {
	n := c.host.n
	switch p.control {
	case text:
		c.takeTextLocked(p)
		return
	case synAck:
		c.established, c.peer = true, p.conn
		c.sendLocked(ack, nil)
		c.wakeLocked()
	case ack:
		c.establishLocked()
	case fin:
		c.peerFin, p.conn.finArrived = true, true
		c.readable.Broadcast()
		p.conn.restLocked()
		c.restLocked()
	}
	n.releaseLocked(p)
}

// takeTextLocked keeps data for the reader. Data for a connection that the program has closed resets it.
func (c *TCPConn) takeTextLocked(p *packet) {
	n := c.host.n
	switch {
	case c.closed:
		n.releaseLocked(p)
		c.abortLocked(syscall.ECONNRESET, true)
	case c.readShut:
		p.conn.creditLocked(len(p.data))
		n.releaseLocked(p)
	default:
		c.received.push(p)
		c.readable.Broadcast()
	}
}

// establishLocked hands a new connection to the listener.
func (c *TCPConn) establishLocked() {
	l := c.listener
	c.established, c.listener = true, nil
	if l == nil || l.closed {
		c.abortLocked(syscall.ECONNRESET, true)
		return
	}
	l.queue = append(l.queue, c)
	l.ready.Signal()
}

// restLocked forgets a connection that is over on both sides.
func (c *TCPConn) restLocked() {
	if c.closed && c.finArrived && c.peerFin {
		c.removeLocked()
	}
}
