package hear

import (
	"math"
	"slices"
)

// audible is how much weaker than the strongest a tone may be, in dB.
const audible = 25.0

// steps is how many steps a window has in which the quality of a sound is
// measured: 100 ms.
const steps = 10

// fitter fits tones and a constant to windows of one size by least squares. The
// basis functions (cosine and sine of each tone, then the constant) are the same
// for every window, so the matrix of the normal equations is inverted once.
type fitter struct {
	size    int
	inverse [][]float64
	weights []float64
}

// fitted is one window: the power of each tone, of all of them, and of the rest
// (mean squares).
type fitted struct {
	tones        []float64
	signal, rest float64
}

func newFitter(hz []float64, rate, size int) *fitter {
	basis := append(waves(hz, rate, size), tabulate(size, func(int) float64 { return 1 }))
	n := len(basis)
	gram := make([][]float64, n)
	for i := range gram {
		gram[i] = make([]float64, n)
		for j := range gram[i] {
			gram[i][j] = product(basis[i], basis[j])
		}
		gram[i][i] *= 1 + 1e-9 // two tones too near to tell apart in a window stay solvable
	}
	return &fitter{size: size, inverse: invert(gram), weights: make([]float64, n)}
}

// waves are cosine and sine of each tone.
func waves(hz []float64, rate, size int) (list [][]float64) {
	for _, tone := range hz {
		w := 2 * math.Pi * tone / float64(rate)
		list = append(list, tabulate(size, func(i int) float64 { return math.Cos(w * float64(i)) }),
			tabulate(size, func(i int) float64 { return math.Sin(w * float64(i)) }))
	}
	return list
}

func tabulate(n int, f func(int) float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = f(i)
	}
	return values
}

// product is the scalar product. Four sums keep the processor busy.
//
//go:norace
func product(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i, v := range a {
		s0 += v * b[i]
	}
	return s0 + s1 + s2 + s3
}

// invert inverts a positive definite matrix (Gauss-Jordan).
func invert(m [][]float64) [][]float64 {
	n := len(m)
	inverse := make([][]float64, n)
	for i := range inverse {
		inverse[i] = make([]float64, n)
		inverse[i][i] = 1
	}
	for col := range n {
		p := 1 / m[col][col]
		for j := range n {
			m[col][j] *= p
			inverse[col][j] *= p
		}
		for row := range n {
			factor := m[row][col]
			if row == col || factor == 0 {
				continue
			}
			for j := range n {
				m[row][j] -= factor * m[col][j]
				inverse[row][j] -= factor * inverse[col][j]
			}
		}
	}
	return inverse
}

// window fits one window, from its scalar products with the basis functions and
// with itself. tones is filled with the power of each tone.
func (f *fitter) window(dots []float64, energy float64, tones []float64) fitted {
	explained := 0.0
	for i, row := range f.inverse {
		f.weights[i] = product(row, dots)
		explained += f.weights[i] * dots[i]
	}
	constant := f.weights[len(f.weights)-1]
	result := fitted{tones: tones, rest: max(0, energy-explained) / float64(f.size)}
	result.signal = max(0, explained/float64(f.size)-constant*constant)
	result.rest += constant * constant
	for i := range tones {
		c, s := f.weights[2*i], f.weights[2*i+1]
		tones[i] = (c*c + s*s) / 2
	}
	return result
}

// finding is what a fit of the wanted tones says about them.
type finding struct {
	clean   bool      // there is little else
	audible []float64 // those that are audible in all the sound, strongest first
}

// fit measures the wanted tones in windows of 100 ms.
func (r *Result) fit(p *projection) finding {
	window := min(steps, p.count)
	if window == 0 || window*p.size < p.width+1 || len(p.hz) == 0 {
		return finding{}
	}
	f := newFitter(p.hz, p.rate, window*p.size)
	turns := p.turns(window)
	powers, tones, dots := make([]float64, len(p.hz)), make([]float64, len(p.hz)), make([]float64, p.width)
	var signals []float64
	noise, signal := 0.0, 0.0
	for at := 0; at+window <= p.count; at += window {
		w := f.window(dots, p.gather(dots, at, turns), tones)
		signals = append(signals, w.signal)
		noise += w.rest
		signal += w.signal
		for i, power := range w.tones {
			powers[i] += power
		}
	}
	loudest := slices.Max(powers)
	found := finding{audible: strongest(p.hz, powers, max(loudest, noise))}
	noise += missing(signals)
	r.SNR = Perfect
	if noise > 0 {
		r.SNR = min(Perfect, 10*math.Log10(signal/noise))
	}
	found.clean = r.SNR >= audible
	return found
}

// missing is the power that windows without signal lack: in them there is no
// noise either, yet the tone ought to be there.
func missing(signals []float64) float64 {
	usual := slices.Max(signals)
	sum := 0.0
	for _, s := range signals {
		if s < usual/10 {
			sum += usual - s
		}
	}
	return sum
}

// strongest sorts tones by power and leaves out those that are inaudible beside
// a sound of the power of reference.
func strongest(hz, powers []float64, reference float64) []float64 {
	order := make([]int, len(hz))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case powers[a] > powers[b]:
			return -1
		case powers[a] < powers[b]:
			return 1
		}
		return 0
	})
	var list []float64
	for _, i := range order {
		if powers[i] >= reference*math.Pow(10, -audible/10) {
			list = append(list, hz[i])
		}
	}
	return list
}
