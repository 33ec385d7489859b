package streams

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"pgregory.net/rapid"
)

// TestReceptionCounts: whatever is lost, late or doubled, the numbers are those
// of RFC 3550 appendix A.3, over the wrap of the sequence numbers too.
func TestReceptionCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r reception
		first := rapid.Uint16().Draw(t, "first")
		now := time.Unix(1000, 0)
		sent := rapid.IntRange(1, 300).Draw(t, "sent")
		last, received := 0, 0
		for i := range sent {
			if i > 0 && rapid.IntRange(0, 4).Draw(t, "fate") == 0 {
				continue
			}
			r.packet(first+uint16(i), uint32(160*i), 8000, true, now.Add(time.Duration(i)*20*time.Millisecond))
			last, received = i, received+1
		}
		if want := int32(last + 1 - received); r.lost() != want {
			t.Fatalf("lost %d, want %d", r.lost(), want)
		}
		if r.jitter != 0 {
			t.Fatalf("jitter %d of packets in time", r.jitter)
		}
		blocks := r.report(now)
		if want := uint32(first) + uint32(last); blocks[0].LastSequenceNumber != want {
			t.Fatalf("highest %d, want %d", blocks[0].LastSequenceNumber, want)
		}
		if again := r.report(now)[0]; again.FractionLost != 0 {
			t.Fatalf("loss of an empty interval %d", again.FractionLost)
		}
	})
}

// TestReceptionRestart: one stray packet is not followed, two in a row are.
func TestReceptionRestart(t *testing.T) {
	var r reception
	now := time.Unix(1000, 0)
	for i := range uint16(20) {
		r.packet(i, 0, 8000, false, now)
	}
	r.packet(40000, 0, 8000, false, now)
	r.packet(20, 0, 8000, false, now)
	if r.lost() != 0 || r.highest != 20 {
		t.Fatalf("after a stray packet: lost %d, highest %d", r.lost(), r.highest)
	}
	r.packet(50000, 0, 8000, false, now)
	r.packet(50001, 0, 8000, false, now)
	r.packet(50002, 0, 8000, false, now)
	if r.lost() != 0 || r.highest != 50002 {
		t.Fatalf("after a restart: lost %d, highest %d", r.lost(), r.highest)
	}
}

// TestReceptionJitter: RFC 3550 appendix A.8, of packets that are early and late by 10 ms in turn: the estimate comes
// near to their distance. What has a timestamp of its own, as an event, and a jump of the timestamps are no jitter.
func TestReceptionJitter(t *testing.T) {
	var r reception
	at := time.Unix(1000, 0)
	packet := func(i int, timestamp uint32, timed bool, late time.Duration) {
		r.packet(uint16(i), timestamp, 8000, timed, at.Add(time.Duration(i)*20*time.Millisecond+late))
	}
	packet(0, 0, true, 0)
	packet(1, 160, true, 10*time.Millisecond)
	if got := r.report(at)[0].Jitter; got != 80/16 {
		t.Errorf("after one step of 80 units the jitter is %d, want 5", got)
	}
	for i := 2; i < 400; i++ {
		packet(i, uint32(160*i), true, time.Duration(i%2)*10*time.Millisecond)
		packet(i, 7, false, 0) // an event, which is repeated
	}
	if got := r.report(at)[0].Jitter; got < 72 || got > 80 {
		t.Errorf("steps of 80 units come to a jitter of %d", got)
	}
	if j := r.jitters.total; j.Last < 9000 || j.Last > 10_000 || j.Max > 10_000 {
		t.Errorf("10 ms are told as %+v", j)
	}
	before := r.jitter
	packet(400, 160*400+20*8000, true, 0) // by 20 s
	if r.jitter != before {
		t.Errorf("a jump of the timestamps makes the jitter %d, before %d", r.jitter, before)
	}
}

// TestReceptionReport: the fraction lost is that of the interval (RFC 3550 section 6.4.1 and appendix A.3), duplicates do
// not make what is lost less than nothing, and the delay since the last sender report is in units of 1/65536 s.
func TestReceptionReport(t *testing.T) {
	var r reception
	now := time.Unix(1000, 0)
	receive := func(from, to, step int) {
		for i := from; i < to; i += step {
			r.packet(uint16(i), 0, 8000, false, now)
		}
	}
	receive(0, 101, 4) // every fourth one
	if b := r.report(now)[0]; b.FractionLost != 75*256/101 || b.TotalLost != 75 || b.LastSenderReport != 0 || b.Delay != 0 {
		t.Errorf("first report %+v", b)
	}
	receive(101, 201, 1)
	if b := r.report(now)[0]; b.FractionLost != 0 || b.TotalLost != 75 {
		t.Errorf("after an interval without loss %+v", b)
	}
	for range 3 {
		receive(101, 201, 1)
	}
	r.sender, r.senderAt = 7, now
	if b := r.report(now.Add(1500 * time.Millisecond))[0]; b.FractionLost != 0 || b.TotalLost != 0 || b.LastSenderReport != 7 || b.Delay != 3*65536/2 {
		t.Errorf("after duplicates %+v", b)
	}
}

// TestLossPeriods: single losses and bursts are told apart.
func TestLossPeriods(t *testing.T) {
	for _, c := range []struct {
		lost          []int
		burst, random bool
	}{{nil, false, false}, {[]int{1, 1}, false, true}, {[]int{2}, true, false}, {[]int{3, 1}, true, true}} {
		var r reception
		seq := uint16(65500) // the gaps may lie over the wrap
		r.packet(seq, 0, 8000, false, time.Time{})
		for _, lost := range c.lost {
			seq += uint16(lost) + 1
			r.packet(seq, 0, 8000, false, time.Time{})
		}
		var f Flow
		f.setGaps(r.gaps.total)
		if f.BurstLoss != c.burst || f.RandomLoss != c.random || f.LossPeriod.Count != len(c.lost) {
			t.Errorf("lost %v: %+v", c.lost, f)
		}
		if n := len(c.lost); n > 0 && f.LossPeriod.Last != 20_000*c.lost[n-1] {
			t.Errorf("lost %v: the last period is %d µs", c.lost, f.LossPeriod.Last)
		}
	}
}

// TestReportTimes: the first report is due with the tenth packet, or after 5 s without, the others every 5 s, give or
// take half a second by chance.
func TestReportTimes(t *testing.T) {
	c := newReports(1, "x")
	if c.tick(9) || !c.tick(10) || c.tick(11) {
		t.Error("the first report is not due with the tenth packet")
	}
	least, most := reportEvery, 0
	for range 1000 {
		ticks := 1
		for !c.tick(100) {
			ticks++
		}
		least, most = min(least, ticks), max(most, ticks)
	}
	if least < 224 || least > 230 || most < 270 || most > 275 {
		t.Errorf("%d to %d ticks from one report to the next, want 225 to 275", least, most)
	}
	silent, ticks := newReports(1, "x"), 1
	for !silent.tick(0) {
		ticks++
	}
	if ticks != 250 {
		t.Errorf("without packets the first report is due after %d ticks", ticks)
	}
}

// TestRoundTrip: what is left of the time since our report without the time that the peer had it; what cannot be is left
// out (RFC 3550 section 6.4.1).
func TestRoundTrip(t *testing.T) {
	now := time.Unix(1000, 0)
	ago := func(d time.Duration) uint32 { return middle(ntpTime(now.Add(-d))) }
	for _, block := range []struct {
		rtcp.ReceptionReport
		want int // µs; -1: left out
	}{
		{rtcp.ReceptionReport{SSRC: 7, LastSenderReport: ago(3 * time.Second), Delay: 2 << 16}, 1_000_000},
		{rtcp.ReceptionReport{SSRC: 8, LastSenderReport: ago(3 * time.Second), Delay: 2 << 16}, -1}, // of somebody else
		{rtcp.ReceptionReport{SSRC: 7, LastSenderReport: ago(time.Second), Delay: 2 << 16}, -1},
		{rtcp.ReceptionReport{SSRC: 7, LastSenderReport: ago(2 * time.Hour)}, -1},
		{rtcp.ReceptionReport{SSRC: 7, Delay: 5}, -1}, // no report of ours has come
	} {
		c := newReports(1, "x")
		c.told(7, 8000, []rtcp.ReceptionReport{block.ReceptionReport}, now)
		if rtt := c.rtt.total; rtt.Count != max(0, min(1, block.want+1)) || rtt.Count == 1 && rtt.Last != block.want {
			t.Errorf("%+v is a round trip of %+v", block.ReceptionReport, rtt)
		}
	}
	if got := ntpTime(time.Unix(0, 500_000_000)); got != 2208988800<<32|1<<31 {
		t.Errorf("half a second after the beginning of 1970 is %x", got)
	}
}

// TestParseControl: RTCP comes in compounds that begin with a report (RFC 3550 section 6.1 and appendix A.2).
func TestParseControl(t *testing.T) {
	report, name, bye := &rtcp.ReceiverReport{SSRC: 1}, rtcp.NewCNAMESourceDescription(1, "x"), &rtcp.Goodbye{Sources: []uint32{1}}
	for _, c := range []struct {
		packets []rtcp.Packet
		want    bool
	}{
		{[]rtcp.Packet{report, name, bye}, true}, {[]rtcp.Packet{&rtcp.SenderReport{SSRC: 1}}, true}, {[]rtcp.Packet{bye}, false},
		{[]rtcp.Packet{name, report}, false}, {[]rtcp.Packet{bye, report}, false},
	} {
		data, err := rtcp.Marshal(c.packets)
		if err != nil {
			t.Fatal(err)
		}
		if packets, ok := parseControl(data); ok != c.want || ok && len(packets) != len(c.packets) {
			t.Errorf("%v is taken: %t", c.packets, ok)
		}
		if _, ok := parseControl(data[:len(data)-1]); ok {
			t.Errorf("%v without its last octet is taken", c.packets)
		}
	}
}

// FuzzControl: nothing that comes to the RTCP port panics.
func FuzzControl(f *testing.F) {
	f.Add([]byte{0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 1, 0, 0, 0, 1})
	f.Add([]byte{0x81, 202, 0, 6, 0, 0, 0, 1, 1, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		if packets, ok := parseControl(data); ok && len(packets) == 0 {
			t.Fatal("accepted, but empty")
		}
	})
}
