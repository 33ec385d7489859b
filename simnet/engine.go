package simnet

import (
	"cmp"
	"runtime/debug"
	"slices"
	"time"
)

// How the network works. A Write only puts a packet into the outbox. Later, when virtual time has moved on and so
// everything of the instant of the Write is known, the network sorts the packets of that instant, decides what becomes
// of each, and queues the deliveries. "Later" is a nanosecond later when a tap listens, otherwise at the latest when
// the first packet could arrive. Virtual time moves only when every goroutine is blocked, so one delivery an instant
// means that one packet is fully digested before the next arrives.

// op is a change of the network that takes effect for the packets of its instant.
type op struct {
	at     int64
	rule   *linkRule
	fault  *FaultHandle
	tap    *tap
	remove bool
	rebind *Router
}

// opLocked asks for a change at this instant.
func (n *Network) opLocked(o op) {
	if n.closed {
		return
	}
	o.at = n.now()
	n.ops = append(n.ops, o)
	n.wakeLocked(o.at + 1)
}

func (n *Network) addRule(r linkRule) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rules = append(n.rules, r)
	n.opLocked(op{rule: &r})
}

// postLocked puts a packet into the outbox. The caller has filled in the addresses, proto, data and key.
func (n *Network) postLocked(p *packet) {
	if n.closed {
		return
	}
	p.sent = n.now()
	n.serial++
	p.serial = n.serial
	n.outbox = append(n.outbox, p)
	wait := int64(1)
	if p.link != nil && !n.tappedLocked(p) {
		wait = p.link.latency
	}
	n.wakeLocked(p.sent + wait)
}

// wakeLocked makes sure that the network works at that instant or earlier.
func (n *Network) wakeLocked(at int64) {
	n.urgent = min(n.urgent, at)
	if at >= n.wakeAt || n.busy {
		return // it will look by itself
	}
	n.setTimerLocked(at)
}

func (n *Network) setTimerLocked(at int64) {
	n.wakeAt = at
	n.timer.Reset(time.Duration(max(at-n.now(), 1)))
}

// run is the goroutine of the network: it works whenever its timer says so, until the network is closed.
func (n *Network) run() {
	ended := false
	defer func() {
		if ended {
			close(n.done)
		} else { // a function that was called has ended this goroutine
			go n.run()
		}
	}()
	for !ended {
		<-n.settled.C
		ended = n.fire()
	}
}

// settle is what the timer does: it makes the network work when all others have done what they do in this instant. Timers
// of others may have the same instant, and then nothing says who runs first: one that is set now comes when all the others
// are blocked again.
func (n *Network) settle() {
	// A timer that is not yet pending and due at once is run by the runtime in this very goroutine: too early, and on the
	// race detector's books of the bubble, which that does not survive. A pending one waits its turn.
	n.settled.Reset(time.Hour)
	n.settled.Reset(0)
}

// fire does what is to be done in this instant.
func (n *Network) fire() (closed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return true
	}
	n.busy = true
	now := n.now()
	defer func() { // a function that was called may have ended this goroutine
		n.busy = false
		n.idle.Broadcast()
		n.armLocked(now)
	}()
	n.judgeLocked(now)
	n.deliverLocked(now)
	return false
}

// armLocked sets the timer to what comes next, which is not in this instant: that one is used up.
func (n *Network) armLocked(now int64) {
	n.wakeAt = never
	next := n.urgent
	if len(n.events) > 0 {
		next = min(next, n.events[0].due)
	}
	if next == never || n.closed {
		return
	}
	n.setTimerLocked(max(next, now+1))
}

// judgeLocked decides about everything written before this instant.
func (n *Network) judgeLocked(now int64) {
	if n.urgent == never {
		return
	}
	n.connectAllLocked(now)
	ops := n.ops[:countBefore(n.ops, now, func(o op) int64 { return o.at })]
	batch := n.outbox[:countBefore(n.outbox, now, func(p *packet) int64 { return p.sent })]
	n.ops, n.outbox = n.ops[len(ops):], n.outbox[len(batch):]
	if len(n.outbox) == 0 {
		n.outbox = nil // of a later append; batch keeps the array
	}
	slices.SortFunc(batch, func(a, b *packet) int {
		return cmp.Or(cmp.Compare(a.sent, b.sent), cmp.Compare(a.key, b.key), cmp.Compare(a.serial, b.serial))
	})
	for _, p := range batch {
		for len(ops) > 0 && ops[0].at <= p.sent {
			n.applyLocked(ops[0])
			ops = ops[1:]
		}
		n.judgePacketLocked(p)
	}
	for _, o := range ops {
		n.applyLocked(o)
	}
	n.urgent = never
	if len(n.outbox) > 0 || len(n.ops) > 0 || len(n.dials) > 0 {
		n.urgent = now + 1
	}
	if n.outbox == nil && !n.closed {
		clear(batch)
		n.outbox = batch[:0]
	}
}

// countBefore counts the leading elements that are older than now.
func countBefore[T any](list []T, now int64, at func(T) int64) int {
	i := 0
	for i < len(list) && at(list[i]) < now {
		i++
	}
	return i
}

// applyLocked puts a change in force.
func (n *Network) applyLocked(o op) {
	switch {
	case o.rebind != nil:
		o.rebind.forgetLocked()
	case o.rule != nil:
		for _, l := range n.links {
			l.apply(*o.rule)
		}
	case o.fault != nil && o.remove:
		n.faults = slices.DeleteFunc(slices.Clone(n.faults), func(h *FaultHandle) bool { return h == o.fault })
	case o.fault != nil:
		n.faults = append(slices.Clone(n.faults), o.fault)
	case o.tap != nil && o.remove:
		n.taps = slices.DeleteFunc(slices.Clone(n.taps), func(t *tap) bool { return t == o.tap })
	case o.tap != nil:
		n.taps = append(slices.Clone(n.taps), o.tap)
	}
}

// deliverLocked does what is due: as many repetitions of segments as there are, packets of media to receivers that are
// called, or one other packet.
func (n *Network) deliverLocked(now int64) {
	delivered := false
	for len(n.events) > 0 && n.events[0].due <= now && !n.closed {
		next := &n.events[0]
		if next.retry {
			n.repeatLocked(n.events.pop().packet, now)
			continue
		}
		receiver := n.mediaReceiverLocked(next.packet)
		if receiver == nil && delivered {
			return
		}
		delivered = true
		p := n.events.pop().packet
		if receiver == nil {
			n.arriveLocked(p)
			return
		}
		receiver.takeLocked(p)
	}
}

// mediaReceiverLocked is the socket to which the packet may be given together with others in one instant: RTP and RTCP
// for a function that is called. Whatever such a function does, it does in the order of the calls.
func (n *Network) mediaReceiverLocked(p *packet) *UDPConn {
	if p.proto != UDP || !isMedia(p.data) {
		return nil
	}
	if c := p.to.udpSocketLocked(p); c != nil && c.receiver != nil {
		return c
	}
	return nil
}

// arriveLocked hands a packet to its host.
func (n *Network) arriveLocked(p *packet) {
	if p.proto == UDP {
		n.arriveUDPLocked(p)
		return
	}
	n.arriveTCPLocked(p)
}

// callLocked runs a function given to the network without the lock; its panic is kept for Close.
func (n *Network) callLocked(fn func()) {
	n.mu.Unlock()
	defer n.mu.Lock()
	returned := false
	defer func() {
		if value := recover(); value != nil {
			n.keep(&PanicError{Value: value, Stack: string(debug.Stack())})
		} else if !returned {
			n.keep(&PanicError{Value: ErrGoexit, Stack: string(debug.Stack())})
		}
	}()
	fn()
	returned = true
}

func (n *Network) keep(failure *PanicError) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failure == nil {
		n.failure = failure
	}
}
