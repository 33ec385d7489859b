package streams

import (
	"testing"
	"time"
	"unsafe"

	"github.com/pion/rtcp"
)

// set is a time as it is read after somebody has set the clock on the wall forward by
// d, of whole seconds. The monotonic reading goes on, and package time lets nobody
// make such a time.
func set(t time.Time, d time.Duration) time.Time {
	*(*uint64)(unsafe.Pointer(&t)) += uint64(d/time.Second) << 30
	return t
}

// TestClockIsSetDuringACall: neither the times that we report nor the round trip
// that we measure jump with the clock (reliability I40).
func TestClockIsSetDuringACall(t *testing.T) {
	for _, jump := range []time.Duration{0, 30 * time.Second, -30 * time.Second, 24 * time.Hour, -24 * time.Hour} {
		c := newReports(1, "x")
		start := c.epoch
		if later := set(start, jump); later.Sub(start) != 0 || later.Round(0).Sub(start.Round(0)) != jump {
			t.Fatalf("%v is no time of a clock that was set by %v", later, jump)
		}
		sent := report(t, c, set(start, jump).Add(5*time.Second), 1)
		if got := int64(sent-report(t, c, start, 2)) >> 32; got < 4 || got > 5 {
			t.Errorf("set by %v: a report after 5 s is %d s later", jump, got)
		}
		// The peer has had the report for a second, and the way takes 40 ms.
		block := rtcp.ReceptionReport{SSRC: 7, LastSenderReport: middle(sent), Delay: 1 << 16}
		c.told(7, 8000, []rtcp.ReceptionReport{block}, set(start, 2*jump).Add(6*time.Second+40*time.Millisecond))
		var s Statistics
		c.addTo(&s, false)
		if s.RTT.Count != 1 || s.RTT.Last < 39_000 || s.RTT.Last > 41_000 {
			t.Errorf("set by %v: the round trip is %+v", jump, s.RTT)
		}
	}
}

// report is the NTP time of a sender report.
func report(t *testing.T, c *reports, now time.Time, packets uint64) uint64 {
	t.Helper()
	list, err := rtcp.Unmarshal(c.compound(now, sender{packets: packets}, nil, false))
	if err != nil {
		t.Fatal(err)
	}
	return list[0].(*rtcp.SenderReport).NTPTime
}
