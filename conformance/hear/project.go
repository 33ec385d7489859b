package hear

import (
	"math"

	"github.com/go-sipsimple/callflow/internal/samples"
)

// projection is a sound seen through the wanted tones: of every step of 10 ms the
// scalar products with cosine and sine of each tone, its sum and its energy.
// Whatever is measured about the tones follows from these.
type projection struct {
	hz     []float64
	rate   int
	size   int // samples of a step
	count  int // steps
	width  int // 2 for each tone, and 1 for the sum
	dots   []float64
	energy []float64
}

func project(sound []int16, rate int, hz []float64) *projection {
	p := &projection{hz: hz, rate: rate, size: rate / 100, width: 2*len(hz) + 1}
	if p.size == 0 {
		return p
	}
	p.count = len(sound) / p.size
	p.dots, p.energy = make([]float64, p.count*p.width), make([]float64, p.count)
	basis, input := waves(hz, rate, p.size), make([]float64, p.size)
	for k := range p.count {
		dots := p.step(k)
		if before := k - again; before >= 0 && samples.Equal(sound[k*p.size:][:p.size], sound[before*p.size:][:p.size]) {
			copy(dots, p.step(before))
			p.energy[k] = p.energy[before]
			continue
		}
		dots[p.width-1], p.energy[k] = convert(input, sound[k*p.size:])
		for i, b := range basis {
			dots[i] = product(input, b)
		}
	}
	return p
}

// again is after how many steps the tones of most tests, multiples of 5 Hz, repeat
// themselves exactly: what is the same sound has the same products.
const again = 20

// convert fills out, and returns the sum and the energy of its samples: both are
// exact. Four at a time keep the processor busy, as in product.
func convert(out []float64, in []int16) (sum, energy float64) {
	var e0, e1, e2, e3 float64
	total := 0
	in = in[:len(out)]
	for len(out) >= 4 && len(in) >= 4 {
		a, b, c, d := float64(in[0]), float64(in[1]), float64(in[2]), float64(in[3])
		out[0], out[1], out[2], out[3] = a, b, c, d
		total += int(in[0]) + int(in[1]) + int(in[2]) + int(in[3])
		e0 += a * a
		e1 += b * b
		e2 += c * c
		e3 += d * d
		out, in = out[4:], in[4:]
	}
	for i := range out {
		out[i] = float64(in[i])
		total += int(in[i])
		e0 += out[i] * out[i]
	}
	return float64(total), e0 + e1 + e2 + e3
}

// step is the scalar products of a step.
func (p *projection) step(k int) []float64 { return p.dots[k*p.width:][:p.width] }

// turn is how far a tone has turned at the beginning of a step.
type turn struct{ cos, sin float64 }

// turns is how far each tone has turned at the beginning of each step of a window.
func (p *projection) turns(window int) []turn {
	list := make([]turn, 0, window*len(p.hz))
	for k := range window {
		for _, hz := range p.hz {
			sin, cos := math.Sincos(2 * math.Pi * hz / float64(p.rate) * float64(k*p.size))
			list = append(list, turn{cos, sin})
		}
	}
	return list
}

// gather fills dots with the scalar products of a window that begins with a step,
// out of those of its steps, and returns its energy. The waves of a window are those
// of a step, turned by what has gone before it: cos(a+b) = cos a cos b - sin a sin b.
func (p *projection) gather(dots []float64, at int, turns []turn) (energy float64) {
	clear(dots)
	tones, last := len(p.hz), p.width-1
	for k := at; len(turns) > 0; k++ {
		step := p.step(k)
		for i, t := range turns[:tones] {
			c, s := step[2*i], step[2*i+1]
			dots[2*i] += t.cos*c - t.sin*s
			dots[2*i+1] += t.sin*c + t.cos*s
		}
		dots[last] += step[last]
		energy += p.energy[k]
		turns = turns[tones:]
	}
	return energy
}
