package streams

import "github.com/go-sipsimple/callflow/sipsimple/internal/jitter"

// Statistics counts the packets of an audio stream in both directions.
type Statistics struct{ RX, TX Flow }

// Flow counts the packets of one direction. What we send cannot be lost or
// reordered as far as we know.
type Flow struct {
	Packets    uint64 // good ones from the peer
	Bytes      uint64 // of payload
	Discarded  uint64 // came but were not played
	Lost       uint64
	Reordered  uint64
	Duplicate  uint64
	Malformed  uint64 // no RTP of this call: also not counted in Packets
	Strangers  uint64 // from another address than the peer's: also not in Packets
	Unplayable uint64 // of a payload type that was not negotiated
}

func (f *Flow) add(other Flow) {
	f.Packets += other.Packets
	f.Bytes += other.Bytes
	f.Discarded += other.Discarded
	f.Lost += other.Lost
	f.Reordered += other.Reordered
	f.Duplicate += other.Duplicate
	f.Malformed += other.Malformed
	f.Strangers += other.Strangers
	f.Unplayable += other.Unplayable
}

func (f *Flow) addCounters(c jitter.Counters) {
	f.Discarded += uint64(c.Discarded)
	f.Lost += uint64(c.Lost)
	f.Reordered += uint64(c.Reordered)
	f.Duplicate += uint64(c.Duplicate)
}
