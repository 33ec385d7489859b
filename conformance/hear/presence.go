package hear

import (
	"math"
	"slices"
	"time"
)

// present is the part of a tone's usual power at which it is there.
const present = 0.1

// presence finds where wanted tones are missing, in steps of 10 ms.
func (r *Result) presence(p *projection) {
	if len(p.hz) == 0 || p.count == 0 || p.size < 2 {
		return
	}
	there := stepsWith(p)
	gap, longest, lost := 0, 0, 0
	for i, ok := range there {
		if ok {
			gap = 0
			if r.Delay < 0 {
				r.Delay = duration(i*p.size, p.rate)
			}
			continue
		}
		gap++
		longest = max(longest, gap)
		if i%2 == 1 && !there[i-1] {
			lost++
		}
	}
	r.LongestGap = time.Duration(longest) * 10 * time.Millisecond
	r.LostFrames = lost
}

// stepsWith tells for each step whether all wanted tones are in it.
func stepsWith(p *projection) []bool {
	powers := stepPowers(p)
	there := make([]bool, len(powers[0]))
	for i := range there {
		there[i] = true
	}
	for _, list := range powers {
		least := max(present*quantile(list, 0.9), floorPower)
		for i, v := range list {
			there[i] = there[i] && v >= least
		}
	}
	return there
}

// floorPower is the mean square at which sound is silence.
var floorPower = 32768 * 32768 / 2 * math.Pow(10, SilenceBelow/10)

// stepPowers lists, for each wanted tone, its power in every step. Tones too
// near to tell apart in so short a time are taken together.
func stepPowers(p *projection) [][]float64 {
	f := newFitter(p.hz, p.rate, p.size)
	together := !separable(p.hz, float64(p.rate)/float64(p.size))
	lists := make([][]float64, len(p.hz))
	if together {
		lists = lists[:1]
	}
	for i := range lists {
		lists[i] = make([]float64, p.count)
	}
	tones := make([]float64, len(p.hz))
	for k := range p.count {
		w := f.window(p.step(k), p.energy[k], tones)
		if together {
			lists[0][k] = w.signal
			continue
		}
		for i, power := range w.tones {
			lists[i][k] = power
		}
	}
	return lists
}

// separable tells whether all tones, and 0 Hz, are a resolution apart.
func separable(hz []float64, resolution float64) bool {
	sorted := slices.Sorted(slices.Values(hz))
	before := 0.0
	for _, f := range sorted {
		if f-before < 0.9*resolution {
			return false
		}
		before = f
	}
	return true
}

func quantile(values []float64, q float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[int(q*float64(len(sorted)-1))]
}
