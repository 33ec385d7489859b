package streams_test

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/loopback"
	"github.com/go-sipsimple/callflow/internal/cputime"
	"github.com/go-sipsimple/callflow/simnet"
)

// punctuality is how late the ticks of sound devices come. A device with a frame in
// reserve has run dry when a tick is more than a frame late.
type punctuality struct{ ticks, underruns, worst atomic.Int64 }

// timed is a device that is watched.
type timed struct {
	*simnet.Sound
	*punctuality
}

// Open implements [audio.Device].
func (d timed) Open(rate int, process func(in, out []int16)) error {
	var due time.Time
	return d.Sound.Open(rate, func(in, out []int16) {
		now := time.Now()
		if due.IsZero() || now.Before(due) {
			due = now // the clock is not ahead of time
		}
		late := now.Sub(due)
		due = due.Add(audio.FrameDuration)
		d.ticks.Add(1)
		if late > audio.FrameDuration {
			d.underruns.Add(1)
		}
		for worst := d.worst.Load(); int64(late) > worst && !d.worst.CompareAndSwap(worst, int64(late)); worst = d.worst.Load() {
		}
		process(in, out)
	})
}

// BenchmarkHundredCallsInRealTime is ten seconds of 100 calls over sockets of 127.0.0.1, each end with a mixer and a
// clock of its own; -benchtime 6x is a minute. Target on two processors that nobody else uses: no underrun. Where others
// take the processors all clocks are late at once, whatever we do (and whatever the garbage collector does).
func BenchmarkHundredCallsInRealTime(b *testing.B) {
	const calls, length = 100, 10 * time.Second
	var clocks punctuality
	var concealed, packets uint64
	used := cputime.Used()
	for b.Loop() {
		network, err := loopback.New()
		if err != nil {
			b.Skip("no sockets: ", err)
		}
		o := options{device: func(s *simnet.Sound) audio.Device { return timed{s, &clocks} }}
		end := func(name string, hz float64) *party {
			host, err := network.Host(name, netip.Addr{})
			if err != nil {
				b.Fatal(err)
			}
			return newPartyAt(b, host, name, o, hz)
		}
		var ends []*party
		for i := range calls {
			alice, bob := end(fmt.Sprint("alice", i), 440), end(fmt.Sprint("bob", i), 880)
			establish(b, alice, bob)
			ends = append(ends, alice, bob)
		}
		time.Sleep(length)
		for _, p := range ends {
			s := p.audio().Totals().RX
			concealed += s.Lost + s.Discarded
			packets += s.Packets
			p.close()
		}
	}
	b.ReportMetric(float64(clocks.underruns.Load()), "underruns")
	b.ReportMetric(float64(clocks.worst.Load())/1e6, "ms-worst")
	b.ReportMetric(float64(concealed), "concealed")
	b.ReportMetric(float64(packets)/float64(b.N), "packets/op")
	b.ReportMetric(100*float64(cputime.Used()-used)/float64(b.N)/float64(length), "%cpu")
}
