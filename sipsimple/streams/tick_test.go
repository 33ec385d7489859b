package streams_test

import (
	"sync/atomic"
	"testing"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/simnet"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// hurried is a sound device that never waits.
type hurried struct {
	closed atomic.Bool
	done   chan struct{}
}

func (*hurried) Name() string { return "hurried" }

// Open implements [audio.Device].
func (h *hurried) Open(rate int, process func(in, out []int16)) error {
	h.done = make(chan struct{})
	go func() {
		defer close(h.done)
		in, out := make([]int16, rate/audio.FramesPerSecond), make([]int16, rate/audio.FramesPerSecond)
		for !h.closed.Load() {
			process(in, out)
		}
	}()
	return nil
}

// Close implements [audio.Device].
func (h *hurried) Close() error {
	h.closed.Store(true)
	<-h.done
	return nil
}

// TestStartOnTheTick: a stream that starts in the very instant in which the mixer ticks has all that the tick needs. It is
// the race detector that tells.
func TestStartOnTheTick(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		alice, bob := newParty(t, n, "alice", options{}, 440), newParty(t, n, "bob", options{}, 880)
		defer alice.close()
		defer bob.close()
		mixer, err := audio.NewMixer(audio.MixerConfig{Device: &hurried{}, Center: alice.env.Center})
		check(t, err)
		alice.env.Mixer = mixer
		for range 50 {
			alice.neg, bob.neg, bob.stream = callsdp.NewNegotiation(1), callsdp.NewNegotiation(1), nil
			alice.stream = streams.NewAudioStream(alice.env)
			check(t, alice.stream.Initialize(alice.owner(), streams.Outgoing))
			negotiate(t, alice, bob)
			alice.start()
			alice.stream.End()
			bob.stream.End()
		}
		check(t, mixer.Close())
	})
}
