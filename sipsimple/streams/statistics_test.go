package streams_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// sum adds up what readings of one direction have counted.
func sum(readings []streams.Flow) (f streams.Flow) {
	for _, r := range readings {
		f.Packets += r.Packets
		f.Bytes += r.Bytes
		f.Discarded += r.Discarded
		f.Lost += r.Lost
		f.LossPeriod.Count += r.LossPeriod.Count
		f.Jitter.Count += r.Jitter.Count
	}
	return f
}

// TestStatisticsAreResetByReading: each reading counts and measures what came since
// the one before, over a change of the path too; together they are the totals, which
// nothing resets.
func TestStatisticsAreResetByReading(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		lossy := simnet.LinkConfig{Latency: 10 * time.Millisecond, Loss: 0.2}
		var sent, received []streams.Flow
		read := func(seconds int) streams.Flow {
			for range seconds {
				time.Sleep(time.Second)
				sent = append(sent, alice.audio().Statistics().TX)
				received = append(received, bob.audio().Statistics().RX)
			}
			return received[len(received)-1]
		}
		n.SetLink("alice", "bob", lossy)
		if s := read(10); s.Packets < 30 || s.Packets > 50 || s.Lost == 0 || s.Lost > 25 || !s.RandomLoss || s.Jitter.Count > 50 {
			t.Errorf("in a second of losses: %+v", s)
		}
		n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 10 * time.Millisecond})
		read(1)
		quiet := read(1)
		if quiet.Packets < 49 || quiet.Lost != 0 || quiet.BurstLoss || quiet.RandomLoss || quiet.LossPeriod.Count != 0 || quiet.Jitter.Max > 1000 {
			t.Errorf("in a second without losses: %+v", quiet)
		}

		n.SetLink("alice", "bob", lossy)
		time.Sleep(time.Second)
		moved := peer{addr: netip.AddrPortFrom(alice.host.Addr(), 6000)}
		bob.answered(t, moved.offer(t, "m=audio 6000 RTP/AVP 0\r\n")) // bob's stream is built anew, and remembers
		read(2)
		total, told := bob.audio().Totals().RX, sum(received)
		if told.Packets != total.Packets || told.Bytes != total.Bytes || told.Lost != total.Lost || told.Discarded != total.Discarded {
			t.Errorf("readings tell %+v, the whole is %+v", told, total)
		}
		if told.LossPeriod.Count != total.LossPeriod.Count || told.Jitter.Count != total.Jitter.Count || total.Jitter.Count < 500 {
			t.Errorf("readings measured %+v, the whole is %+v", told, total)
		}
		if total, told := alice.audio().Totals().TX, sum(sent); told.Packets != total.Packets || told.Bytes != total.Bytes {
			t.Errorf("sent %+v as read, %+v as a whole", told, total)
		}
		if again := bob.audio().Statistics(); again.RX.Packets != 0 || again.RTT.Count != 0 || again.TX.Jitter.Count != 0 || again.RX.Jitter.Count != 0 {
			t.Errorf("read twice at once: %+v", again)
		}
	})
}

// TestReadingDisturbsNoTimeout: the check for silence has a counter of its own (streams.md 5.7).
func TestReadingDisturbsNoTimeout(t *testing.T) {
	withCall(t, options{timeout: time.Second}, func(_ *simnet.Network, alice, bob *party) {
		alice.take()
		for range 350 {
			time.Sleep(10 * time.Millisecond)
			alice.audio().Statistics()
		}
		expect(t, "alice", alice.take())
	})
}
