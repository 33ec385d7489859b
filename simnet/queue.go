package simnet

import (
	"math"
	"net/netip"
)

const never = math.MaxInt64

// packet is a Packet under way. Packets are pooled: whoever has taken one out of the network releases it.
type packet struct {
	sent, due int64
	key       uint64 // place of the sender in the order of one instant
	serial    uint64 // order of writing
	from, to  *Host  // to is nil when nobody has the address
	link      *link  // nil when to is nil
	src, dst  netip.AddrPort
	proto     Proto
	data      []byte
	copied    bool // a duplicate or a repetition

	// TCP only
	conn    *TCPConn // the sender; nil for a reset
	control control
	number  uint64 // place in the stream, in segments
	first   int64  // instant of the first attempt
	tries   int    // attempts so far
}

// newPacketLocked takes a packet from the pool and fills in a copy of data.
func (n *Network) newPacketLocked(data []byte) *packet {
	var p *packet
	if last := len(n.free) - 1; last >= 0 {
		p, n.free = n.free[last], n.free[:last]
	} else {
		p = &packet{data: make([]byte, 0, max(len(data), usualPacket))}
	}
	p.data = append(p.data[:0], data...)
	return p
}

// releaseLocked gives a packet back to the pool.
func (n *Network) releaseLocked(p *packet) {
	if cap(p.data) > largestPooled || n.closed {
		return
	}
	*p = packet{data: p.data[:0]}
	n.free = append(n.free, p)
}

const (
	usualPacket   = 256
	largestPooled = 4096
)

// event is something that the network does at an instant: hand over a packet or, for a segment that was lost, try again.
type event struct {
	due    int64
	serial uint64 // orders events of one instant
	retry  bool
	packet *packet
}

func (e *event) before(o *event) bool {
	return e.due < o.due || e.due == o.due && e.serial < o.serial
}

// eventHeap is a binary heap, the earliest event first.
type eventHeap []event

func (h *eventHeap) push(e event) {
	s := append(*h, e)
	i := len(s) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(&s[parent]) {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	s[i] = e
	*h = s
}

func (h *eventHeap) pop() event {
	s := *h
	top, last := s[0], s[len(s)-1]
	s[len(s)-1] = event{}
	s = s[:len(s)-1]
	i := 0
	for {
		child := 2*i + 1
		if child >= len(s) {
			break
		}
		if child+1 < len(s) && s[child+1].before(&s[child]) {
			child++
		}
		if !s[child].before(&last) {
			break
		}
		s[i] = s[child]
		i = child
	}
	if len(s) > 0 {
		s[i] = last
	}
	*h = s
	return top
}
