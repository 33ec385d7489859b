package phone

import (
	"math"
	"strings"
	"sync/atomic"

	"github.com/go-sipsimple/callflow/audio"
)

// meter is a sink that knows how loud it was.
type meter struct{ peak atomic.Int32 }

// WriteFrame implements [audio.Sink].
func (m *meter) WriteFrame(frame []int16) { m.hear(frame) }

func (m *meter) hear(frame []int16) {
	peak := int32(0)
	for _, s := range frame {
		peak = max(peak, max(int32(s), -int32(s)))
	}
	if peak > m.peak.Load() { // the reader may take it meanwhile: then a peak is shown twice
		m.peak.Store(peak)
	}
}

// bars is how wide a level is shown, and lowest what is no bar, in dBFS.
const (
	bars   = 10
	lowest = -50.0
)

// show is the level since it was shown last, as bars.
func (m *meter) show() string {
	level := lowest
	if peak := m.peak.Swap(0); peak > 0 {
		level = 20 * math.Log10(float64(peak)/32768)
	}
	full := int(math.Round((level - lowest) / -lowest * bars))
	full = max(0, min(full, bars))
	return strings.Repeat("#", full) + strings.Repeat(".", bars-full)
}

// tape is a microphone that hears a wave file, over and over.
type tape struct {
	mixer   *audio.Mixer
	samples []int16 // at the rate of the mixer
	muted   *atomic.Bool
	level   *meter
	slot    int
	at      int // of the tick
}

// newTape gives a file a slot in the mixer. The error is that of the file or of
// the mixer.
func newTape(mixer *audio.Mixer, filename string, muted *atomic.Bool, level *meter) (*tape, error) {
	samples, rate, err := audio.ReadWaveFile(filename)
	if err != nil {
		return nil, err
	}
	if rate != mixer.SampleRate() {
		samples = resampled(samples, rate, mixer.SampleRate())
	}
	t := &tape{mixer: mixer, samples: samples, muted: muted, level: level}
	t.slot, err = mixer.AddPort(t, nil)
	return t, err
}

func resampled(samples []int16, from, to int) []int16 {
	r, frame := audio.NewResampler(from, to), from/audio.FramesPerSecond
	var out []int16
	for len(samples) > 0 {
		n := min(frame, len(samples))
		out = r.Resample(out, samples[:n])
		samples = samples[n:]
	}
	return out
}

// Mixer, ConsumerSlot and ProducerSlot implement [audio.Port].
func (t *tape) Mixer() *audio.Mixer { return t.mixer }
func (*tape) ConsumerSlot() int     { return audio.NoSlot }
func (t *tape) ProducerSlot() int   { return t.slot }

// ReadFrame implements [audio.Source].
func (t *tape) ReadFrame(frame []int16) bool {
	if t.muted.Load() || len(t.samples) == 0 {
		return false
	}
	for i := range frame {
		frame[i] = t.samples[t.at]
		t.at = (t.at + 1) % len(t.samples)
	}
	t.level.hear(frame)
	return true
}
