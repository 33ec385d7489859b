package audio_test

import (
	"math"
	"testing"

	"github.com/go-sipsimple/callflow/audio"
)

func codec(t testing.TB, name string) (audio.Encoder, audio.Decoder) {
	t.Helper()
	c, ok := audio.LookupCodec(name, 8000)
	if !ok {
		t.Fatalf("no codec %s", name)
	}
	return c.NewEncoder(), c.NewDecoder()
}

func decode(d audio.Decoder, code byte) int16 { return d.Decode(nil, []byte{code})[0] }

func encode(e audio.Encoder, s int16) byte { return e.Encode(nil, []int16{s})[0] }

// TestMuLawTable checks the values of property P1 and all 65 536 inputs.
func TestMuLawTable(t *testing.T) {
	enc, dec := codec(t, "pcmu")
	if c := encode(enc, 0); c != 0xFF {
		t.Errorf("encode(0) = %#x, want 0xff", c)
	}
	for code, want := range map[byte]int16{0x80: 32124, 0x00: -32124, 0xFF: 0, 0x7F: 0, 0xFE: 8, 0x7E: -8} {
		if v := decode(dec, code); v != want {
			t.Errorf("decode(%#x) = %d, want %d", code, v, want)
		}
	}
	for c := range 256 {
		want := byte(c)
		if want == 0x7F {
			want = 0xFF // minus zero
		}
		if got := encode(enc, decode(dec, byte(c))); got != want {
			t.Errorf("encode(decode(%#x)) = %#x", c, got)
		}
	}
	checkAllInputs(t, enc, dec, 644)
}

func TestALawTable(t *testing.T) {
	enc, dec := codec(t, "PCMA")
	for code, want := range map[byte]int16{0xD5: 8, 0x55: -8, 0xAA: 32256, 0x2A: -32256} {
		if v := decode(dec, code); v != want {
			t.Errorf("decode(%#x) = %d, want %d", code, v, want)
		}
	}
	for c := range 256 {
		if got := encode(enc, decode(dec, byte(c))); got != byte(c) {
			t.Errorf("encode(decode(%#x)) = %#x", c, got)
		}
	}
	checkAllInputs(t, enc, dec, 512)
}

// checkAllInputs demands that the error is bounded, that the nearest of the
// neighbouring values is at most one interval away, and that order is kept.
func checkAllInputs(t *testing.T, enc audio.Encoder, dec audio.Decoder, bound int) {
	t.Helper()
	last := math.MinInt
	for s := math.MinInt16; s <= math.MaxInt16; s++ {
		v := int(decode(dec, encode(enc, int16(s))))
		if v-s > bound || s-v > bound {
			t.Fatalf("%d becomes %d: more than %d off", s, v, bound)
		}
		if v < last {
			t.Fatalf("%d becomes %d, less than its neighbour's %d", s, v, last)
		}
		last = v
	}
}

// TestG711Sinad checks the signal to noise ratios of audio.md 9.1 at 1020 Hz.
func TestG711Sinad(t *testing.T) {
	for _, law := range []struct {
		name   string
		odBm0  float64 // peak of 0 dBm0 in 16-bit units, dB
		levels map[float64]float64
	}{
		{"PCMU", 20*math.Log10(32636) - 3.17, map[float64]float64{0: 36.9, -10: 38.7, -20: 36.8, -30: 36.7, -40: 32.6, -45: 30.2}},
		{"PCMA", 20*math.Log10(32768) - 3.14, map[float64]float64{0: 37.1, -10: 38.2, -20: 37.3, -30: 37.4, -40: 30.7, -45: 25.4}},
	} {
		enc, dec := codec(t, law.name)
		for level, want := range law.levels {
			in := sine(1020, 8000, math.Pow(10, (law.odBm0+level)/20), 16000)
			got := sinad(dec.Decode(nil, enc.Encode(nil, in)), 1020, 8000)
			if math.Abs(got-want) > 1 {
				t.Errorf("%s at %v dBm0: SINAD %.1f dB, want about %.1f dB", law.name, level, got, want)
			}
		}
	}
}

// sine is a tone of peak amplitude.
func sine(hz float64, rate int, amplitude float64, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return out
}

// sinad fits a sine and a constant over a whole number of periods and compares
// its power with that of the rest.
func sinad(samples []int16, hz float64, rate int) float64 {
	n := int(math.Floor(float64(len(samples))*hz/float64(rate))*float64(rate)/hz + 0.5)
	var s, c, mean float64
	for i, v := range samples[:n] {
		x := 2 * math.Pi * hz * float64(i) / float64(rate)
		s, c, mean = s+float64(v)*math.Sin(x), c+float64(v)*math.Cos(x), mean+float64(v)
	}
	s, c, mean = 2*s/float64(n), 2*c/float64(n), mean/float64(n)
	var rest float64
	for i, v := range samples[:n] {
		x := 2 * math.Pi * hz * float64(i) / float64(rate)
		d := float64(v) - s*math.Sin(x) - c*math.Cos(x) - mean
		rest += d * d
	}
	return 10 * math.Log10((s*s+c*c)/2/(rest/float64(n)))
}

func BenchmarkG711(b *testing.B) {
	for _, name := range []string{"PCMU", "PCMA"} {
		enc, dec := codec(b, name)
		frame := sine(440, 8000, 16000, 160)
		payload, out := make([]byte, 0, 160), make([]int16, 0, 160)
		b.Run(name+"/encode", func(b *testing.B) {
			for b.Loop() {
				payload = enc.Encode(payload[:0], frame)
			}
		})
		b.Run(name+"/decode", func(b *testing.B) {
			for b.Loop() {
				out = dec.Decode(out[:0], payload)
			}
		})
	}
}
