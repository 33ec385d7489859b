package audio_test

import (
	"math"
	"testing"

	"github.com/go-sipsimple/callflow/audio"
)

func toneOf(rate, n int, hz, peak float64) []int16 {
	samples := make([]int16, n)
	for i := range samples {
		samples[i] = int16(math.Round(peak * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return samples
}

func peakOf(db float64) float64 { return 32768 * math.Pow(10, db/20) }

// fitTone fits a sine of a known frequency and a constant, and returns the ratio
// of its power to the rest, and its peak.
func fitTone(samples []int16, rate int, hz float64) (db, peak float64) {
	n := float64(len(samples))
	var s, c, mean float64
	for i, v := range samples {
		x := 2 * math.Pi * hz * float64(i) / float64(rate)
		s += float64(v) * math.Sin(x) * 2 / n
		c += float64(v) * math.Cos(x) * 2 / n
		mean += float64(v) / n
	}
	var rest float64
	for i, v := range samples {
		x := 2 * math.Pi * hz * float64(i) / float64(rate)
		d := float64(v) - mean - s*math.Sin(x) - c*math.Cos(x)
		rest += d * d / n
	}
	return 10 * math.Log10((s*s+c*c)/2/rest), math.Hypot(s, c)
}

// TestG722Quality is P7.
func TestG722Quality(t *testing.T) {
	codec, ok := audio.LookupCodec("g722", 8000)
	if !ok || codec.SampleRate != 16000 || codec.PayloadType != 9 || codec.TimestampStep() != 160 || codec.FrameSize() != 320 {
		t.Fatalf("codec %+v", codec)
	}
	for _, test := range []struct{ hz, db, want float64 }{{1004, -3, 40}, {1004, -13, 40}, {5000, -13, 20}} {
		encoder, decoder := codec.NewEncoder(), codec.NewDecoder()
		var heard []int16
		in := toneOf(16000, 32000, test.hz, peakOf(test.db))
		for len(in) > 0 {
			payload := encoder.Encode(nil, in[:320])
			if len(payload) != 160 {
				t.Fatalf("%d octets for a frame", len(payload))
			}
			heard, in = decoder.Decode(heard, payload), in[320:]
		}
		db, peak := fitTone(heard[6400:], 16000, test.hz)
		gain := 20 * math.Log10(peak/peakOf(test.db))
		t.Logf("%v Hz at %v dBFS: SINAD %.1f dB, gain %.2f dB", test.hz, test.db, db, gain)
		if db < test.want || math.Abs(gain) > 0.5 {
			t.Errorf("%v Hz at %v dBFS: SINAD %.1f dB, gain %.2f dB", test.hz, test.db, db, gain)
		}
	}
}
