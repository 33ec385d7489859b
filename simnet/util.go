package simnet

import (
	"slices"
	"sync"
	"time"
)

// deadline is the instant from which a kind of operation fails. Its timer only wakes those who wait; they look.
type deadline struct {
	cond  *sync.Cond // where they wait
	at    time.Time  // zero: none
	timer *time.Timer
}

// set changes the deadline and wakes all who wait. The lock of the network is held.
func (d *deadline) set(at time.Time) {
	d.at = at
	d.stop()
	if !at.IsZero() {
		d.start(time.Until(at))
	}
	d.cond.Broadcast()
}

func (d *deadline) start(in time.Duration) {
	switch {
	case in <= 0:
	case d.timer == nil:
		d.timer = time.AfterFunc(in, d.wake)
	default:
		d.timer.Reset(in)
	}
}

func (d *deadline) wake() {
	d.cond.L.Lock()
	defer d.cond.L.Unlock()
	d.cond.Broadcast()
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// packetQueue is a first-in-first-out queue that reuses its array.
type packetQueue struct {
	list []*packet
	head int
}

func (q *packetQueue) push(p *packet) {
	if q.head > 0 && q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
	}
	q.list = append(q.list, p)
}

// pop is nil when the queue is empty.
func (q *packetQueue) pop() *packet {
	if q.head == len(q.list) {
		return nil
	}
	p := q.list[q.head]
	q.list[q.head] = nil
	q.head++
	if q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
	} else if q.head > 64 && q.head*2 > len(q.list) {
		rest := copy(q.list, q.list[q.head:])
		clear(q.list[rest:])
		q.list, q.head = q.list[:rest], 0
	}
	return p
}

// first is the packet that pop would give.
func (q *packetQueue) first() *packet {
	if q.head == len(q.list) {
		return nil
	}
	return q.list[q.head]
}

// without is list without the element, in a new array.
func without[T comparable](list []T, element T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(e T) bool { return e == element })
}
