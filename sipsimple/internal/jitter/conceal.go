package jitter

import "slices"

// Concealer replaces missing sound by a continuation of what was heard before:
// the last pitch period over and over, which fades to silence within 100 ms
// (compare ITU-T G.711 appendix I).
type Concealer struct {
	rate    int
	history []int16 // the last 50 ms of what was played, a ring
	oldest  int     // where it begins, and goes on
	lag     int     // pitch period found at the beginning of the gap
	gap     int     // samples concealed so far
}

// Lengths, as divisors of the sample rate.
const (
	historyPart  = 20  // 50 ms are remembered
	templatePart = 67  // 15 ms are compared
	minLagPart   = 400 // 2.5 ms: 400 Hz
	maxLagPart   = 40  // 25 ms: 40 Hz
	joinPart     = 200 // 5 ms of crossfading back to the real sound
	fadeFromPart = 50  // full strength for 20 ms
	fadeToPart   = 10  // silent after 100 ms
)

// NewConcealer returns a concealer for a sample rate in Hz.
func NewConcealer(rate int) *Concealer {
	return &Concealer{rate: rate, history: make([]int16, rate/historyPart)}
}

// Heard takes real sound on its way to be played. After a gap its beginning is
// crossfaded with the continuation, in place.
func (c *Concealer) Heard(samples []int16) {
	if c.gap > 0 {
		c.join(samples)
	}
	c.gap = 0
	c.remember(samples)
}

// Skip tells that the sound heard next does not follow what was heard before.
func (c *Concealer) Skip() {
	if c.gap == 0 {
		c.lag, c.gap = c.findLag(), 1
	}
}

// Conceal fills out with the continuation. It returns false, and leaves out
// alone, once that has faded to silence.
func (c *Concealer) Conceal(out []int16) bool {
	if c.gap >= c.rate/fadeToPart {
		return false
	}
	if c.gap == 0 {
		c.lag = c.findLag()
	}
	period := c.inOrder()[len(c.history)-c.lag:]
	for rest := out; len(rest) > 0; {
		rest = rest[copy(rest, period):]
	}
	c.remember(out)
	for i := range out {
		out[i] = int16(float64(out[i]) * c.fade(c.gap+i))
	}
	c.gap += len(out)
	return true
}

// fade is the strength of the continuation at a sample of the gap.
func (c *Concealer) fade(at int) float64 {
	from, to := c.rate/fadeFromPart, c.rate/fadeToPart
	return max(0, min(1, float64(to-at)/float64(to-from)))
}

func (c *Concealer) join(samples []int16) {
	n := min(c.rate/joinPart, len(samples), c.lag)
	continued := c.inOrder()[len(c.history)-c.lag:]
	strength := c.fade(c.gap)
	for i := range n {
		w := float64(i+1) / float64(n+1)
		samples[i] = int16(w*float64(samples[i]) + (1-w)*strength*float64(continued[i]))
	}
}

// remember appends to the history, at full strength also during a gap.
func (c *Concealer) remember(samples []int16) {
	samples = samples[max(0, len(samples)-len(c.history)):]
	n := copy(c.history[c.oldest:], samples)
	if c.oldest += n; c.oldest == len(c.history) {
		c.oldest = copy(c.history, samples[n:])
	}
}

// inOrder is the history, the oldest first.
func (c *Concealer) inOrder() []int16 {
	slices.Reverse(c.history[:c.oldest])
	slices.Reverse(c.history[c.oldest:])
	slices.Reverse(c.history)
	c.oldest = 0
	return c.history
}

// findLag finds the distance at which the end of the history resembles itself
// most: the greatest normalised correlation.
func (c *Concealer) findLag() int {
	history := c.inOrder()
	end := len(history)
	template := history[end-c.rate/templatePart:]
	n := len(template)
	best, bestLag := -1.0, c.rate/maxLagPart
	for lag := c.rate / minLagPart; lag <= c.rate/maxLagPart; lag++ {
		var product, energy int64
		for i, s := range history[end-n-lag : end-lag] {
			product += int64(s) * int64(template[i])
			energy += int64(s) * int64(s)
		}
		if product <= 0 || energy == 0 {
			continue
		}
		if r := float64(product) * float64(product) / float64(energy); r > best {
			best, bestLag = r, lag
		}
	}
	return bestLag
}
