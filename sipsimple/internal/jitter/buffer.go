// Package jitter puts received media back into order and time: a jitter buffer
// ([Buffer]) and the concealment of what does not come ([Concealer]). Both are
// pure: no clock, no goroutine, no lock.
package jitter

// ringSize bounds how far ahead of the play-out a packet may be.
const ringSize = 64

// DefaultLimit is half a second of packets of 20 ms.
const DefaultLimit = 25

// shrinkAfter is how many packets must have found another one waiting behind
// them before one is left out to shorten the delay (3 s of 20 ms packets). The more
// have always been waiting, as after a stall of the network, the sooner it is, but
// not before shrinkLeast (0.3 s).
const (
	shrinkAfter = 150
	shrinkLeast = 15
)

// Packet is one media packet. Its payload belongs to the buffer.
type Packet struct {
	Seq     uint16
	Type    uint8 // RTP payload type
	Payload []byte
}

// Counters count what happened to the received packets.
type Counters struct {
	Lost      int // never came, or came when their time was over
	Discarded int // came but were not played: too late, too many, left out
	Reordered int // came after a later one
	Duplicate int
}

// Verdict is what [Buffer.Pop] says to play.
type Verdict int

const (
	// Silence: nothing has come yet, or nothing has come for long.
	Silence Verdict = iota
	// Play the packet.
	Play
	// Conceal a missing packet.
	Conceal
	// Join: play the packet, which does not follow the one before it: one was
	// left out to shorten the delay.
	Join
)

// Buffer is an adaptive jitter buffer. It starts with no delay of its own. A
// packet that is missing when its turn comes is concealed and waited for: if it
// comes within the time of one packet it is played, and the delay has grown by
// that much; if a later one is there by then, it is lost. When a packet keeps
// waiting for 3 s, or many for a shorter time, one is left out and the delay is
// shorter again.
type Buffer struct {
	Counters

	limit   int
	started bool
	next    uint16 // sequence number to be played
	highest uint16 // newest received
	slots   []slot // ringSize of them, from the first packet on
	count   int
	free    [][]byte // payloads of former packets; the last of them is still in the cache of the processor
	covered int      // concealed in the place of next
	played  uint64   // bit i: next-1-i was played
	stray   uint16   // sequence number that would confirm a restart
	strays  bool     // stray is set

	spare  int // least number of packets left behind by Pop in this window
	window int
}

type slot struct {
	packet Packet
	full   bool
}

// NewBuffer returns an empty buffer of at most [DefaultLimit] packets.
func NewBuffer() *Buffer { return &Buffer{limit: DefaultLimit, spare: ringSize} }

// SetLimit bounds the number of waiting packets, between 2 and 60.
func (b *Buffer) SetLimit(packets int) { b.limit = max(2, min(packets, ringSize-4)) }

// Reset forgets all packets and the place in the sequence; counters stay.
func (b *Buffer) Reset() {
	for i := range b.slots {
		if b.slots[i].full {
			b.release(&b.slots[i])
		}
	}
	b.started, b.strays, b.covered, b.played = false, false, 0, 0
	b.newWindow()
}

// Len is the number of waiting packets.
func (b *Buffer) Len() int { return b.count }

// Push takes a received packet; the payload is copied.
func (b *Buffer) Push(p Packet) {
	if b.slots == nil {
		b.slots = make([]slot, ringSize)
	}
	if !b.started {
		b.started, b.next, b.highest = true, p.Seq, p.Seq
	}
	ahead := int(int16(p.Seq - b.next))
	if ahead < -ringSize || ahead >= ringSize {
		b.pushStray(p)
		return
	}
	b.strays = false
	if ahead < 0 {
		b.pushLate(-ahead)
		return
	}
	s := &b.slots[p.Seq%ringSize]
	if s.full {
		b.Duplicate++
		return
	}
	if newer := int16(p.Seq - b.highest); newer > 0 {
		b.highest = p.Seq
	} else if newer < 0 {
		b.Reordered++
	}
	b.store(s, p)
}

func (b *Buffer) store(s *slot, p Packet) {
	var room []byte
	if last := len(b.free) - 1; last >= 0 {
		room, b.free = b.free[last], b.free[:last]
	}
	s.packet = Packet{p.Seq, p.Type, append(room[:0], p.Payload...)}
	s.full = true
	b.count++
	for b.count > b.limit {
		b.Discarded++
		b.dropFirst()
	}
}

// release takes the packet out of a slot. It is valid until the next one is stored.
func (b *Buffer) release(s *slot) {
	s.full = false
	b.count--
	b.free = append(b.free, s.packet.Payload)
}

// dropFirst leaves out the first waiting packet and everything missing before.
func (b *Buffer) dropFirst() {
	for !b.slots[b.next%ringSize].full {
		b.Lost++
		b.advance(false)
	}
	b.release(&b.slots[b.next%ringSize])
	b.advance(false)
}

func (b *Buffer) advance(played bool) {
	b.next++
	b.played <<= 1
	if played {
		b.played |= 1
	}
}

// pushLate judges a packet whose turn was back packets ago.
func (b *Buffer) pushLate(back int) {
	if b.played>>(back-1)&1 == 1 {
		b.Duplicate++
		return
	}
	b.Reordered++
	b.Discarded++
}

// pushStray judges a packet far away from the play-out: two in a row are a
// restart of the sender (RFC 3550 appendix A.1).
func (b *Buffer) pushStray(p Packet) {
	if b.strays && p.Seq == b.stray {
		b.Reset()
		b.started, b.next, b.highest = true, p.Seq, p.Seq
		b.store(&b.slots[p.Seq%ringSize], p)
		return
	}
	b.Discarded++
	b.strays, b.stray = true, p.Seq+1
}

// Pop takes the next packet's turn. The packet is valid until the next Push.
func (b *Buffer) Pop() (*Packet, Verdict) {
	if !b.started {
		return nil, Silence
	}
	if b.count == 0 {
		return nil, b.starve()
	}
	for !b.slots[b.next%ringSize].full {
		if b.covered == 0 {
			b.covered++
			return nil, Conceal
		}
		b.covered--
		b.Lost++
		b.advance(false)
	}
	b.covered = 0
	verdict := Play
	if b.shrink() {
		verdict = Join
	}
	s := &b.slots[b.next%ringSize]
	b.release(s)
	b.advance(true)
	return &s.packet, verdict
}

// starve waits for the next packet while nothing is there.
func (b *Buffer) starve() Verdict {
	b.newWindow()
	if b.covered >= DefaultLimit {
		return Silence
	}
	b.covered++
	return Conceal
}

// shrink leaves out a packet, and returns true, when there has always been one
// to spare and the one after it is there.
func (b *Buffer) shrink() bool {
	b.spare = min(b.spare, b.count-1)
	b.window++
	if b.window < max(shrinkLeast, shrinkAfter/max(1, b.spare)) {
		return false
	}
	long := b.spare >= 1 && b.slots[(b.next+1)%ringSize].full
	b.newWindow()
	if long {
		b.Discarded++
		b.dropFirst()
	}
	return long
}

func (b *Buffer) newWindow() { b.spare, b.window = ringSize, 0 }
