package streams_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/dsp/window"

	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/simnet"
)

// TestRating is P24: a voice over a link that loses 5 % is heard, and rated. With
// concealment ITU-T G.113 gives it R = 77.4, with gaps in its place about 42; ours
// must be nearer to the first.
func TestRating(t *testing.T) {
	const length = 30 * time.Second
	voice := utterances(8000 * 10)
	listen := func(loss float64) (heard []int16, lost uint64) {
		inLab(t, func(n *simnet.Network) {
			alice, bob := newParty(t, n, "alice", options{}), newParty(t, n, "bob", options{})
			defer alice.close()
			defer bob.close()
			n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 10 * time.Millisecond, Loss: loss})
			establish(t, alice, bob)
			alice.sound.PlaySamples(voice, 8000)
			time.Sleep(time.Second)
			from := time.Now()
			time.Sleep(length)
			heard, lost = bob.sound.Heard(from, time.Now()), bob.audio().Totals().RX.Lost
		})
		return heard, lost
	}
	clean, _ := listen(0)
	ours, lost := listen(0.05)
	if lost < 50 || lost > 110 {
		t.Errorf("%d packets lost of 1550 at 5 %%", lost)
	}
	gaps := append([]int16(nil), clean...)
	random := rand.New(rand.NewPCG(24, 5))
	for at := 0; at+160 <= len(gaps); at += 160 {
		if random.Float64() < 0.05 {
			clear(gaps[at : at+160])
		}
	}
	rating := func(heard []int16) float64 { return rated(disturbance(clean, heard) / disturbance(clean, gaps)) }
	r := rating(ours)
	t.Logf("R = %.1f, MOS %.1f; with gaps %.1f, MOS %.1f", r, opinion(r), rating(gaps), opinion(rating(gaps)))
	if r < (concealed+interrupted)/2 {
		t.Errorf("R = %.1f is nearer to %.0f than to %.1f", r, interrupted, concealed)
	}
	if same := rating(clean); same != undisturbed {
		t.Errorf("R = %.1f for the clean sound itself", same)
	}
}

// Ratings of the E-model (ITU-T G.107): G.711 as it is, and with 5 % of random loss
// (G.113: Ie,eff = 95·5/(5+Bpl)), concealed (Bpl 25.1) or not (4.3).
const (
	undisturbed = 93.2
	concealed   = undisturbed - 95*5/(5+25.1)
	interrupted = undisturbed - 95*5/(5+4.3)
)

// rated is the rating of a disturbance, as a part of that which gaps make.
func rated(disturbance float64) float64 {
	return undisturbed - (undisturbed-interrupted)*disturbance
}

// opinion is the mean opinion score of a rating (G.107 annex B).
func opinion(r float64) float64 { return 1 + 0.035*r + r*(r-60)*(100-r)*7e-6 }

// disturbance is how differently two sounds of 8 kHz are heard: the mean square of
// the differences of loudness (Zwicker: power to 0.23) in bands of a Bark, in
// windows of 32 ms.
func disturbance(a, b []int16) float64 {
	const size = 256
	transform := fourier.NewFFT(size)
	sum, n := 0.0, 0
	for at := 0; at+size <= min(len(a), len(b)); at += size / 2 {
		x, y := loudness(transform, a[at:at+size]), loudness(transform, b[at:at+size])
		for band := range x {
			sum += (x[band] - y[band]) * (x[band] - y[band])
			n++
		}
	}
	return sum / float64(n)
}

func loudness(transform *fourier.FFT, samples []int16) (bands [18]float64) {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = float64(s)
	}
	for i, c := range transform.Coefficients(nil, window.Hann(values)) {
		hz := float64(i) * 8000 / float64(len(samples))
		bark := 13*math.Atan(0.00076*hz) + 3.5*math.Atan(hz/7500*hz/7500)
		bands[min(int(bark), len(bands)-1)] += real(c)*real(c) + imag(c)*imag(c)
	}
	for i := range bands {
		bands[i] = math.Pow(bands[i], 0.23)
	}
	return bands
}

// utterances are a voice of sorts at 8 kHz: a pitch that glides, three formants that
// change with each syllable, hisses, pauses.
func utterances(n int) []int16 {
	random := rand.New(rand.NewPCG(1, 9))
	samples := make([]int16, n)
	var states [3][2]float64
	var formants [3]float64
	phase, hiss := 0.0, false
	for i := range samples {
		place := i % 2000 // a syllable is 250 ms
		if place == 0 {
			formants = [3]float64{300 + 500*random.Float64(), 900 + 1200*random.Float64(), 2300 + 700*random.Float64()}
			hiss = random.IntN(5) == 0
		}
		envelope := math.Max(0, math.Sin(math.Pi*float64(place)/1800))
		if i%16000 > 12000 {
			envelope = 0
		}
		phase += (125 + 25*math.Sin(2*math.Pi*float64(i)/11000)) / 8000
		x := 0.0
		if phase >= 1 {
			phase--
			x = 9000
		}
		if hiss {
			x = 3000 * (random.Float64() - 0.5)
		}
		y := 0.0
		for k, hz := range formants {
			const r = 0.97
			s := &states[k]
			v := envelope*x + 2*r*math.Cos(2*math.Pi*hz/8000)*s[0] - r*r*s[1]
			s[1], s[0] = s[0], v
			y += v / float64(k+1)
		}
		samples[i] = int16(math.Max(-30000, math.Min(30000, y*0.5+float64(random.IntN(9)-4))))
	}
	return samples
}

// TestRatingOfVoice: the voice is one: neither silence nor clipped, with pauses.
func TestRatingOfVoice(t *testing.T) {
	voice := utterances(80000)
	if r := hear.Measure(voice, 8000, nil); r.Level < -35 || r.Level > -10 || r.Peak > -3 {
		t.Errorf("%+v", r)
	}
}
