package streams

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"github.com/go-sipsimple/callflow/audio"
)

// When reports are sent: the first after ten packets have come (or 5 s without),
// then every 5 s, give or take half a second (RFC 3550 section 6.2 asks for 5 s
// at least and for chance).
const (
	firstReportAfter = 10
	reportEvery      = int(5 * time.Second / audio.FrameDuration)
	reportSpread     = int(500 * time.Millisecond / audio.FrameDuration)
)

// reports is the RTCP side of a stream: what we report and what we are told. It
// outlives the changes of the path.
type reports struct {
	cname string
	epoch time.Time // from which the times of our reports are counted: a clock that is set does not change them

	begun atomic.Bool // the first one is sent

	// Used on the tick only, and after the last one.
	pcg    rand.PCG
	random rand.Rand // of pcg
	due    int       // ticks until the next report
	sent   uint64

	mu        sync.Mutex
	malformed uint64
	rtt       series
	lost      uint32 // of ours, as last told
	jitter    series
	gaps      series // how long losses of ours were
}

func newReports(seed uint64, cname string) *reports {
	c := &reports{cname: cname, epoch: time.Now(), due: reportEvery}
	c.pcg.Seed(seed, 1)
	c.random = *rand.New(&c.pcg)
	return c
}

// tick counts a tick and tells whether a report is due.
func (c *reports) tick(received uint32) bool {
	c.due--
	if c.due > 0 && (received < firstReportAfter || c.begun.Load()) {
		return false
	}
	c.begun.Store(true)
	c.due = reportEvery - reportSpread + c.random.IntN(2*reportSpread+1)
	return true
}

// sender is our place in the packets that we send.
type sender struct {
	ssrc      uint32
	timestamp uint32 // of the sound that is captured now
	packets   uint64
	bytes     uint64
}

// compound is a whole RTCP packet (RFC 3550 section 6.1): a sender report if we
// have sent since the last one, else a receiver report, our name, and BYE if
// the stream ends. It is nil if it cannot be written, which cannot be.
func (c *reports) compound(now time.Time, from sender, blocks []rtcp.ReceptionReport, bye bool) []byte {
	sending := from.packets != c.sent
	c.sent = from.packets
	packets := make([]rtcp.Packet, 0, 3)
	if sending {
		packets = append(packets, &rtcp.SenderReport{
			SSRC: from.ssrc, NTPTime: c.ntp(now), RTPTime: from.timestamp,
			PacketCount: uint32(from.packets), OctetCount: uint32(from.bytes), Reports: blocks,
		})
	} else {
		packets = append(packets, &rtcp.ReceiverReport{SSRC: from.ssrc, Reports: blocks})
	}
	packets = append(packets, rtcp.NewCNAMESourceDescription(from.ssrc, c.cname))
	if bye {
		packets = append(packets, &rtcp.Goodbye{Sources: []uint32{from.ssrc}})
	}
	data, err := rtcp.Marshal(packets)
	if err != nil {
		return nil
	}
	return data
}

// told takes the peer's blocks about us.
func (c *reports) told(ours uint32, clock int, blocks []rtcp.ReceptionReport, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, block := range blocks {
		if block.SSRC != ours {
			continue
		}
		if clock > 0 && block.Jitter < uint32(10*clock) {
			c.jitter.add(int(int64(block.Jitter) * 1_000_000 / int64(clock)))
		}
		if block.TotalLost > c.lost && block.TotalLost < 1<<23 {
			c.gaps.add(int(min(block.TotalLost-c.lost, maxDropout)) * lostPacket)
			c.lost = block.TotalLost
		}
		c.roundTrip(block, now)
	}
}

// roundTrip is RFC 3550 section 6.4.1, DLSR: what is left of the time between
// our report and this one without the time the peer had it. A block that would
// make it negative or absurd is not believed.
func (c *reports) roundTrip(block rtcp.ReceptionReport, now time.Time) {
	if block.LastSenderReport == 0 {
		return
	}
	trip := int32(middle(c.ntp(now)) - block.LastSenderReport - block.Delay)
	if trip >= 0 && trip < 60<<16 {
		c.rtt.add(int(int64(trip) * 1_000_000 >> 16))
	}
}

func (c *reports) addTo(s *Statistics, reset bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.RTT = c.rtt.of(reset)
	s.TX.Lost, s.TX.Jitter = uint64(c.lost), c.jitter.of(reset)
	s.TX.setGaps(c.gaps.of(reset))
	s.RX.MalformedControl = c.malformed
	if reset {
		c.rtt.recent, c.jitter.recent, c.gaps.recent = Summary{}, Summary{}, Summary{}
	}
}

func (c *reports) countMalformed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.malformed++
}

// ntp is the time of our reports: that of the wall when the stream was made, and
// what has passed since.
func (c *reports) ntp(now time.Time) uint64 { return ntpTime(c.epoch.Add(now.Sub(c.epoch))) }

// ntpTime is RFC 3550 section 4: seconds since 1900 with 32 bits of fraction.
func ntpTime(t time.Time) uint64 {
	const since1900 = 2208988800
	fraction := uint64(t.Nanosecond()) << 32 / uint64(time.Second)
	return (uint64(t.Unix())+since1900)<<32 | fraction
}

func middle(ntp uint64) uint32 { return uint32(ntp >> 16) }
