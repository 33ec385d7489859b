package simnet

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/internal/samples"
)

// Sound is a simulated sound device: tones go into its microphone, and what
// comes out of its loudspeaker is recorded with instants.
type Sound struct {
	name     string
	loopback bool
	clock    soundTicker

	mu       sync.Mutex
	rate     int
	voices   []voice
	last     []int16   // played out in the tick before, of a loopback
	segments []segment // of the recording
	current  segment   // the last of them, in the same memory always
	samples  int       // in segments
}

// recorded bounds the recording of a Sound: 10 minutes.
const recorded = 10 * time.Minute

// segment is an uninterrupted part of the recording, at most 200 ms. Where the
// current one is stays in the cache of the processor; only full ones go elsewhere.
// In 200 ms fits a whole number of periods of most test tones: of a tone that goes
// on all segments are alike, and share their samples.
type segment struct {
	start   time.Time // instant of the first sample
	samples []int16
}

// NewSound returns a closed device whose microphone hears the given tones (Hz),
// each with an amplitude of 0.5/len(plays) of full scale.
func NewSound(plays []float64) *Sound {
	return newSound(plays, &audio.Clock{})
}

func newSound(plays []float64, clock soundTicker) *Sound {
	s := &Sound{name: "simulated", clock: clock}
	s.Play(plays...)
	return s
}

// NewLoopback returns a closed device whose microphone hears its loudspeaker,
// one frame later. It records like any Sound.
func NewLoopback() *Sound { return &Sound{name: "loopback", loopback: true, clock: &audio.Clock{}} }

// Name implements [audio.Device].
func (s *Sound) Name() string { return s.name }

// Play replaces what the microphone hears, from the next frame on; nothing is
// silence.
func (s *Sound) Play(hz ...float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.voices = nil
	for _, f := range hz {
		s.voices = append(s.voices, voice{hz: f, amplitude: 0.5 * 32768 / float64(len(hz))})
	}
}

// PlaySamples replaces what the microphone hears by samples of a rate (Hz), over
// and over.
func (s *Sound) PlaySamples(samples []int16, rate int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.voices = []voice{{samples: samples, samplesRate: rate}}
}

// Open implements [audio.Device]. The recording of an earlier use is lost.
func (s *Sound) Open(sampleRate int, process func(in, out []int16)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := sampleRate / audio.FramesPerSecond
	in, out := make([]int16, size), make([]int16, size)
	tick := func(due time.Time) {
		s.capture(in)
		process(in, out)
		s.recordAt(due, out)
	}
	if err := s.clock.Start(tick); err != nil {
		return err
	}
	s.resetLocked(sampleRate)
	return nil
}

// prepare sets the rate for one more use of the device: what was recorded at
// another rate is lost.
func (s *Sound) prepare(rate int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rate != rate {
		s.resetLocked(rate)
	}
}

// resetLocked begins a recording at a rate.
func (s *Sound) resetLocked(rate int) {
	s.rate, s.last, s.segments, s.samples = rate, make([]int16, rate/audio.FramesPerSecond), nil, 0
	s.current = segment{samples: make([]int16, 0, rate/5)}
}

// Close implements [audio.Device]. The recording remains.
func (s *Sound) Close() error {
	s.clock.Stop()
	return nil
}

// Pause implements [audio.Pauser].
func (s *Sound) Pause() { s.clock.Pause() }

// Resume implements [audio.Pauser].
func (s *Sound) Resume() { s.clock.Resume() }

// SampleRate is the rate of the recording in Hz, 0 before Open.
func (s *Sound) SampleRate() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rate
}

func (s *Sound) capture(in []int16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loopback {
		copy(in, s.last)
		return
	}
	if len(s.voices) == 0 {
		clear(in)
	}
	for i := range s.voices {
		s.voices[i].addTo(in, s.rate, i == 0)
	}
}

// recordAt records what is played at an instant: of a clock, that at which its tick
// was due, however late it comes.
func (s *Sound) recordAt(now time.Time, out []int16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loopback {
		copy(s.last, out)
	}
	s.goOnLocked(now, len(out))
	s.current.samples = append(s.current.samples, out...)
}

// goOnLocked readies the current segment for a frame of n samples that is played
// now. A full one is followed by another without a gap.
func (s *Sound) goOnLocked(now time.Time, n int) {
	g := &s.current
	if len(g.samples) > 0 {
		if g.continues(now, s.rate) {
			if len(g.samples)+n <= cap(g.samples) {
				return
			}
			now = g.start.Add(samplesTime(len(g.samples), s.rate))
		}
		s.keepLocked(*g)
	}
	g.start, g.samples = now, g.samples[:0]
}

// keepLocked adds a copy of a segment to the recording.
func (s *Sound) keepLocked(g segment) {
	s.samples += len(g.samples)
	if last := len(s.segments) - 1; last >= 0 && samples.Equal(s.segments[last].samples, g.samples) {
		g.samples = s.segments[last].samples
	} else {
		g.samples = slices.Clone(g.samples)
	}
	s.segments = append(s.segments, g)
	s.forgetLocked()
}

// unevenness is how late or early a frame may be played without a gap: in real
// time ticks are late and are made up for.
const unevenness = 3 * audio.FrameDuration

// continues tells whether a frame that is played now belongs to the segment.
func (g segment) continues(now time.Time, rate int) bool {
	gap := now.Sub(g.start) - samplesTime(len(g.samples), rate)
	return gap.Abs() < unevenness
}

func samplesTime(n, rate int) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(rate)
}

// forgetLocked drops the oldest segment of a recording that has become too long.
func (s *Sound) forgetLocked() {
	if s.samples > int(recorded/time.Second)*s.rate {
		s.samples -= len(s.segments[0].samples)
		s.segments = slices.Delete(s.segments, 0, 1)
	}
}

// Heard returns a copy of what came out of the loudspeaker from an instant to
// another; where nothing was recorded (the device was paused, no call) it is
// silence. The last 10 minutes are remembered.
func (s *Sound) Heard(from, to time.Time) []int16 { return s.AppendHeard(nil, from, to) }

// AppendHeard is Heard for those who listen often: it appends to dst, in whose
// memory if that is enough.
func (s *Sound) AppendHeard(dst []int16, from, to time.Time) []int16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.indexLocked(from, to)
	dst = slices.Grow(dst, n)
	heard := dst[len(dst):][:n]
	end := 0 // of what is there
	for _, g := range append(slices.Clip(s.segments), s.current) {
		at, samples := s.indexLocked(from, g.start), g.samples
		if at < 0 {
			at, samples = 0, samples[min(-at, len(samples)):]
		}
		if at >= n || len(samples) == 0 {
			continue
		}
		if at >= end {
			clear(heard[end:at])
			copy(heard[at:], samples)
			end = min(at+len(samples), n)
			continue
		}
		after := min(at+len(samples), n)
		if after > end {
			clear(heard[end:after])
			end = after
		}
		addSamples(heard[at:], samples)
	}
	clear(heard[end:])
	return dst[:len(dst)+n]
}

// addSamples adds what fits: two mixers may play on one device at a time.
func addSamples(to, samples []int16) {
	for i := range min(len(to), len(samples)) {
		to[i] = int16(max(-32768, min(int(to[i])+int(samples[i]), 32767)))
	}
}

// indexLocked is the number of samples between two instants, rounded.
func (s *Sound) indexLocked(from, to time.Time) int {
	return int(math.Round(to.Sub(from).Seconds() * float64(s.rate)))
}

// voice is a tone; at counts the samples since it began.
type voice struct {
	hz, amplitude float64
	at            int64
	period        []int16 // samples after which it repeats itself exactly, nil if that takes more than a second
	rate          int     // of period

	samples     []int16 // not a tone but these, over and over
	samplesRate int
}

// addTo adds the next frame of the tone, saturating; the first voice takes the
// place of what is there.
func (v *voice) addTo(frame []int16, rate int, first bool) {
	if v.rate != rate {
		v.prepare(rate)
	}
	if len(v.period) > 0 {
		v.repeat(frame, first)
	} else {
		if first {
			clear(frame)
		}
		v.generate(frame, rate) // of samples, if there are none: silence
	}
	v.at += int64(len(frame))
}

// prepare computes the period: of a whole number of Hz it is at most a second.
func (v *voice) prepare(rate int) {
	v.rate, v.period = rate, nil
	if v.samples != nil {
		v.period = resampledLoop(v.samples, v.samplesRate, rate)
		return
	}
	hz := int(v.hz)
	if float64(hz) != v.hz || hz <= 0 {
		return
	}
	divisor := rate
	for rest := hz % rate; rest != 0; {
		divisor, rest = rest, divisor%rest
	}
	v.period = make([]int16, rate/divisor)
	(&voice{hz: v.hz, amplitude: v.amplitude}).generate(v.period, rate)
}

// resampledLoop are samples that are played over and over, at another rate: the
// filter sees what comes before and after them, so that the seam is not heard.
func resampledLoop(samples []int16, from, to int) []int16 {
	if from == to || len(samples) == 0 {
		return samples
	}
	size := len(samples) * to / from
	rounds := 2 + from/len(samples) // longer than any filter
	resampler := audio.NewResampler(from, to)
	var all []int16
	for range rounds {
		all = resampler.Resample(all, samples)
	}
	return all[len(all)-size:]
}

// repeat adds the period, over and over, to a frame; the first voice replaces it.
func (v *voice) repeat(frame []int16, first bool) {
	from := int(v.at % int64(len(v.period)))
	for len(frame) > 0 {
		part := v.period[from:min(len(v.period), from+len(frame))]
		if first {
			copy(frame, part)
		} else {
			addSamples(frame, part)
		}
		frame, from = frame[len(part):], 0
	}
}

// generate computes the tone. Only the first two samples cost a sine; the others
// follow from them: sin(x+w) = 2 cos(w) sin(x) - sin(x-w).
func (v *voice) generate(frame []int16, rate int) {
	w := 2 * math.Pi * v.hz / float64(rate)
	phase := math.Mod(w*float64(v.at), 2*math.Pi)
	current, before := v.amplitude*math.Sin(phase), v.amplitude*math.Sin(phase-w)
	factor := 2 * math.Cos(w)
	for i, s := range frame {
		frame[i] = int16(max(-32768, min(math.RoundToEven(float64(s)+current), 32767)))
		current, before = factor*current-before, current
	}
}
