package streams_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/go-sipsimple/callflow/simnet"
)

// control collects the RTCP that a host sends.
type control struct {
	mu    sync.Mutex
	times []time.Time
	sent  [][]rtcp.Packet
}

func watchControl(t *testing.T, n *simnet.Network, host string) *control {
	c := &control{}
	n.Tap(func(p simnet.Packet) {
		if p.From != host || p.Src.Port()%2 == 0 {
			return
		}
		packets, err := rtcp.Unmarshal(p.Data)
		check(t, err)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.times, c.sent = append(c.times, p.Sent), append(c.sent, packets)
	})
	return c
}

func (c *control) all() ([]time.Time, [][]rtcp.Packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.times, c.sent
}

// TestReports: the first after ten packets, the others every 5 s or so, each
// with sender report and name; and BYE at the end.
func TestReports(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		c := watchControl(t, n, "alice")
		begin := time.Now()
		time.Sleep(time.Minute)
		alice.stream.End()
		time.Sleep(time.Second)
		times, sent := c.all()
		if first := times[0].Sub(begin); first < 200*time.Millisecond || first > 260*time.Millisecond {
			t.Errorf("first report after %v", first)
		}
		last := len(times) - 1
		for i := 1; i < last; i++ {
			if gap := times[i].Sub(times[i-1]); gap < 4500*time.Millisecond || gap > 5500*time.Millisecond {
				t.Errorf("report %d comes %v after the one before", i, gap)
			}
		}
		var name string
		for i, compound := range sent {
			report, ok := compound[0].(*rtcp.SenderReport)
			description, named := compound[1].(*rtcp.SourceDescription)
			if !ok || !named || len(report.Reports) != 1 || len(compound) != 2 && i < last {
				t.Fatalf("report %d: %v", i, compound)
			}
			if text := description.Chunks[0].Items[0].Text; name == "" {
				name = text
			} else if text != name {
				t.Errorf("name %q after %q", text, name)
			}
			if block := report.Reports[0]; block.TotalLost != 0 || block.FractionLost != 0 || block.Jitter > 8 {
				t.Errorf("a clean call is reported as %+v", block)
			}
		}
		if _, ok := sent[last][2].(*rtcp.Goodbye); !ok {
			t.Errorf("last report: %v", sent[last])
		}
		final := sent[last][0].(*rtcp.SenderReport)
		if s := alice.audio().Totals().TX; s.Packets != uint64(final.PacketCount) || s.Bytes != uint64(final.OctetCount) {
			t.Errorf("reported %+v, sent %+v", final, s)
		}
	})
}

// TestReceiverReports: who sends nothing reports as a receiver (RFC 3550 section 6.4.2), also who has sent before.
func TestReceiverReports(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		c := watchControl(t, n, "bob")
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		reports := func() (senders, receivers int) {
			_, before := c.all()
			time.Sleep(16 * time.Second)
			_, sent := c.all()
			for _, compound := range sent[len(before)+1:] { // the first tells of the time before
				switch compound[0].(type) {
				case *rtcp.SenderReport:
					senders++
				case *rtcp.ReceiverReport:
					receivers++
				}
			}
			return senders, receivers
		}
		for _, direction := range []string{"sendonly", "sendrecv", "sendonly"} {
			bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\na="+direction+"\r\n"))
			senders, receivers := reports()
			if sends := direction == "sendrecv"; senders+receivers < 2 || (senders > 0) != sends || (receivers > 0) == sends {
				t.Errorf("offer %s: %d sender reports, %d receiver reports", direction, senders, receivers)
			}
		}
	})
}

// TestControlOfOthers: only the source that is heard counts: its sender reports are answered, its BYE ends it, so that
// what it sends next begins anew, wherever its sequence is (RFC 3550 section 6.3.4).
func TestControlOfOthers(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		c := watchControl(t, n, "bob")
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		control := func(packets ...rtcp.Packet) {
			data, err := rtcp.Marshal(packets)
			check(t, err)
			_, err = p.conn.WriteTo(data, net.UDPAddrFromAddrPort(bob.audio().LocalRTPAddress())) // RFC 5761
			check(t, err)
		}
		sound := func(seq int) {
			for i := range 20 {
				p.send(t, bob, rtp.Header{SSRC: 1, SequenceNumber: uint16(seq + i)}, 160)
				time.Sleep(20 * time.Millisecond)
			}
		}
		told := func() uint32 {
			time.Sleep(6 * time.Second)
			_, sent := c.all()
			return sent[len(sent)-1][0].(*rtcp.SenderReport).Reports[0].LastSenderReport
		}
		sound(0)
		control(&rtcp.SenderReport{SSRC: 2, NTPTime: 2 << 16})
		if got := told(); got != 0 {
			t.Errorf("a sender report of another source is answered: %d", got)
		}
		control(&rtcp.SenderReport{SSRC: 1, NTPTime: 3 << 16})
		if got := told(); got != 3 {
			t.Errorf("a sender report of the source is answered with %d", got)
		}
		control(&rtcp.ReceiverReport{SSRC: 2}, &rtcp.Goodbye{Sources: []uint32{2}})
		sound(20)
		control(&rtcp.ReceiverReport{SSRC: 1}, &rtcp.Goodbye{Sources: []uint32{1}})
		sound(30000)
		if s := bob.audio().Totals().RX; s.Packets != 60 || s.Discarded+s.Lost != 0 {
			t.Errorf("statistics %+v", s)
		}
	})
}

// TestStatistics: both ends agree on loss; round trip and jitter are measured.
func TestStatistics(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 40 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.1})
		n.SetLink("bob", "alice", simnet.LinkConfig{Latency: 40 * time.Millisecond})
		time.Sleep(time.Minute)
		tx, rx := alice.audio().Totals(), bob.audio().Totals().RX
		if tx.RTT.Count < 8 || tx.RTT.Avg() < 80_000 || tx.RTT.Avg() > 100_000 || tx.RTT.Min > tx.RTT.Avg() || tx.RTT.Max < tx.RTT.Avg() {
			t.Errorf("round trip %+v", tx.RTT)
		}
		if tx.TX.Lost < 200 || tx.TX.Lost > rx.Lost || rx.Lost-tx.TX.Lost > 60 {
			t.Errorf("%d lost as reported, %d as seen by the peer", tx.TX.Lost, rx.Lost)
		}
		if !rx.BurstLoss || !rx.RandomLoss || rx.LossPeriod.Min != 20_000 || rx.LossPeriod.Max < 40_000 || rx.LossPeriod.Count < 200 {
			t.Errorf("losses %+v", rx)
		}
		if rx.Jitter.Avg() < 2000 || rx.Jitter.Avg() > 10_000 || tx.TX.Jitter.Avg() < 2000 || tx.TX.Jitter.Avg() > 10_000 {
			t.Errorf("jitter %+v, as reported %+v", rx.Jitter, tx.TX.Jitter)
		}
		value, _ := alice.audio().Attribute("statistics")
		if rtt := value.(map[string]any)["rtt"].(map[string]any)["avg"].(int); rtt != tx.RTT.Avg() {
			t.Errorf("attribute rtt %d", rtt)
		}
	})
}

// TestControlAddress: a=rtcp says where reports go, whatever the port of RTP.
func TestControlAddress(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"a=rtcp:4711\r\n", "p:4711"},
		{"a=rtcp:4712 IN IP4 Q\r\n", "q:4712"},
		{"a=rtcp:nonsense\r\n", "p:4001"},
		{"a=rtcp:\r\n", "p:4001"},
		{"a=rtcp:0\r\n", "p:4001"},
		{"", "p:4001"},
	} {
		inLab(t, func(n *simnet.Network) {
			bob := newParty(t, n, "bob", options{})
			defer bob.close()
			p, q := newPeer(t, n, "p", 4000), newPeer(t, n, "q", 4000)
			defer p.conn.Close()
			defer q.conn.Close()
			var got string
			var mu sync.Mutex
			n.Tap(func(packet simnet.Packet) {
				if packet.Src.Port()%2 == 1 {
					mu.Lock()
					defer mu.Unlock()
					got = fmt.Sprintf("%s:%d", packet.To, packet.Dst.Port())
				}
			})
			line := strings.ReplaceAll(test.line, "Q", q.addr.Addr().String())
			bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"+line))
			time.Sleep(6 * time.Second)
			mu.Lock()
			defer mu.Unlock()
			if got != test.want {
				t.Errorf("%q: reports go to %s, want %s", test.line, got, test.want)
			}
		})
	}
}

// TestOddControl: what is no RTCP, or comes from strangers, changes nothing.
func TestOddControl(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p, eve := newPeer(t, n, "p", 4000), newPeer(t, n, "eve", 4001)
		defer p.conn.Close()
		defer eve.conn.Close()
		host, err := n.Host("p2", netip.Addr{})
		check(t, err)
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\na=rtcp:4001 IN IP4 "+host.Addr().String()+"\r\n"))
		conn, err := host.ListenPacket("udp", ":4001")
		check(t, err)
		defer conn.Close()
		local := bob.audio().LocalRTPAddress()
		to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(local.Addr(), local.Port()+1))
		good, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{
			{SSRC: 2, TotalLost: 1<<24 - 1, LastSenderReport: 5, Delay: 1 << 31, Jitter: 1<<32 - 1}}}})
		check(t, err)
		odd := [][]byte{{}, {0x80}, {0x80, 200, 0, 1}, {0x81, 201, 0, 200, 1, 2, 3, 4}, {0xBF, 203, 0xFF, 0xFF, 0, 0, 0, 0},
			append([]byte{0x40}, good[1:]...), good[:len(good)-3], {0x81, 203, 0, 1, 0, 0, 0, 1}}
		for i := range good {
			damaged := append([]byte{}, good...)
			damaged[i] ^= 0xFF
			odd = append(odd, damaged)
		}
		for _, data := range append(odd, good) {
			_, err := conn.WriteTo(data, to)
			check(t, err)
			_, err = eve.conn.WriteTo(data, to)
			check(t, err)
		}
		bob.take()
		time.Sleep(time.Second)
		expect(t, "bob", bob.take())
		s := bob.audio().Totals()
		_, err = p.conn.WriteTo([]byte{0x80, 200, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, net.UDPAddrFromAddrPort(local))
		check(t, err)
		time.Sleep(time.Second)
		if muxed := bob.audio().Totals().RX; muxed.MalformedControl != s.RX.MalformedControl+1 || muxed.Packets+muxed.Unplayable+muxed.Malformed != 0 {
			t.Errorf("RTCP at the port of RTP (RFC 5761) is counted as %+v", muxed)
		}
		if s.RX.MalformedControl < 8 || s.RX.Strangers < 30 || s.RTT.Count != 0 || s.TX.Lost != 0 {
			t.Errorf("statistics %+v", s)
		}
	})
}
