package streams_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/go-sipsimple/callflow/simnet"
)

// packets collects the RTP that a host sends.
type packets struct {
	mu   sync.Mutex
	list []rtp.Packet
}

func watchPackets(t *testing.T, n *simnet.Network, host string) *packets {
	c := &packets{}
	n.Tap(func(p simnet.Packet) {
		if p.From != host || p.Src.Port()%2 == 1 {
			return
		}
		var packet rtp.Packet
		check(t, packet.Unmarshal(p.Data))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.list = append(c.list, packet)
	})
	return c
}

func (c *packets) all() []rtp.Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list
}

// TestTalkSpurts: the marker is on the first packet and on the first one after a pause, in which the timestamp goes on
// and the sequence does not (RFC 3550 section 5.1).
func TestTalkSpurts(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		sent := watchPackets(t, n, "bob")
		bob := newParty(t, n, "bob", options{}, 440)
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		time.Sleep(time.Second)
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\na=inactive\r\n"))
		before := len(sent.all())
		time.Sleep(time.Second)
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		time.Sleep(time.Second)
		list := sent.all()
		if before < 45 || len(list) < before+45 {
			t.Fatalf("%d packets, %d of them before the pause", len(list), before)
		}
		for i, packet := range list {
			if begins := i == 0 || i == before; packet.Marker != begins {
				t.Errorf("packet %d: marker %t", i, packet.Marker)
			}
			if i == 0 {
				continue
			}
			step := packet.Timestamp - list[i-1].Timestamp
			if i == before && (step < 50*160 || step > 52*160) || i != before && step != 160 || packet.SequenceNumber != list[i-1].SequenceNumber+1 {
				t.Errorf("packet %d: sequence number %d after %d, timestamp +%d", i, packet.SequenceNumber, list[i-1].SequenceNumber, step)
			}
		}
	})
}

// TestBeginnings: SSRC, sequence number and timestamp of a stream begin anywhere (RFC 3550 section 5.1).
func TestBeginnings(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, _, _ *party) {
		a, b := watchPackets(t, n, "alice"), watchPackets(t, n, "bob")
		time.Sleep(100 * time.Millisecond)
		far := func(x, y uint32) bool { return x-y > 1<<16 && y-x > 1<<16 }
		x, y := a.all()[0], b.all()[0]
		if !far(x.SSRC, y.SSRC) || !far(x.Timestamp, y.Timestamp) || !far(x.Timestamp, 0) || !far(y.Timestamp, 0) || x.SequenceNumber == y.SequenceNumber {
			t.Errorf("alice begins with %+v, bob with %+v", x.Header, y.Header)
		}
	})
}

// TestStatisticsGoOn: what was counted stays when the path changes, and what was measured when the source does.
func TestStatisticsGoOn(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{}, 440)
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		for i := range 20 {
			p.send(t, bob, rtp.Header{SequenceNumber: uint16(3 * i), Timestamp: uint32(480 * i), SSRC: 1}, 160)
			time.Sleep(20 * time.Millisecond) // each at a third of the pace of its timestamps
		}
		first := bob.audio().Totals()
		if first.RX.Packets != 20 || first.RX.Bytes != 20*160 || first.RX.LossPeriod.Count != 19 || first.RX.LossPeriod.Max != 40_000 || first.RX.Jitter.Max < 10_000 {
			t.Errorf("before the change: %+v", first.RX)
		}
		if first.TX.Bytes != 160*first.TX.Packets || first.TX.Packets < 18 {
			t.Errorf("sent %+v", first.TX)
		}
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 8\r\n"))
		p.send(t, bob, rtp.Header{SequenceNumber: 9, SSRC: 2, PayloadType: 8}, 160)
		time.Sleep(time.Second)
		second := bob.audio().Totals()
		if second.RX.Packets != 21 || second.RX.Lost < first.RX.Lost || second.RX.LossPeriod != first.RX.LossPeriod || second.RX.Jitter.Max != first.RX.Jitter.Max {
			t.Errorf("after the change: %+v\nbefore: %+v", second.RX, first.RX)
		}
		if second.TX.Packets <= first.TX.Packets {
			t.Errorf("sent %+v, before %+v", second.TX, first.TX)
		}
	})
}

// TestReportsGoOn: a source that stays the same over a change of the codec is reported as before.
func TestReportsGoOn(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		c := watchControl(t, n, "bob")
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		seq := uint16(65530)
		for i, payloadType := range []uint8{0, 8} {
			bob.answered(t, p.offer(t, fmt.Sprintf("m=audio 4000 RTP/AVP %d\r\n", payloadType)))
			for range 20 {
				p.send(t, bob, rtp.Header{SequenceNumber: seq, SSRC: 1, PayloadType: payloadType}, 160)
				seq++
				time.Sleep(20 * time.Millisecond)
			}
			seq += uint16(5 * (1 - i)) // five are lost meanwhile
		}
		time.Sleep(10 * time.Second)
		_, sent := c.all()
		last := sent[len(sent)-1][0].(*rtcp.SenderReport).Reports[0]
		if last.SSRC != 1 || last.TotalLost != 5 || last.LastSequenceNumber != 65530+44 {
			t.Errorf("the last report is %+v", last)
		}
	})
}
