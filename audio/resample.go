package audio

import "math"

// tapsPerPhase is the length of the resampler's filter on its slower side: a
// pass band up to 90 % of the narrower band, and aliases below -60 dB.
const tapsPerPhase = 48

// Resampler changes the sample rate of a stream of frames. It is a polyphase
// filter: a windowed sinc, cut off a little below the narrower of the two
// bands. It delays by half its length, 3 ms at 8 kHz.
type Resampler struct {
	up, down int
	taps     int         // of a phase
	phases   [][]float32 // filter of each of the up phases
	history  []float32   // the last taps-1 samples, then the new ones
	position int         // of the next output, in 1/up input samples from the first new one
}

// NewResampler returns a resampler between two rates in Hz, both above 0.
func NewResampler(from, to int) *Resampler {
	divisor := gcd(from, to)
	r := &Resampler{up: to / divisor, down: from / divisor}
	narrowing := max(1, float64(from)/float64(to))
	r.taps = int(math.Ceil(tapsPerPhase * narrowing))
	r.phases = sincPhases(r.up, r.taps, 0.92/narrowing)
	r.history = make([]float32, r.taps-1, r.taps-1+from/FramesPerSecond)
	return r
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// sincPhases samples a Kaiser-windowed sinc of a cut-off (1 = half the input
// rate) at up times the input rate, sorted by phase. Each phase passes a
// constant unchanged.
func sincPhases(up, taps int, cutoff float64) [][]float32 {
	const beta = 7
	phases := make([][]float32, up)
	half := float64(taps) / 2
	for p := range phases {
		values, sum := make([]float64, taps), 0.0
		for k := range values {
			x := half - float64(k) - 1 + float64(p)/float64(up) // distance in input samples
			edge := x / half
			values[k] = sinc(cutoff*x) * bessel(beta*math.Sqrt(max(0, 1-edge*edge)))
			sum += values[k]
		}
		phases[p] = make([]float32, taps)
		for k, v := range values {
			phases[p][k] = float32(v / sum)
		}
	}
	return phases
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel is the modified Bessel function of order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= x * x / (4 * k * k)
		sum += term
	}
	return sum
}

// Resample appends the samples that in yields and returns the longer slice.
// Frames of 20 ms yield frames of 20 ms.
func (r *Resampler) Resample(out, in []int16) []int16 {
	for _, s := range in {
		r.history = append(r.history, float32(s))
	}
	for ; r.position < len(in)*r.up; r.position += r.down {
		first := r.position / r.up
		out = append(out, r.filter(r.history[first:first+r.taps], r.phases[r.position%r.up]))
	}
	r.position -= len(in) * r.up
	r.history = append(r.history[:0], r.history[len(in):]...)
	return out
}

// filter is one output sample. Four sums keep the processor busy.
//
//go:norace
func (r *Resampler) filter(window, phase []float32) int16 {
	phase = phase[:len(window)]
	var s0, s1, s2, s3 float32
	for len(window) >= 4 && len(phase) >= 4 {
		s0 += window[0] * phase[0]
		s1 += window[1] * phase[1]
		s2 += window[2] * phase[2]
		s3 += window[3] * phase[3]
		window, phase = window[4:], phase[4:]
	}
	for i, w := range window {
		s0 += w * phase[i]
	}
	return saturate(int32(math.RoundToEven(float64(s0 + s1 + s2 + s3))))
}
