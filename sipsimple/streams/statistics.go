package streams

import "github.com/go-sipsimple/callflow/sipsimple/internal/jitter"

// Statistics counts the packets of an audio stream in both directions.
type Statistics struct {
	RX, TX Flow
	RTT    Summary // round-trip time in µs, from RTCP
}

// Flow counts the packets of one direction. What we send is lost and jitters as
// the peer's RTCP reports tell.
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

	MalformedControl uint64 // no RTCP of this call
	Unauthentic      uint64 // damaged, repeated or forged SRTP and SRTCP: not in Packets

	LossPeriod Summary // how long losses were, in µs
	BurstLoss  bool    // several packets in a row have been lost
	RandomLoss bool    // single packets have been lost
	Jitter     Summary // of arrival (RFC 3550 appendix A.8), in µs
}

// Summary sums up a series of measurements without keeping it.
type Summary struct {
	Count, Max, Min, Last int
	sum                   int64
}

// Avg is the mean, 0 of nothing.
func (s Summary) Avg() int {
	if s.Count == 0 {
		return 0
	}
	return int(s.sum / int64(s.Count))
}

func (s *Summary) add(value int) {
	if s.Count == 0 {
		s.Min, s.Max = value, value
	}
	s.Count++
	s.sum += int64(value)
	s.Last, s.Min, s.Max = value, min(s.Min, value), max(s.Max, value)
}

// add adds the counters of another path.
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
	f.Unauthentic += other.Unauthentic
}

func (f *Flow) addCounters(c jitter.Counters) {
	f.Discarded += uint64(c.Discarded)
	f.Lost += uint64(c.Lost)
	f.Reordered += uint64(c.Reordered)
	f.Duplicate += uint64(c.Duplicate)
}

// setGaps takes how long losses were: the shortest and the longest tell of bursts and of single ones.
func (f *Flow) setGaps(s Summary) {
	f.LossPeriod, f.BurstLoss, f.RandomLoss = s, s.Max > lostPacket, s.Min == lostPacket
}

// lostPacket is how long one lost packet is, in µs.
const lostPacket = 20_000

// since takes off the counters what they were at an earlier time.
func (f *Flow) since(earlier Flow) {
	f.Packets -= earlier.Packets
	f.Bytes -= earlier.Bytes
	f.Discarded -= earlier.Discarded
	f.Lost -= earlier.Lost
	f.Reordered -= earlier.Reordered
	f.Duplicate -= earlier.Duplicate
	f.Malformed -= earlier.Malformed
	f.Strangers -= earlier.Strangers
	f.Unplayable -= earlier.Unplayable
	f.MalformedControl -= earlier.MalformedControl
	f.Unauthentic -= earlier.Unauthentic
}

// series is a series of measurements, from the start and from the last reading of the statistics on.
type series struct{ total, recent Summary }

func (s *series) add(value int) {
	s.total.add(value)
	s.recent.add(value)
}

// of is the summary that a reading gets.
func (s *series) of(reset bool) Summary {
	if reset {
		return s.recent
	}
	return s.total
}

func (s Statistics) attribute() map[string]any {
	return map[string]any{"rtt": s.RTT.attribute(), "rx": s.RX.attribute(), "tx": s.TX.attribute()}
}

func (f Flow) attribute() map[string]any {
	return map[string]any{
		"packets": int(f.Packets), "bytes": int(f.Bytes), "packets_discarded": int(f.Discarded + f.Unauthentic),
		"packets_lost": int(f.Lost), "packets_reordered": int(f.Reordered), "packets_duplicate": int(f.Duplicate),
		"loss_period": f.LossPeriod.attribute(), "burst_loss": f.BurstLoss, "random_loss": f.RandomLoss,
		"jitter": f.Jitter.attribute(),
	}
}

func (s Summary) attribute() map[string]any {
	return map[string]any{"count": s.Count, "max": s.Max, "min": s.Min, "last": s.Last, "avg": s.Avg()}
}
