package streams

import (
	"time"

	"github.com/pion/rtcp"
)

// Limits of RFC 3550 appendix A.1.
const (
	maxDropout  = 3000 // sequence numbers that may be missing at once
	maxMisorder = 100  // how late a packet may be without being a restart
)

// reception is what RFC 3550 has a receiver know about its source: sequence
// (appendix A.1), loss (A.3) and interarrival jitter (A.8). It has no lock and
// no clock. Its zero value waits for the first packet.
type reception struct {
	ssrc      uint32
	known     bool   // ssrc is set
	started   bool   // a first packet has set the sequence
	base      uint32 // extended sequence number of the first packet
	highest   uint32 // extended
	restart   uint16 // sequence number that would confirm a restart
	restarts  bool   // restart is set
	received  uint32
	expected1 uint32 // at the last report
	received1 uint32

	epoch   time.Time
	clock   int // Hz of the timestamps
	transit uint32
	jitter  uint32 // in timestamp units, times 16

	sender   uint32    // middle of the NTP time of the peer's last report, 0 = none
	senderAt time.Time // when that came

	jitters series // in µs
	gaps    series // how long losses were, in µs
}

// follow turns to another source; what the application is told of the stream
// goes on.
func (r *reception) follow(ssrc uint32) {
	*r = reception{ssrc: ssrc, known: true, jitters: r.jitters, gaps: r.gaps}
}

// packet takes a packet of the source. Its timestamp counts for jitter only if
// timed is set: events and comfort noise have other ones than sound.
func (r *reception) packet(seq uint16, timestamp uint32, clock int, timed bool, now time.Time) {
	if !r.sequence(seq) {
		return
	}
	r.received++
	if !timed || clock <= 0 {
		return
	}
	if r.clock != clock {
		r.clock, r.epoch = clock, now
		r.transit = -timestamp
		return
	}
	arrival := uint32(int64(now.Sub(r.epoch)) * int64(clock) / int64(time.Second))
	transit := arrival - timestamp
	d := int32(transit - r.transit)
	r.transit = transit
	if d < 0 {
		d = -d
	}
	if int(d) > 10*clock {
		return // the timestamps have jumped: that is no jitter
	}
	r.jitter += uint32(d) - (r.jitter+8)>>4
	r.jitters.add(int(r.jitter>>4) * 1_000_000 / clock)
}

// sequence places a packet. It returns false for one that may be the first of
// a restart, which only the next can tell.
func (r *reception) sequence(seq uint16) bool {
	if !r.started {
		r.begin(seq)
		return true
	}
	ahead := seq - uint16(r.highest)
	switch {
	case ahead == 0 || ahead > 1<<16-maxMisorder:
		return true
	case ahead < maxDropout:
		if ahead > 1 {
			r.gaps.add((int(ahead) - 1) * lostPacket)
		}
		r.highest += uint32(ahead)
		r.restarts = false
		return true
	case r.restarts && seq == r.restart:
		r.begin(seq)
		return true
	}
	r.restarts, r.restart = true, seq+1
	return false
}

func (r *reception) begin(seq uint16) {
	r.started, r.restarts = true, false
	r.base, r.highest = uint32(seq), uint32(seq)
	r.received, r.expected1, r.received1 = 0, 0, 0
}

// lost is the number of packets that should have come and have not. Duplicates
// make it negative.
func (r *reception) lost() int32 {
	if !r.started {
		return 0
	}
	return int32(r.highest - r.base + 1 - r.received)
}

// report makes the block about the source, nil if there is none, and begins a
// new interval.
func (r *reception) report(now time.Time) []rtcp.ReceptionReport {
	if !r.started {
		return nil
	}
	expected := r.highest - r.base + 1
	inInterval, arrived := expected-r.expected1, r.received-r.received1
	r.expected1, r.received1 = expected, r.received
	block := rtcp.ReceptionReport{
		SSRC: r.ssrc, LastSequenceNumber: r.highest, Jitter: r.jitter >> 4,
		TotalLost: uint32(min(max(r.lost(), 0), 1<<23-1)),
	}
	if inInterval > arrived && inInterval < 1<<16 {
		block.FractionLost = uint8((inInterval - arrived) << 8 / inInterval)
	}
	if r.sender != 0 {
		block.LastSenderReport = r.sender
		block.Delay = uint32(int64(now.Sub(r.senderAt)) * 65536 / int64(time.Second))
	}
	return []rtcp.ReceptionReport{block}
}

// restartSeries begins the measurements anew for the next reading of the statistics.
func (r *reception) restartSeries() { r.jitters.recent, r.gaps.recent = Summary{}, Summary{} }
