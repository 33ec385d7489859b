package streams_test

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/simnet"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestLoss: concealment makes 5 % of loss nearly inaudible (P22).
func TestLoss(t *testing.T) {
	for _, hz := range []float64{440, 1020} {
		inLab(t, func(n *simnet.Network) {
			alice, bob := newParty(t, n, "alice", options{}, hz), newParty(t, n, "bob", options{})
			defer alice.close()
			defer bob.close()
			establish(t, alice, bob)
			n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 10 * time.Millisecond, Loss: 0.05})
			r := bob.hears(alice, time.Minute)
			if r.SNR < 18 || r.LongestGap > 60*time.Millisecond {
				t.Errorf("%v Hz with 5 %% loss: %+v", hz, r)
			}
			if lost := bob.audio().Totals().RX.Lost; lost < 100 || lost > 200 {
				t.Errorf("%d packets lost of 3000 at 5 %%", lost)
			}
		})
	}
}

// TestSmallJitter: jitter within a packet's time is not heard at all.
func TestSmallJitter(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		n.SetLink("", "", simnet.LinkConfig{Latency: 20 * time.Millisecond, Jitter: 5 * time.Millisecond})
		if r := bob.hears(alice, 10*time.Second); r.SNR < 35 || r.LongestGap > 0 {
			t.Errorf("bob hears alice: %+v", r)
		}
	})
}

// delayOf is how long sound takes from a microphone to an ear: it is interrupted for that.
func delayOf(from, to *party) time.Duration {
	from.sound.Play()
	time.Sleep(time.Second)
	begin := time.Now()
	from.sound.Play(from.plays...)
	time.Sleep(time.Second)
	return hear.Measure(to.sound.Heard(begin, time.Now()), to.sound.SampleRate(), from.plays).Delay
}

// TestMouthToEar is P19, of devices without a delay of their own.
func TestMouthToEar(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		n.SetLink("", "", simnet.LinkConfig{Latency: 20 * time.Millisecond})
		time.Sleep(time.Second)
		if delay := delayOf(alice, bob); delay <= 20*time.Millisecond || delay > 110*time.Millisecond {
			t.Errorf("%v from microphone to ear, 20 ms of them in the network", delay)
		}
	})
}

// TestLargeJitter: the buffer adapts (P20).
func TestLargeJitter(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		time.Sleep(time.Second)
		clean := delayOf(alice, bob)
		n.SetLink("", "", simnet.LinkConfig{Latency: 10 * time.Millisecond, Jitter: 40 * time.Millisecond})
		time.Sleep(5 * time.Second)
		before := bob.audio().Totals().RX
		time.Sleep(55 * time.Second)
		after := bob.audio().Totals().RX
		if late := after.Lost - before.Lost; late > 55*50/100 {
			t.Errorf("%d packets not played in 55 s, more than 1 %%", late)
		}
		if added := delayOf(alice, bob) - clean; added > 80*time.Millisecond {
			t.Errorf("the jitter adds %v of delay", added)
		}
		n.SetLink("", "", simnet.LinkConfig{Latency: 10 * time.Millisecond})
		time.Sleep(10 * time.Second)
		if added := delayOf(alice, bob) - clean; added > 40*time.Millisecond {
			t.Errorf("10 s after the jitter %v of delay are left", added)
		}
		if r := bob.hears(alice, 5*time.Second); r.SNR < 35 {
			t.Errorf("after the jitter: %+v", r)
		}
	})
}

// TestReorderingAndDuplicates is P21: once the buffer has grown by what is late, nothing that comes is lost, whatever its
// order, and nothing comes twice. What is heard then is the clean sound.
func TestReorderingAndDuplicates(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		n.SetLink("", "", simnet.LinkConfig{Latency: 10 * time.Millisecond, Reorder: 0.02, Duplicate: 0.02})
		time.Sleep(5 * time.Second)
		before := bob.audio().Totals().RX
		r := bob.hears(alice, 30*time.Second)
		s := bob.audio().Totals().RX
		t.Logf("SNR %.1f dB, longest gap %v, %+v", r.SNR, r.LongestGap, s)
		if r.SNR < 35 || r.LongestGap > 0 {
			t.Errorf("bob hears alice: %+v", r)
		}
		if s.Duplicate == before.Duplicate || s.Reordered == before.Reordered {
			t.Errorf("nothing was duplicated or overtaken: %+v", s)
		}
		if lost := s.Lost - before.Lost; lost > 0 {
			t.Errorf("%d packets of 1500 came in vain: %+v", lost, s)
		}
	})
}

// TestStrangers: packets from elsewhere, and packets that are no RTP, are not
// played and do no harm.
func TestStrangers(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		host, err := n.Host("eve", netip.Addr{})
		check(t, err)
		eve, err := host.ListenPacket("udp", ":4000")
		check(t, err)
		defer eve.Close()
		to := net.UDPAddrFromAddrPort(bob.audio().LocalRTPAddress())
		noise := make([]byte, 160)
		for i := range noise {
			noise[i] = byte(i * 37)
		}
		bob.sound.Play() // nothing of his own
		alice.sound.Play()
		time.Sleep(time.Second)
		from := time.Now()
		for i := range 100 {
			p := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(i), Timestamp: uint32(160 * i), SSRC: 7}, Payload: noise}
			data, err := p.Marshal()
			check(t, err)
			_, err = eve.WriteTo(data, to)
			check(t, err)
			for _, garbage := range [][]byte{{}, {0x80}, data[:11], append([]byte{0}, data[1:]...)} {
				_, err = eve.WriteTo(garbage, to)
				check(t, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		heard := bob.sound.Heard(from, time.Now())
		for _, s := range heard {
			if s > 200 || s < -200 {
				t.Fatalf("bob heard a stranger: sample %d", s)
			}
		}
		if s := bob.audio().Totals().RX; s.Strangers < 400 {
			t.Errorf("strangers not counted: %+v", s)
		}
	})
}

// peer is a hand-made RTP sender and receiver in place of a stream.
type peer struct {
	conn net.PacketConn
	addr netip.AddrPort
	got  atomic.Int64
}

func newPeer(t *testing.T, n *simnet.Network, name string, port int) *peer {
	host, err := n.Host(name, netip.Addr{})
	check(t, err)
	p := &peer{addr: netip.AddrPortFrom(host.Addr(), uint16(port))}
	p.conn, err = host.ListenUDP("udp", net.UDPAddrFromAddrPort(p.addr))
	check(t, err)
	p.conn.(interface {
		SetReceiver(func([]byte, netip.AddrPort))
	}).SetReceiver(func([]byte, netip.AddrPort) { p.got.Add(1) })
	return p
}

// send sends a packet of samples octets, all of them 0, to the stream of bob.
func (p *peer) send(t *testing.T, bob *party, h rtp.Header, samples int) {
	h.Version = 2
	packet := rtp.Packet{Header: h, Payload: make([]byte, samples)}
	data, err := packet.Marshal()
	check(t, err)
	_, err = p.conn.WriteTo(data, net.UDPAddrFromAddrPort(bob.audio().LocalRTPAddress()))
	check(t, err)
}

func (p *peer) offer(t *testing.T, rest string) string {
	return "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 " + p.addr.Addr().String() + "\r\nt=0 0\r\n" + rest
}

// answered lets p have a stream for an offer, started or updated.
func (p *party) answered(t *testing.T, text string) {
	offer, err := callsdp.Parse([]byte(text))
	check(t, err)
	check(t, p.neg.SetRemoteOffer(offer))
	fresh := p.stream == nil
	if fresh {
		p.accept(offer)
	} else if !p.stream.ValidateUpdate(offer, 0) {
		t.Error("the offer is refused")
	}
	_, err = p.neg.SetLocalAnswer(p.media(false))
	check(t, err)
	if fresh {
		p.start()
	} else {
		p.update()
	}
}

// calls lets p have a stream that p answers with a line.
func (p *party) calls(t *testing.T, to *peer, line string) {
	p.stream = streams.NewAudioStream(p.env)
	check(t, p.stream.Initialize(p.owner(), streams.Outgoing))
	_, err := p.neg.SetLocalOffer(p.media(true))
	check(t, err)
	answer, err := callsdp.Parse([]byte(to.offer(t, line)))
	check(t, err)
	check(t, p.neg.SetRemoteAnswer(answer))
	p.start()
}

// TestUpdateMovesTheStream to another port and to another address; the SSRC and
// the sequence go on.
func TestUpdateMovesTheStream(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{}, 440)
		defer bob.close()
		p1, p2 := newPeer(t, n, "p1", 4000), newPeer(t, n, "p2", 4000)
		defer p1.conn.Close()
		defer p2.conn.Close()
		var last *rtp.Header
		n.Tap(func(p simnet.Packet) {
			h := &rtp.Header{}
			_, err := h.Unmarshal(p.Data)
			check(t, err)
			if last != nil && (h.SSRC != last.SSRC || h.SequenceNumber != last.SequenceNumber+1 || h.Timestamp != last.Timestamp+160) {
				t.Errorf("%+v after %+v", h, last)
			}
			last = h
		})
		line := "m=audio 4000 RTP/AVP 0\r\n"
		bob.answered(t, p1.offer(t, line))
		bob.take()
		time.Sleep(time.Second)
		bob.answered(t, p1.offer(t, line))
		expect(t, "bob", bob.take())
		bob.answered(t, p2.offer(t, line))
		expect(t, "bob", bob.take(), "AudioPortDidChangeSlots", "AudioStreamDidChangeRTPParameters")
		time.Sleep(100 * time.Millisecond)
		p1.got.Store(0)
		time.Sleep(time.Second)
		if p1.got.Load() != 0 || p2.got.Load() < 50 {
			t.Errorf("old end got %d packets, new one %d", p1.got.Load(), p2.got.Load())
		}
	})
}

// TestOldHold: 0.0.0.0 is a hold by the peer, and the same address afterwards is
// no move.
func TestOldHold(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{}, 440)
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		bob.take()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"))
		expect(t, "bob", bob.take(), "AudioStreamDidChangeHoldState remote on")
		time.Sleep(100 * time.Millisecond)
		p.got.Store(0)
		time.Sleep(time.Second)
		if p.got.Load() != 0 {
			t.Errorf("%d packets while held", p.got.Load())
		}
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		expect(t, "bob", bob.take(), "AudioStreamDidChangeHoldState remote off")
		time.Sleep(time.Second)
		if p.got.Load() < 48 {
			t.Errorf("%d packets in a second after the hold", p.got.Load())
		}
	})
}

// TestOddPackets: other packet lengths, a new SSRC, a jump of the sequence, and
// unknown payload types.
func TestOddPackets(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0 8\r\n"))
		send := func(h rtp.Header, samples int) { p.send(t, bob, h, samples) } // 0x00: -32124
		for i := range 50 {                                                    // 30 ms packets
			send(rtp.Header{SequenceNumber: 100 + uint16(i), SSRC: 1}, 240)
			send(rtp.Header{SequenceNumber: 100 + uint16(i), SSRC: 1, PayloadType: 101}, 240)
			time.Sleep(30 * time.Millisecond)
		}
		for i := range 50 { // 10 ms packets of another source
			send(rtp.Header{SequenceNumber: 40000 + uint16(i), SSRC: 2}, 80)
			time.Sleep(10 * time.Millisecond)
		}
		for i := range 50 { // the same one, restarted
			send(rtp.Header{SequenceNumber: 7 + uint16(i), SSRC: 2}, 160)
			time.Sleep(20 * time.Millisecond)
		}
		quiet := 0
		for _, s := range bob.sound.Heard(time.Now().Add(-3*time.Second), time.Now()) {
			if s > -30000 {
				quiet++
			}
		}
		if quiet > 1600 {
			t.Errorf("%d ms of 3 s are missing", quiet/8)
		}
		if s := bob.audio().Totals().RX; s.Unplayable != 50 {
			t.Errorf("statistics %+v", s)
		}
	})
}

// TestNumberOfThePeer: a peer that answers with a payload type of its own (against RFC 3264 section 5.1) is sent that, and
// heard with it.
func TestNumberOfThePeer(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		sent := watchPackets(t, n, "bob")
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.calls(t, p, "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMU/8000\r\n")
		for seq := range uint16(20) {
			p.send(t, bob, rtp.Header{SequenceNumber: seq, PayloadType: 96}, 160)
			time.Sleep(20 * time.Millisecond)
		}
		if s := bob.audio().Totals().RX; s.Packets != 20 || s.Unplayable != 0 {
			t.Errorf("statistics %+v", s)
		}
		if got := sent.all()[5].PayloadType; got != 96 || bob.audio().Codec() != "PCMU" {
			t.Errorf("bob sends %d, %s", got, bob.audio().Codec())
		}
	})
}

// TestOldHoldInAnAnswer: 0.0.0.0 holds in an answer too, whatever direction it tells.
func TestOldHoldInAnAnswer(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{}, 440)
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.calls(t, p, "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=sendrecv\r\n")
		if !bob.stream.OnHoldByRemote() || bob.stream.OnHoldByLocal() || bob.audio().RemoteRTPAddress().IsValid() {
			t.Errorf("held by the peer: %t, by us: %t, sends to %v", bob.stream.OnHoldByRemote(), bob.stream.OnHoldByLocal(), bob.audio().RemoteRTPAddress())
		}
		expect(t, "bob", bob.take(), "MediaStreamDidInitialize", "AudioPortDidChangeSlots", "AudioStreamDidChangeHoldState remote on", "MediaStreamDidStart")
	})
}

// TestMalformedPackets: what comes from the peer and is no RTP is counted and harms nothing; padding, CSRCs and an
// extension (RFC 3550 section 5.1) are no sound.
func TestMalformedPackets(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		to := net.UDPAddrFromAddrPort(bob.audio().LocalRTPAddress())
		header := func(first byte, seq int) []byte { return []byte{first, 0, 0, byte(seq), 0, 0, 0, 0, 0, 0, 0, 1} }
		begin := time.Now()
		for i := range 50 {
			sound := make([]byte, 160)
			packet := append(append(header(0xB1, i), 9, 9, 9, 9, 0xBE, 0xDE, 0, 1, 7, 7, 7, 7), sound...) // a CSRC and an extension
			packet = append(packet, 1, 2, 3, 4)                                                           // and padding
			for _, data := range [][]byte{
				packet, {}, {0x80}, packet[:11], append(header(0x40, i), sound...), append(header(0xC0, i), sound...),
				header(0x8F, i), append(header(0x90, i), 0xBE, 0xDE, 0xFF, 0xFF), append(header(0xA0, i), 200), append(header(0xA0, i), 0),
			} {
				_, err := p.conn.WriteTo(data, to)
				check(t, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		loud := 0
		for _, s := range bob.sound.Heard(begin, time.Now()) {
			if s < -31000 {
				loud++
			}
		}
		if s := bob.audio().Totals().RX; s.Packets != 50 || s.Bytes != 50*160 || s.Malformed != 50*9 || s.Lost+s.Unplayable+s.Strangers != 0 {
			t.Errorf("statistics %+v", s)
		}
		if loud < 950*8 {
			t.Errorf("%d ms of a second are heard", loud/8)
		}
	})
}

// TestSeveralCodecsAnswered: a peer that answers with more than one codec may send any of them (RFC 3264 section 7),
// also one of another rate. We send the first.
func TestSeveralCodecsAnswered(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		sent := watchPackets(t, n, "bob")
		bob := newParty(t, n, "bob", options{rate: 16000, codecs: []string{"G722", "PCMU", "PCMA"}})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.calls(t, p, "m=audio 4000 RTP/AVP 9 0\r\n")
		begin := time.Now()
		for seq := range uint16(150) {
			h := rtp.Header{SequenceNumber: seq, Timestamp: 160 * uint32(seq), SSRC: 1}
			p.send(t, bob, h, 160) // PCMU of the lowest value
			time.Sleep(20 * time.Millisecond)
		}
		loud := 0
		for _, s := range bob.sound.Heard(begin, time.Now()) {
			if s < -31000 {
				loud++
			}
		}
		if loud < 2800*16 {
			t.Errorf("%d ms of 3 s are heard", loud/16)
		}
		if s := bob.audio().Totals().RX; s.Packets != 150 || s.Unplayable != 0 {
			t.Errorf("statistics %+v", s)
		}
		if got := sent.all()[10].PayloadType; got != 9 || bob.audio().Codec() != "G722" {
			t.Errorf("bob sends payload type %d, %s", got, bob.audio().Codec())
		}
	})
}

// TestPorts: pairs rotate through the range, are skipped while busy, and run
// out.
func TestPorts(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		alice := newParty(t, n, "alice", options{ports: [2]int{50000, 50006}})
		defer alice.close()
		busy, err := alice.host.ListenPacket("udp", ":50003")
		check(t, err)
		defer busy.Close()
		open := func() (*streams.AudioStream, uint16) {
			s := streams.NewAudioStream(alice.env)
			check(t, s.Initialize(alice.owner(), streams.Outgoing))
			return s, s.LocalRTPAddress().Port()
		}
		first, port := open()
		if port != 50000 {
			t.Errorf("first port %d", port)
		}
		first.End()
		second, port := open()
		defer second.End()
		if port != 50004 {
			t.Errorf("second port %d, want 50004: 50002 has no free RTCP port, 50000 was just used", port)
		}
		third, _ := open()
		defer third.End()
		alice.take()
		fourth, _ := open()
		if log := alice.take(); len(log) != 1 || fourth.State() != streams.AudioEnded {
			t.Errorf("no port left: %v, state %s", log, fourth.State())
		}
		fourth.End()
		if _, err := fourth.LocalMedia(true); !isIllegal(err) {
			t.Errorf("LocalMedia of a failed stream: %v", err)
		}
		expect(t, "alice", alice.take())
	})
}

func isIllegal(err error) bool {
	_, ok := errors.AsType[*streams.IllegalStateError](err)
	return ok
}
