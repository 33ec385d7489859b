package streamtest_test

import (
	"context"
	"math"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/streamtest"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// audioFixture tells units by the pitch of a tone.
func audioFixture() streamtest.Fixture {
	return streamtest.Fixture{
		Register: streams.RegisterAudio, Acceptable: "m=audio 4000 RTP/AVP 8 0",
		Unusable: []string{"m=audio 4000 RTP/AVP 18 96\na=rtpmap:96 opus/48000/2"},
		Payload:  &streamtest.Payload{Send: playUnit, Watch: listenForUnits},
		Path: func(s streams.MediaStream) map[string]any {
			a := s.(*streams.AudioStream)
			return map[string]any{
				"codec": present(a.Codec(), a.Codec() != ""), "remote_rtp_address": present(a.RemoteRTPAddress(), a.RemoteRTPAddress().IsValid()),
				"local_rtp_address": present(a.LocalRTPAddress(), a.LocalRTPAddress().IsValid()),
			}
		},
	}
}

// present is the value, or nil.
func present(value any, ok bool) any {
	if !ok {
		return nil
	}
	return value
}

func pitch(unit int) float64 { return 300 + 150*float64(unit) }

// playUnit plays the tone of a unit into the conversation of a stream, for as long as a word takes.
func playUnit(s streams.MediaStream, unit int) error {
	a := s.(*streams.AudioStream)
	generator := audio.NewToneGenerator(a.Mixer())
	if err := generator.Start(); err != nil {
		return err
	}
	defer generator.Stop()
	if err := a.Bridge().Add(generator); err != nil {
		return err
	}
	if err := generator.PlayTones(audio.Tone{F1: pitch(unit), Duration: 300 * time.Millisecond}); err != nil {
		return err
	}
	time.Sleep(500 * time.Millisecond)
	return a.Bridge().Remove(generator)
}

// listener hears what comes to the bridge of a stream.
type listener struct {
	mixer *audio.Mixer
	slot  int

	mu    sync.Mutex
	heard map[int]int // frames by unit
}

func listenForUnits(env *streams.Environment, s streams.MediaStream) func() []int {
	a := s.(*streams.AudioStream)
	l := &listener{mixer: a.Mixer(), heard: map[int]int{}}
	slot, err := l.mixer.AddPort(nil, l)
	if err != nil {
		panic(err)
	}
	l.slot = slot
	if err := a.Bridge().Add(l); err != nil {
		panic(err)
	}
	env.Center.AddObserver(notification.ObserverFunc(func(notification.Notification) { l.mixer.RemovePort(l.slot) }),
		notification.Filter{Name: "MediaStreamDidEnd", Sender: s})
	return l.units
}

func (l *listener) Mixer() *audio.Mixer { return l.mixer }
func (l *listener) ConsumerSlot() int   { return l.slot }
func (*listener) ProducerSlot() int     { return audio.NoSlot }

// WriteFrame implements [audio.Sink].
func (l *listener) WriteFrame(frame []int16) {
	var energy float64
	for _, sample := range frame {
		energy += float64(sample) * float64(sample)
	}
	if energy/float64(len(frame)+1) < 1e4 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for unit := 1; unit <= 20; unit++ {
		if power(frame, pitch(unit), l.mixer.SampleRate()) > energy/3 {
			l.heard[unit]++
		}
	}
}

// power is the energy of a frame at a frequency.
func power(frame []int16, hz float64, rate int) float64 {
	var re, im float64
	for i, sample := range frame {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		re += float64(sample) * cos
		im += float64(sample) * sin
	}
	return 2 * (re*re + im*im) / float64(len(frame))
}

func (l *listener) units() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	var units []int
	for unit, frames := range l.heard {
		if frames >= 5 {
			units = append(units, unit)
		}
	}
	return units
}

func TestAudioStream(t *testing.T) { streamtest.Run(t, audioFixture()) }

// TestAudioStreamWithICE: the contract holds with ICE, also when no name server answers the question for STUN servers.
func TestAudioStreamWithICE(t *testing.T) {
	f := audioFixture()
	f.Prepare = func(env *streams.Environment) { env.NAT.UseICE = true }
	f.Slow = func(env *streams.Environment) {
		env.NAT = streams.NATSettings{UseICE: true, STUNServers: func(ctx context.Context) []netip.AddrPort {
			<-ctx.Done()
			return nil
		}}
	}
	f.Cycles = 20
	streamtest.Run(t, f)
}
