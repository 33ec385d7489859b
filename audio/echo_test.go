package audio_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

// room is a device whose microphone hears its loudspeaker, and a voice.
type room struct {
	bench
	rate    int
	path    []float64 // from loudspeaker to microphone, by samples
	played  []float64
	echo    []float64 // of the last frame
	voice   func(i int) float64
	samples int
}

func (*room) Echo() (time.Duration, bool) { return 0, true }

// tick is one frame: what the microphone hears comes from what was played before.
func (r *room) tick() {
	size := len(r.in)
	r.echo = r.echo[:0]
	for i := range r.in {
		echo := 0.0
		for at, gain := range r.path {
			// the first sample of this frame is heard as the next frame begins to be played
			if from := len(r.played) - size + i - at; gain != 0 && from >= 0 {
				echo += gain * r.played[from]
			}
		}
		r.echo = append(r.echo, echo)
		v := echo
		if r.voice != nil {
			v += r.voice(r.samples)
		}
		r.samples++
		r.in[i] = int16(math.Max(-32768, math.Min(32767, math.Round(v))))
	}
	r.bench.tick()
	for _, s := range r.out {
		r.played = append(r.played, float64(s))
	}
	if over := len(r.played) - 2*r.rate; over > 0 {
		r.played = r.played[over:]
	}
}

// newRoom is a room with a far end that speaks noise when it is told to.
func newRoom(t testing.TB, rate int, tail time.Duration) (r *room, far *noise, ear *end) {
	t.Helper()
	r = &room{rate: rate, path: make([]float64, rate/10)}
	// -10 dB after 50 ms, and a little that comes later.
	r.path[rate/20] = 0.316
	r.path[rate/20+rate/500] = -0.08
	r.path[rate/20+rate/100] = 0.04
	m, err := audio.NewMixer(audio.MixerConfig{Device: r, SampleRate: rate, Tail: tail})
	if err != nil {
		t.Fatal(err)
	}
	far = &noise{random: rand.New(rand.NewPCG(34, 34))}
	slot, err := m.AddPort(far, nil)
	if err != nil {
		t.Fatal(err)
	}
	ear = newEnd(t, m, nil)
	for _, c := range []audio.Connection{{Source: slot, Sink: audio.DeviceSlot}, {Source: audio.DeviceSlot, Sink: ear.slot}} {
		if err := m.Connect(c.Source, c.Sink); err != nil {
			t.Fatal(err)
		}
	}
	return r, far, ear
}

// noise is a source.
type noise struct {
	random *rand.Rand
	peak   float64 // 0: silence
}

func (n *noise) ReadFrame(frame []int16) bool {
	for i := range frame {
		frame[i] = int16(n.peak * (2*n.random.Float64() - 1))
	}
	return n.peak > 0
}

func powerOf(samples []int16) (sum float64) {
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return sum
}

// heard runs for a time and returns the energies of the echo, of what is heard, and
// of what differs from the voice.
func (r *room) heard(ear *end, d time.Duration) (echo, all, wrong float64) {
	for range d / audio.FrameDuration {
		at := r.samples
		r.tick()
		for i, s := range ear.heard {
			voice := 0.0
			if r.voice != nil {
				voice = r.voice(at + i)
			}
			echo += r.echo[i] * r.echo[i]
			wrong += (float64(s) - voice) * (float64(s) - voice)
		}
		all += powerOf(ear.heard)
	}
	return echo, all, wrong
}

func decibels(a, b float64) float64 { return 10 * math.Log10(a/b) }

// TestEchoCanceller is P34: 20 dB of the echo are gone after two seconds, a voice at
// the microphone alone is not attenuated, and one at the same time as the echo neither
// harms nor is harmed.
func TestEchoCanceller(t *testing.T) {
	rates := []int{8000, 16000, 44100, 48000}
	if raceDetector {
		rates = rates[:1]
	}
	for _, rate := range rates {
		r, far, ear := newRoom(t, rate, 100*time.Millisecond)
		far.peak = 10000
		r.heard(ear, 2*time.Second)
		echo, all, _ := r.heard(ear, time.Second)
		erle := decibels(echo, all)

		voice := babbleAt(rate)
		r.voice = voice
		_, _, wrong := r.heard(ear, 3*time.Second)
		_, level := babblePower(voice, 3*rate)
		both := decibels(level, wrong)
		r.voice = nil
		echo, all, _ = r.heard(ear, time.Second)
		kept := decibels(echo, all)

		far.peak = 0
		r.heard(ear, 500*time.Millisecond)
		r.voice = voice
		from := r.samples
		_, all, _ = r.heard(ear, time.Second)
		alone := 0.0
		for i := range rate {
			alone += math.Pow(voice(from+i), 2)
		}
		attenuated := decibels(alone, all)
		t.Logf("%d Hz: ERLE %.1f dB, %.1f dB after double talk; voice over noise in double talk %.1f dB; alone attenuated by %.2f dB", rate, erle, kept, both, attenuated)
		if erle < 20 {
			t.Errorf("%d Hz: ERLE %.1f dB", rate, erle)
		}
		if both < 10 || kept < 15 {
			t.Errorf("%d Hz: in double talk the voice is %.1f dB above the rest; afterwards ERLE %.1f dB", rate, both, kept)
		}
		if math.Abs(attenuated) > 1 {
			t.Errorf("%d Hz: a voice alone is attenuated by %.2f dB", rate, attenuated)
		}
	}
}

// babbleAt is a voice of sorts: harmonics of a pitch that glides, in syllables.
func babbleAt(rate int) func(i int) float64 {
	return func(i int) float64 {
		s := float64(i) / float64(rate)
		phase := 2 * math.Pi * (140*s + 5*math.Sin(2*math.Pi*0.7*s))
		v := 0.0
		for k := 1.0; k <= 12; k++ {
			v += math.Sin(k*phase) / k
		}
		return 3000 * v * math.Max(0, math.Sin(2*math.Pi*2*s))
	}
}

func babblePower(voice func(int) float64, n int) (samples int, power float64) {
	for i := range n {
		power += voice(i) * voice(i)
	}
	return n, power
}

// TestEchoPathChanges: somebody moves. After three seconds it is learned anew, also
// when it was told to forget.
func TestEchoPathChanges(t *testing.T) {
	r, far, ear := newRoom(t, 16000, 100*time.Millisecond)
	far.peak = 10000
	r.heard(ear, 2*time.Second)
	clear(r.path)
	r.path[500] = -0.25
	r.heard(ear, 3*time.Second)
	if echo, all, _ := r.heard(ear, time.Second); decibels(echo, all) < 20 {
		t.Errorf("ERLE %.1f dB after a change", decibels(echo, all))
	}
}

// TestEchoReset: it forgets, and learns again; nothing is cancelled without a tail.
func TestEchoReset(t *testing.T) {
	r, far, ear := newRoom(t, 8000, 100*time.Millisecond)
	far.peak = 10000
	r.heard(ear, 2*time.Second)
	ear.mixer.ResetEC()
	if echo, all, _ := r.heard(ear, audio.FrameDuration); decibels(echo, all) > 10 {
		t.Errorf("ERLE %.1f dB right after it has forgotten", decibels(echo, all))
	}
	r.heard(ear, 2*time.Second)
	if echo, all, _ := r.heard(ear, time.Second); decibels(echo, all) < 20 {
		t.Errorf("ERLE %.1f dB after it has learned again", decibels(echo, all))
	}
	r, far, ear = newRoom(t, 8000, 0)
	far.peak = 10000
	r.heard(ear, 2*time.Second)
	if echo, all, _ := r.heard(ear, time.Second); math.Abs(decibels(echo, all)) > 0.1 {
		t.Errorf("ERLE %.1f dB without a tail", decibels(echo, all))
	}
}

func TestEchoAllocatesNothing(t *testing.T) {
	r, far, _ := newRoom(t, 44100, 100*time.Millisecond)
	far.peak = 10000
	r.tick()
	if n := testing.AllocsPerRun(20, r.bench.tick); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// BenchmarkEcho is one frame at the rate of the settings.
func BenchmarkEcho(b *testing.B) {
	for _, rate := range []int{16000, 44100} {
		r, far, _ := newRoom(b, rate, 100*time.Millisecond)
		far.peak = 10000
		r.tick()
		b.Run(map[int]string{16000: "16 kHz", 44100: "44.1 kHz"}[rate], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.bench.tick()
			}
		})
	}
}
