package streams_test

import (
	"fmt"
	"math"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// probe is a port of a mixer that plays a sine of any level, or listens.
type probe struct {
	mixer     *audio.Mixer
	slot      int
	listens   bool
	hz, peak  float64
	at        int
	mu        sync.Mutex
	heard     []int16
	firstLoud time.Time
}

func newProbe(t testing.TB, m *audio.Mixer, listens bool) *probe {
	p := &probe{mixer: m, listens: listens}
	var err error
	if listens {
		p.slot, err = m.AddPort(nil, p)
	} else {
		p.slot, err = m.AddPort(p, nil)
	}
	check(t, err)
	return p
}

func (p *probe) Mixer() *audio.Mixer { return p.mixer }
func (p *probe) ConsumerSlot() int   { return pick(p.listens, p.slot) }
func (p *probe) ProducerSlot() int   { return pick(!p.listens, p.slot) }

func pick(is bool, slot int) int {
	if is {
		return slot
	}
	return audio.NoSlot
}

func (p *probe) ReadFrame(frame []int16) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range frame {
		frame[i] = int16(math.RoundToEven(p.peak * math.Sin(2*math.Pi*p.hz*float64(p.at)/float64(p.mixer.SampleRate()))))
		p.at++
	}
	return p.peak > 0
}

func (p *probe) WriteFrame(frame []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, frame...)
	for _, s := range frame {
		if p.firstLoud.IsZero() && (s > 3000 || s < -3000) {
			p.firstLoud = time.Now()
		}
	}
}

func (p *probe) play(hz, peak float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hz, p.peak, p.at = hz, peak, 0
}

func (p *probe) take() []int16 {
	p.mu.Lock()
	defer p.mu.Unlock()
	heard := p.heard
	p.heard = nil
	return heard
}

// withProbes is a call whose ends play and listen through ports of their own.
func withProbes(t *testing.T, o options, body func(source, ear *probe)) {
	withCall(t, o, func(_ *simnet.Network, alice, bob *party) {
		alice.sound.Play()
		bob.sound.Play()
		source, ear := newProbe(t, alice.mixer, false), newProbe(t, bob.mixer, true)
		check(t, alice.audio().Bridge().Add(source))
		check(t, bob.audio().Bridge().Add(ear))
		body(source, ear)
	})
}

// measure plays a sine and returns its SINAD and its gain in dB. 100 ms are
// whole periods of every multiple of 10 Hz, and 1020 Hz in a codec repeats every 50 ms.
func measure(source, ear *probe, hz, peak float64) (sinad, gain float64) {
	window := 300 * time.Millisecond
	if streams.RaceDetector {
		window = 100 * time.Millisecond
	}
	source.play(hz, peak)
	time.Sleep(200 * time.Millisecond)
	ear.take()
	time.Sleep(window)
	samples := ear.take()
	var s, c, mean, power float64
	n := float64(len(samples))
	w := 2 * math.Pi * hz / float64(ear.mixer.SampleRate())
	for i, v := range samples {
		s += float64(v) * math.Sin(w*float64(i)) * 2 / n
		c += float64(v) * math.Cos(w*float64(i)) * 2 / n
		mean += float64(v) / n
	}
	for i, v := range samples {
		d := float64(v) - mean - s*math.Sin(w*float64(i)) - c*math.Cos(w*float64(i))
		power += d * d / n
	}
	return 10 * math.Log10((s*s+c*c)/2/power), 20 * math.Log10(math.Hypot(s, c)/peak)
}

// dBm0 is the peak of a sine of that level.
func dBm0(codec string, level float64) float64 {
	overload := map[string]float64{"PCMU": 3.17, "PCMA": 3.14}[codec]
	return 32636 * math.Pow(10, (level-overload)/20)
}

// TestSINAD is P2, P3 and P4: level by level at every rate of the mixer.
func TestSINAD(t *testing.T) {
	ideal := map[string]map[float64]float64{
		"PCMU": {0: 36.9, -10: 38.7, -20: 36.8, -30: 36.7, -40: 32.6, -45: 30.2},
		"PCMA": {0: 37.1, -10: 38.2, -20: 37.3, -30: 37.4, -40: 30.7, -45: 25.4},
	}
	least := map[string]float64{"PCMU": 37, "PCMA": 36.5}
	for codec, levels := range ideal {
		for _, rate := range []int{8000, 16000, 32000, 44100, 48000} {
			withProbes(t, options{rate: rate, codecs: []string{codec}}, func(source, ear *probe) {
				for level, want := range levels {
					sinad, gain := measure(source, ear, 1020, dBm0(codec, level))
					if math.Abs(sinad-want) > 1.5 && sinad < want || level == -10 && sinad < least[codec] {
						t.Errorf("%s at %d Hz, %v dBm0: SINAD %.1f dB, ideal %.1f", codec, rate, level, sinad, want)
					}
					if level >= -20 && math.Abs(gain) > 0.1 {
						t.Errorf("%s at %d Hz, %v dBm0: gain %.2f dB", codec, rate, level, gain)
					}
				}
			})
		}
	}
}

// TestFlatness is P5 and P6.
func TestFlatness(t *testing.T) {
	for _, rate := range []int{16000, 44100} {
		withProbes(t, options{rate: rate, codecs: []string{"PCMU"}}, func(source, ear *probe) {
			for _, hz := range []float64{300, 510, 1020, 2010, 3010, 3400} {
				limit := 0.5
				if hz < 500 || hz > 3100 {
					limit = 1.5
				}
				if _, gain := measure(source, ear, hz, dBm0("PCMU", -10)); math.Abs(gain) > limit {
					t.Errorf("at %d Hz, %v Hz: gain %.2f dB", rate, hz, gain)
				}
			}
			source.play(5000, dBm0("PCMU", -10))
			time.Sleep(400 * time.Millisecond)
			ear.take()
			time.Sleep(time.Second)
			power := 0.0
			heard := ear.take()
			for _, s := range heard {
				power += float64(s) * float64(s) / float64(len(heard))
			}
			if db := 10*math.Log10(power+1e-9) - 20*math.Log10(dBm0("PCMU", -10)/math.Sqrt2); db > -40 {
				t.Errorf("at %d Hz: 5 kHz comes through at %.1f dB", rate, db)
			}
		})
	}
}

// TestDelay is P18: from port to port.
func TestDelay(t *testing.T) {
	for _, rate := range []int{8000, 48000} {
		withProbes(t, options{rate: rate, codecs: []string{"PCMU"}}, func(source, ear *probe) {
			time.Sleep(2*time.Second + 7*time.Millisecond)
			begin := time.Now()
			source.play(440, 10000)
			time.Sleep(time.Second)
			ear.mu.Lock()
			defer ear.mu.Unlock()
			if delay := ear.firstLoud.Sub(begin); delay > 80*time.Millisecond || delay <= 0 {
				t.Errorf("at %d Hz: %v from port to port, 10 ms of them in the network", rate, delay)
			}
		})
	}
}

// TestHeavyLoss: 5 to 30 %.
func TestHeavyLoss(t *testing.T) {
	for loss, least := range map[float64]float64{0.05: 18, 0.1: 13, 0.2: 8, 0.3: 5} {
		withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
			n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 10 * time.Millisecond, Loss: loss})
			r := bob.hears(alice, 30*time.Second)
			t.Logf("%.0f %%: SNR %.1f dB, longest gap %v", loss*100, r.SNR, r.LongestGap)
			if r.SNR < least {
				t.Errorf("%.0f %% of loss: %+v", loss*100, r)
			}
			n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 10 * time.Millisecond})
			time.Sleep(time.Second)
			if r := bob.hears(alice, 2*time.Second); r.SNR < 35 || r.LongestGap > 0 {
				t.Errorf("after it: %+v", r)
			}
		})
	}
}

// TestHugeJitter: 200 ms. The buffer takes it after a while, within its bounds,
// and recovers.
func TestHugeJitter(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 10 * time.Millisecond, Jitter: 200 * time.Millisecond})
		time.Sleep(10 * time.Second)
		before := bob.audio().Totals().RX
		time.Sleep(30 * time.Second)
		after := bob.audio().Totals().RX
		missing := after.Lost + after.Discarded - before.Lost - before.Discarded
		t.Logf("%d of 1500 packets not played; %+v", missing, after)
		if missing > 75 {
			t.Errorf("%d of 1500 packets not played", missing)
		}
		n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 10 * time.Millisecond})
		time.Sleep(45 * time.Second)
		if r := bob.hears(alice, 2*time.Second); r.SNR < 35 || r.LongestGap > 0 {
			t.Errorf("after it: %+v", r)
		}
	})
}

// TestClockDrift: a peer whose clock is 200 ppm off, for ten minutes (two and a
// half under the race detector). Now and
// then a frame is made up or left out, and the delay stays small.
func TestClockDrift(t *testing.T) {
	packets := 30000
	if streams.RaceDetector {
		packets = 7500
	}
	for _, ppm := range []int{-200, 200} {
		t.Run(fmt.Sprint(ppm), func(t *testing.T) {
			inLab(t, func(n *simnet.Network) {
				bob := newParty(t, n, "bob", options{})
				defer bob.close()
				p := newPeer(t, n, "p", 4000)
				defer p.conn.Close()
				bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
				to := net.UDPAddrFromAddrPort(bob.audio().LocalRTPAddress())
				codec, _ := audio.LookupCodec("PCMU", 0)
				encoder, frame, at := codec.NewEncoder(), make([]int16, 160), 0
				send := func(i int) {
					for k := range frame {
						frame[k] = int16(10000 * math.Sin(2*math.Pi*440*float64(at)/8000))
						at++
					}
					packet := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(i), Timestamp: uint32(160 * i), SSRC: 5}, Payload: encoder.Encode(nil, frame)}
					data, err := packet.Marshal()
					check(t, err)
					_, err = p.conn.WriteTo(data, to)
					check(t, err)
				}
				period := 20*time.Millisecond + 20*time.Millisecond*time.Duration(ppm)/1_000_000
				begin := time.Now()
				for i := range packets {
					time.Sleep(time.Until(begin.Add(time.Duration(i) * period)))
					send(i)
				}
				s := bob.audio().Totals().RX
				if s.Lost+s.Discarded > uint64(packets/2500) {
					t.Errorf("%d packets not played of %d: %+v", s.Lost+s.Discarded, packets, s)
				}
				r := hear.Measure(bob.sound.Heard(begin.Add(time.Minute), time.Now()), 8000, []float64{440})
				if r.LongestGap > 0 {
					t.Errorf("heard %+v", r)
				}
			})
		})
	}
}
