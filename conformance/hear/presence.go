package hear

import (
	"math"
	"slices"
	"time"
)

// present is the part of a tone's usual power at which it is there.
const present = 0.1

// presence finds where wanted tones are missing, in windows of 10 ms.
func (r *Result) presence(samples []int16, rate int, want []float64) {
	size := rate / 100
	if len(want) == 0 || len(samples) < size || size < 2 {
		return
	}
	there := windowsWith(samples, rate, size, want)
	gap, longest, lost := 0, 0, 0
	for i, ok := range there {
		if ok {
			gap = 0
			if r.Delay < 0 {
				r.Delay = duration(i*size, rate)
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

// windowsWith tells for each window whether all wanted tones are in it.
func windowsWith(samples []int16, rate, size int, want []float64) []bool {
	powers := windowPowers(samples, rate, size, want)
	there := make([]bool, len(powers[0]))
	for i := range there {
		there[i] = true
	}
	for _, p := range powers {
		least := max(present*quantile(p, 0.9), floorPower)
		for i, v := range p {
			there[i] = there[i] && v >= least
		}
	}
	return there
}

// floorPower is the mean square at which sound is silence.
var floorPower = 32768 * 32768 / 2 * math.Pow(10, SilenceBelow/10)

// windowPowers lists, for each wanted tone, its power in every window. Tones too
// near to tell apart in so short a time are taken together.
func windowPowers(samples []int16, rate, size int, want []float64) [][]float64 {
	f := newFitter(want, rate, size)
	together := !separable(want, float64(rate)/float64(size))
	lists := make([][]float64, len(want))
	if together {
		lists = lists[:1]
	}
	tones := make([]float64, len(want))
	for at := 0; at+size <= len(samples); at += size {
		w := f.window(samples[at:], tones)
		if together {
			lists[0] = append(lists[0], w.signal)
			continue
		}
		for i, p := range w.tones {
			lists[i] = append(lists[i], p)
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
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1))]
}
