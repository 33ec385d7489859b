package hear_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/hear"
)

const rate = 8000

// tones is a sum of sines of the same amplitude.
func tones(amplitude float64, n int, hz ...float64) []int16 {
	out := make([]int16, n)
	for i := range out {
		v := 0.0
		for _, f := range hz {
			v += amplitude * math.Sin(2*math.Pi*f*float64(i)/rate)
		}
		out[i] = int16(math.Round(v))
	}
	return out
}

// coded is what G.711 makes of it.
func coded(in []int16) []int16 {
	c, _ := audio.LookupCodec("PCMU", 0)
	return c.NewDecoder().Decode(nil, c.NewEncoder().Encode(nil, in))
}

func TestCleanCall(t *testing.T) {
	for _, hz := range []float64{440, 880, 1200} {
		r := hear.Measure(coded(tones(16384, 3*rate, hz)), rate, []float64{hz})
		if r.SNR < 35 || r.SNR > 41 {
			t.Errorf("%v Hz: SNR %.1f dB, want 35 to 41", hz, r.SNR)
		}
		if !slices.Equal(r.Tones, []float64{hz}) || r.LongestGap != 0 || r.LostFrames != 0 || r.Silence || r.Delay != 0 {
			t.Errorf("%v Hz: %+v", hz, r)
		}
		if math.Abs(r.Level+6.02) > 0.1 {
			t.Errorf("%v Hz: level %.2f dBFS, want -6.02", hz, r.Level)
		}
	}
}

func TestSilence(t *testing.T) {
	quiet := coded(make([]int16, rate))
	r := hear.Measure(quiet, rate, []float64{440})
	if !r.Silence || len(r.Tones) != 0 || r.LongestGap != time.Second || r.LostFrames != 50 || r.Delay != -1 {
		t.Errorf("silence: %+v", r)
	}
	copy(quiet[4000:], tones(16384, 160, 440))
	if r := hear.Measure(quiet, rate, nil); r.Silence {
		t.Errorf("20 ms of tone in a second of silence: %+v", r)
	}
}

func TestUnknownTones(t *testing.T) {
	in := coded(tones(9000, 3*rate, 440, 1203))
	r := hear.Measure(in, rate, nil)
	if got := slices.Sorted(slices.Values(r.Tones)); !slices.Equal(got, []float64{440, 1203}) {
		t.Errorf("tones %v, want 440 and 1203", got)
	}
	if r.SNR < 30 {
		t.Errorf("SNR of the tones found: %.1f dB", r.SNR)
	}
	// Another tone than the wanted one: found, and the wanted one missing.
	r = hear.Measure(in, rate, []float64{880})
	if slices.Contains(r.Tones, 880) || len(r.Tones) != 2 || r.LongestGap < 2*time.Second || r.SNR > 0 {
		t.Errorf("880 Hz wanted: %+v", r)
	}
}

func TestGaps(t *testing.T) {
	for _, n := range []int{1, 2, 5, 25} {
		in := coded(tones(16384, 3*rate, 440))
		clear(in[8077:][:n*160])
		r := hear.Measure(in, rate, []float64{440})
		want := time.Duration(n) * 20 * time.Millisecond
		if d := (r.LongestGap - want).Abs(); d > 10*time.Millisecond {
			t.Errorf("%d frames missing: longest gap %v", n, r.LongestGap)
		}
	}
}

// TestLossCostsSNR: silence for 2 % of the frames costs SNR: 17 dB.
func TestLossCostsSNR(t *testing.T) {
	in := coded(tones(16384, 60*rate, 440))
	random := rand.New(rand.NewPCG(1, 2))
	for at := 0; at < len(in); at += 160 {
		if random.Float64() < 0.02 {
			clear(in[at:][:160])
		}
	}
	if r := hear.Measure(in, rate, []float64{440}); r.SNR < 15 || r.SNR > 20 {
		t.Errorf("SNR %.1f dB, want about 17", r.SNR)
	}
}

func TestMissingHalfCostsSNR(t *testing.T) {
	in := coded(tones(16384, 2*rate, 440))
	clear(in[rate:])
	if r := hear.Measure(in, rate, []float64{440}); r.SNR > 3 {
		t.Errorf("SNR %.1f dB with half of the sound missing", r.SNR)
	}
}

func TestOtherSoundCostsSNR(t *testing.T) {
	in := tones(16000, 3*rate, 440)
	for i, s := range tones(1600, 3*rate, 3000) {
		in[i] += s
	}
	r := hear.Measure(in, rate, []float64{440})
	if math.Abs(r.SNR-20) > 0.5 || !slices.Equal(r.Tones, []float64{440, 3000}) {
		t.Errorf("a tone 20 dB below: %+v", r)
	}
}

func TestDelay(t *testing.T) {
	in := tones(16384, 3*rate, 440)
	clear(in[:rate/2])
	if r := hear.Measure(in, rate, []float64{440}); r.Delay != 500*time.Millisecond {
		t.Errorf("delay %v, want 500ms", r.Delay)
	}
}

func TestOddInput(t *testing.T) {
	for _, n := range []int{0, 1, 7, 79, 81, 500} {
		for _, want := range [][]float64{nil, {440}, {440, 441, 442}} {
			hear.Measure(tones(10000, n, 440), rate, want)
			hear.Measure(make([]int16, n), rate, want)
		}
	}
	hear.Measure(tones(10000, 500, 440), 0, nil)
}

func BenchmarkMeasure(b *testing.B) {
	for _, seconds := range []int{3, 60} {
		in := coded(tones(16384, seconds*rate, 440))
		b.Run(time.Duration(seconds*int(time.Second)).String(), func(b *testing.B) {
			for b.Loop() {
				hear.Measure(in, rate, []float64{440})
			}
		})
		b.Run("unknown "+time.Duration(seconds*int(time.Second)).String(), func(b *testing.B) {
			for b.Loop() {
				hear.Measure(in, rate, nil)
			}
		})
	}
}
