package streams

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// An event as we send it: 200 ms of updates every 20 ms, and the last one three
// times (RFC 4733 section 2.5.1.4), at a power of -10 dBm0.
const (
	eventUpdates = 10
	eventPackets = eventUpdates + 2
	eventVolume  = 10
	eventSize    = 4
	maxDigits    = 31 // waiting or being sent
)

// eventSender is the queue of events to send. Digits come from any goroutine,
// packets are taken on the tick.
type eventSender struct {
	waiting atomic.Int32 // so that a tick without events costs nothing

	mu     sync.Mutex
	events []uint8
	sent   int    // packets of the first of them
	start  uint32 // its timestamp
}

// eventPacket is one packet of an event.
type eventPacket struct {
	payload   [eventSize]byte
	timestamp uint32
	first     bool
}

// queue adds an event, unless too many are waiting.
func (s *eventSender) queue(event uint8) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) < maxDigits {
		s.events = append(s.events, event)
		s.waiting.Store(int32(len(s.events)))
	}
}

// drop forgets everything.
func (s *eventSender) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events, s.sent = nil, 0
	s.waiting.Store(0)
}

// next is the packet to send instead of sound, of a tick that lasts step on the
// clock of the events.
func (s *eventSender) next(now, step uint32) (eventPacket, bool) {
	if s.waiting.Load() == 0 {
		return eventPacket{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) == 0 {
		return eventPacket{}, false
	}
	if s.sent == 0 {
		s.start = now
	}
	s.sent++
	p := eventPacket{timestamp: s.start, first: s.sent == 1}
	p.payload[0], p.payload[1] = s.events[0], eventVolume
	updates := uint32(s.sent)
	if s.sent >= eventUpdates {
		updates = eventUpdates
		p.payload[1] |= 0x80 // the end
	}
	binary.BigEndian.PutUint16(p.payload[2:], uint16(updates*step))
	if s.sent == eventPackets {
		s.events, s.sent = s.events[1:], 0
		s.waiting.Store(int32(len(s.events)))
	}
	return p, true
}

// eventReceiver tells new events from the repeated, late and doubled packets of
// known ones: by timestamp, and by sequence number where a sender has begun its
// timestamps anew. Its zero value has seen nothing.
type eventReceiver struct {
	seen      bool
	event     uint8
	timestamp uint32
	sequence  uint16
}

// packet takes a packet and tells whether it is the first of an event that has
// come.
func (r *eventReceiver) packet(sequence uint16, timestamp uint32, payload []byte) (event uint8, fresh bool) {
	if len(payload) < eventSize {
		return 0, false
	}
	event = payload[0]
	later := int32(timestamp-r.timestamp) > 0
	newer := int16(sequence-r.sequence) > 0
	switch {
	case r.seen && timestamp == r.timestamp, r.seen && !later && !newer:
		if newer {
			r.sequence = sequence
		}
		return event, false
	case r.seen && event == r.event && timestamp == r.timestamp+0xFFFF:
		// The next segment of an event that is longer than a duration can tell.
		r.timestamp, r.sequence = timestamp, sequence
		return event, false
	}
	r.seen, r.event, r.timestamp, r.sequence = true, event, timestamp, sequence
	return event, true
}
