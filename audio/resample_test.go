package audio_test

import (
	"math"
	"testing"

	"github.com/go-sipsimple/callflow/audio"
)

// resample runs a second of samples through frames of 20 ms.
func resample(t testing.TB, r *audio.Resampler, in []int16, from, to int) []int16 {
	t.Helper()
	var out []int16
	for size := from / 50; len(in) >= size; in = in[size:] {
		before := len(out)
		out = r.Resample(out, in[:size])
		if n := len(out) - before; n != to/50 {
			t.Fatalf("a frame at %d Hz became %d samples at %d Hz, want %d", from, n, to, to/50)
		}
	}
	return out
}

func TestResamplerIsClean(t *testing.T) {
	for _, rate := range []int{16000, 32000, 44100, 48000} {
		for _, hz := range []float64{300, 1020, 3000, 3400} {
			up := resample(t, audio.NewResampler(8000, rate), sine(hz, 8000, 12000, 16000), 8000, rate)
			down := resample(t, audio.NewResampler(rate, 8000), up, rate, 8000)
			if got := sinad(down[2000:], hz, 8000); got < 60 {
				t.Errorf("8000 to %d Hz and back at %v Hz: SINAD %.1f dB", rate, hz, got)
			}
			if loss := 20 * math.Log10(peak(down[2000:])/12000); math.Abs(loss) > 0.5 {
				t.Errorf("8000 to %d Hz and back at %v Hz: gain %.2f dB", rate, hz, loss)
			}
		}
	}
}

// TestResamplerRejectsAliases is property P6.
func TestResamplerRejectsAliases(t *testing.T) {
	out := resample(t, audio.NewResampler(16000, 8000), sine(5000, 16000, 12000, 16000), 16000, 8000)
	if p := 20 * math.Log10(peak(out[1000:])/12000); p > -40 {
		t.Errorf("5 kHz comes through at %.1f dB", p)
	}
}

func peak(samples []int16) float64 {
	p := 0.0
	for _, s := range samples {
		p = max(p, math.Abs(float64(s)))
	}
	return p
}

func BenchmarkResample(b *testing.B) {
	up, down := audio.NewResampler(8000, 16000), audio.NewResampler(16000, 8000)
	frame, wide := sine(440, 8000, 16000, 160), make([]int16, 0, 320)
	for b.Loop() {
		wide = up.Resample(wide[:0], frame)
		down.Resample(frame[:0], wide)
	}
}
