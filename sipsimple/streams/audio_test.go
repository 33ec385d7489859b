package streams_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/simnet"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

func expect(t testing.TB, who string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s posted\n  %s\nwant\n  %s", who, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestCall is a clean call at every combination of codec and mixer rate.
func TestCall(t *testing.T) {
	d := 3 * time.Second
	if streams.RaceDetector {
		d = 700 * time.Millisecond
	}
	for _, codec := range []string{"PCMU", "PCMA", "G722"} {
		for _, rate := range []int{8000, 16000, 32000, 44100, 48000} {
			if codec == "G722" && rate < 16000 {
				continue // the mixer is too slow for it
			}
			t.Run(fmt.Sprintf("%s at %d Hz", codec, rate), func(t *testing.T) {
				withCall(t, options{rate: rate, codecs: []string{codec}}, func(_ *simnet.Network, alice, bob *party) {
					r := bob.hears(alice, d)
					if r.SNR < 35 || r.LongestGap > 0 || !slices.Equal(r.Tones, []float64{440}) {
						t.Errorf("bob hears alice: %+v", r)
					}
					if r.Level < -6.2 || r.Level > -5.9 {
						t.Errorf("bob hears alice at %.2f dBFS", r.Level)
					}
					if r := alice.hears(bob, d); r.SNR < 35 || r.LongestGap > 0 {
						t.Errorf("alice hears bob: %+v", r)
					}
					if got := alice.audio().Codec(); got != codec {
						t.Errorf("alice speaks %s", got)
					}
				})
			})
		}
	}
}

func TestOrderOfNotifications(t *testing.T) {
	withCall(t, options{}, func(_ *simnet.Network, alice, bob *party) {
		for _, p := range []*party{alice, bob} {
			expect(t, p.host.Name(), p.take(), "MediaStreamDidInitialize", "AudioPortDidChangeSlots", "MediaStreamDidStart")
			p.stream.Deactivate()
			p.stream.End()
			p.stream.End()
			expect(t, p.host.Name(), p.take(), "MediaStreamWillEnd", "MediaStreamDidEnd")
		}
	})
}

func TestOffer(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		alice := newParty(t, n, "alice", options{})
		defer alice.close()
		alice.stream = streams.NewAudioStream(alice.env)
		check(t, alice.stream.Initialize(alice.owner(), streams.Outgoing))
		got := string(callsdp.Marshal(alice.media(true)))
		want := strings.Join([]string{"m=audio 50000 RTP/AVP 0 8 101", "a=rtcp:50001", "a=rtpmap:0 PCMU/8000",
			"a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=sendrecv", ""}, "\r\n")
		if _, line, _ := strings.Cut(got, "t=0 0\r\n"); line != want {
			t.Errorf("offer:\n%s\nwant\n%s", line, want)
		}
	})
}

// TestAudioValidateUpdate: a re-INVITE may change codec, address and direction, and end the m-line, but not make another
// of it.
func TestAudioValidateUpdate(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		for line, want := range map[string]bool{
			"m=audio 4000 RTP/AVP 0": true, "m=audio 4000 RTP/AVP 8": true, "m=audio 5000 RTP/AVP 18 0": true, "m=audio 0 RTP/AVP 0": true,
			"m=audio 0 RTP/AVP 18": true, "m=audio 4000 RTP/AVP 18": false, "m=video 4000 RTP/AVP 0": false, "m=audio 4000 RTP/SAVP 0": false,
			"m=audio 4000 UDP/TLS/RTP/SAVP 0": false,
		} {
			d, err := callsdp.Parse([]byte(p.offer(t, line+"\r\n")))
			check(t, err)
			if got := bob.stream.ValidateUpdate(d, 0); got != want {
				t.Errorf("%s: %t", line, got)
			}
			if bob.stream.ValidateUpdate(d, 1) {
				t.Errorf("%s: there is no second line", line)
			}
		}
	})
}

// TestCodecNames: formats are compared by name, whatever its case, by rate and by channels; static types need no rtpmap.
func TestCodecNames(t *testing.T) {
	for formats, want := range map[string]string{
		"0\r\n": "PCMU", "8\r\n": "PCMA", "97\r\na=rtpmap:97 pCmU/8000\r\n": "PCMU", "97\r\na=rtpmap:97 PCMU/16000\r\n": "",
		"97\r\na=rtpmap:97 PCMU/8000/2\r\n": "", "97\r\n": "", "0\r\na=rtpmap:0 G729/8000\r\n": "", "18 96\r\na=rtpmap:96 pcma/8000/1\r\n": "PCMA",
	} {
		inLab(t, func(n *simnet.Network) {
			sent := watchPackets(t, n, "bob")
			bob := newParty(t, n, "bob", options{})
			defer bob.close()
			p := newPeer(t, n, "p", 4000)
			defer p.conn.Close()
			text := p.offer(t, "m=audio 4000 RTP/AVP "+formats)
			offer, err := callsdp.Parse([]byte(text))
			check(t, err)
			var registry streams.Registry
			streams.RegisterAudio(&registry)
			if _, err := registry.NewFromSDP(bob.env, offer, 0); (err == nil) != (want != "") {
				t.Errorf("%q: %v", formats, err)
			}
			if want == "" {
				return
			}
			bob.answered(t, text)
			time.Sleep(100 * time.Millisecond)
			number := fmt.Sprint(sent.all()[0].PayloadType)
			if got := bob.audio().Codec(); got != want || !slices.Contains(offer.MediaDescriptions[0].MediaName.Formats, number) || number == "18" {
				t.Errorf("%q: %s is spoken as %s", formats, got, number)
			}
		})
	}
}

// TestAnswerHasOneCodec: the first of the offer's order that we have, under the
// offer's number.
func TestAnswerHasOneCodec(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		offer, err := callsdp.Parse([]byte("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n" +
			"m=audio 4000 RTP/AVP 18 96 0\r\na=rtpmap:96 pcma/8000\r\na=sendonly\r\n"))
		check(t, err)
		bob.accept(offer)
		got := string(callsdp.Marshal(bob.media(false)))
		want := strings.Join([]string{"m=audio 50000 RTP/AVP 96", "a=rtcp:50001", "a=rtpmap:96 PCMA/8000", "a=recvonly", ""}, "\r\n")
		if _, line, _ := strings.Cut(got, "t=0 0\r\n"); line != want {
			t.Errorf("answer:\n%s\nwant\n%s", line, want)
		}
	})
}

func TestHold(t *testing.T) {
	withCall(t, options{}, func(_ *simnet.Network, alice, bob *party) {
		time.Sleep(time.Second)
		alice.take()
		bob.take()
		sent := alice.audio().Totals().TX.Packets

		alice.stream.Hold()
		if alice.stream.OnHold() {
			t.Error("on hold before the peer was told")
		}
		held := time.Now().Add(100 * time.Millisecond) // P17
		time.Sleep(1100 * time.Millisecond)
		if r := hear.Measure(bob.sound.Heard(held, time.Now()), 8000, nil); !r.Silence {
			t.Errorf("bob hears alice, who holds: %+v", r)
		}
		if r := alice.hears(bob, time.Second); !r.Silence {
			t.Errorf("alice, who holds, hears bob: %+v", r)
		}
		renegotiate(t, alice, bob)
		expect(t, "alice", alice.take(), "AudioStreamDidChangeHoldState local on")
		expect(t, "bob", bob.take(), "AudioStreamDidChangeHoldState remote on")
		received := alice.audio().Totals().RX.Packets
		time.Sleep(time.Second)
		if got := alice.audio().Totals().RX.Packets - received; got > 1 {
			t.Errorf("bob, who may not send, sent %d packets", got)
		}
		if got := alice.audio().Totals().TX.Packets - sent; got < 150 {
			t.Errorf("alice sent only %d packets of silence", got)
		}

		alice.stream.Unhold()
		if r := bob.hears(alice, 500*time.Millisecond); !r.Silence {
			t.Error("bob hears alice before he was told")
		}
		renegotiate(t, alice, bob)
		if r := bob.hears(alice, time.Second); r.SNR < 35 || r.LongestGap > 0 {
			t.Errorf("bob hears alice after the hold: %+v", r)
		}
		if r := alice.hears(bob, time.Second); r.SNR < 35 || r.LongestGap > 0 {
			t.Errorf("alice hears bob after the hold: %+v", r)
		}
		expect(t, "alice", alice.take(), "AudioStreamDidChangeHoldState local off")
		expect(t, "bob", bob.take(), "AudioStreamDidChangeHoldState remote off")
	})
}

// TestBothHold walks through the table of session.md 7.10.
func TestBothHold(t *testing.T) {
	withCall(t, options{}, func(_ *simnet.Network, alice, bob *party) {
		flags := func(step string, a, b [2]bool) {
			t.Helper()
			for _, x := range []struct {
				p    *party
				want [2]bool
			}{{alice, a}, {bob, b}} {
				if got := [2]bool{x.p.stream.OnHoldByLocal(), x.p.stream.OnHoldByRemote()}; got != x.want {
					t.Errorf("%s: %s is held by local, remote %v, want %v", step, x.p.host.Name(), got, x.want)
				}
			}
		}
		alice.stream.Hold()
		renegotiate(t, alice, bob)
		flags("A hold", [2]bool{true, false}, [2]bool{false, true})
		bob.stream.Hold()
		renegotiate(t, bob, alice)
		flags("B hold", [2]bool{true, true}, [2]bool{true, true})
		alice.stream.Unhold()
		renegotiate(t, alice, bob)
		flags("A unhold", [2]bool{false, true}, [2]bool{true, false})
		bob.stream.Unhold()
		renegotiate(t, bob, alice)
		flags("B unhold", [2]bool{false, false}, [2]bool{false, false})
		if r := alice.hears(bob, time.Second); r.SNR < 35 {
			t.Errorf("alice hears bob: %+v", r)
		}
	})
}

func TestMute(t *testing.T) {
	withCall(t, options{}, func(_ *simnet.Network, alice, bob *party) {
		alice.take()
		alice.audio().SetMuted(true)
		alice.audio().SetMuted(true)
		if r := alice.hears(bob, time.Second); !r.Silence {
			t.Errorf("alice hears bob, whom she muted: %+v", r)
		}
		if r := bob.hears(alice, time.Second); r.SNR < 35 {
			t.Errorf("bob hears alice: %+v", r)
		}
		expect(t, "alice", alice.take(), "AudioPortDidChangeSlots")
		alice.audio().SetMuted(false)
		bob.audio().Device().SetInputMuted(true)
		if r := alice.hears(bob, time.Second); !r.Silence {
			t.Errorf("alice hears bob's muted microphone: %+v", r)
		}
	})
}

// TestTimeout: rtp.timeout after the start, then again and again, as long as
// nothing comes and something should.
func TestTimeout(t *testing.T) {
	withCall(t, options{timeout: 2 * time.Second}, func(n *simnet.Network, alice, bob *party) {
		alice.take()
		time.Sleep(5 * time.Second)
		expect(t, "alice", alice.take())
		bob.stream.End()
		time.Sleep(6 * time.Second)
		expect(t, "alice", alice.take(), "AudioStreamDidTimeout", "AudioStreamDidTimeout")
		alice.stream.Hold()
	})
}

// TestTimeoutSetting: 30 s without a setting, never with a negative one.
func TestTimeoutSetting(t *testing.T) {
	for timeout, want := range map[time.Duration][2]int{0: {0, 1}, -1: {0, 0}, 29 * time.Second: {1, 1}} {
		withCall(t, options{timeout: timeout}, func(_ *simnet.Network, alice, bob *party) {
			bob.stream.End()
			alice.take()
			time.Sleep(29500 * time.Millisecond)
			first := len(alice.take())
			time.Sleep(time.Second)
			if second := first + len(alice.take()); first != want[0] || second != want[1] {
				t.Errorf("setting %v: told %d times after 29.5 s and %d times after 30.5 s, want %v", timeout, first, second, want)
			}
		})
	}
}

// TestEarlySound: whoever has offered to receive hears what comes before the answer (RFC 3264 section 5.1), and nothing
// if that is all that was agreed on.
func TestEarlySound(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.calls(t, p, "m=audio 4000 RTP/AVP 0\r\na=recvonly\r\n")
		seq := uint16(0)
		heard := func() (loud int) {
			begin := time.Now()
			for range 50 {
				seq++
				p.send(t, bob, rtp.Header{SequenceNumber: seq}, 160)
				time.Sleep(20 * time.Millisecond)
			}
			for _, s := range bob.sound.Heard(begin, time.Now()) {
				if s < -31000 {
					loud++
				}
			}
			return loud
		}
		if loud := heard(); loud != 0 {
			t.Errorf("%d samples are heard of a peer that has agreed not to send", loud)
		}
		bob.media(true)
		if loud := heard(); loud < 900*8 {
			t.Errorf("%d ms are heard of a second between offer and answer", loud/8)
		}
		answer, err := callsdp.Parse([]byte(strings.Replace(p.offer(t, "m=audio 4000 RTP/AVP 0\r\na=recvonly\r\n"), "- 1 1", "- 1 2", 1)))
		check(t, err)
		_, err = bob.neg.SetLocalOffer(bob.media(true))
		check(t, err)
		check(t, bob.neg.SetRemoteAnswer(answer))
		bob.update()
		time.Sleep(100 * time.Millisecond) // what has come before is played
		if loud := heard(); loud != 0 {
			t.Errorf("%d samples are heard after an answer that does not send", loud)
		}
	})
}

// TestTimeoutAfterHold: that nothing has come while nothing was to come is no time-out as soon as the hold is over.
func TestTimeoutAfterHold(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{timeout: 2 * time.Second})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\na=inactive\r\n"))
		time.Sleep(5900 * time.Millisecond) // it is looked at 6 s after the start
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		bob.take()
		time.Sleep(300 * time.Millisecond)
		for seq := range uint16(60) {
			p.send(t, bob, rtp.Header{SequenceNumber: seq}, 160)
			time.Sleep(20 * time.Millisecond)
		}
		expect(t, "bob", bob.take())
		time.Sleep(4 * time.Second)
		expect(t, "bob", bob.take(), "AudioStreamDidTimeout")
	})
}

// TestPacing: 60 s are 3000 packets, in sequence (P8).
func TestPacing(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		var mu sync.Mutex
		var times []time.Time
		n.Tap(func(p simnet.Packet) {
			mu.Lock()
			defer mu.Unlock()
			if p.From == "alice" && p.Src.Port()%2 == 0 {
				times = append(times, p.Sent)
			}
		})
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		for i := range times[1:] {
			if gap := times[i+1].Sub(times[i]); gap != 20*time.Millisecond {
				t.Fatalf("gap of %v before packet %d", gap, i+1)
			}
		}
		if len(times) < 2999 || len(times) > 3001 {
			t.Errorf("%d packets in a minute", len(times))
		}
		if s := bob.audio().Totals().RX; s.Lost+s.Discarded+s.Duplicate+s.Reordered != 0 {
			t.Errorf("a clean minute: %+v", s)
		}
	})
}
