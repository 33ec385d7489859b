package jitter

// Concealer replaces missing sound by a continuation of what was heard before:
// the last pitch period over and over, which fades to silence within 100 ms
// (compare ITU-T G.711 appendix I).
type Concealer struct {
	rate    int
	recent  []int16 // room for more than the history, so that it is moved up only now and then
	history []int16 // the end of recent: the last 50 ms of what was played
	lag     int     // pitch period found at the beginning of the gap
	gap     int     // samples concealed so far
}

// Lengths, as divisors of the sample rate.
const (
	historyPart  = 20  // 50 ms are remembered
	recentParts  = 8   // in so much room
	templatePart = 67  // 15 ms are compared
	minLagPart   = 400 // 2.5 ms: 400 Hz
	maxLagPart   = 40  // 25 ms: 40 Hz
	joinPart     = 200 // 5 ms of crossfading back to the real sound
	fadeFromPart = 50  // full strength for 20 ms
	fadeToPart   = 10  // silent after 100 ms
)

// NewConcealer returns a concealer for a sample rate in Hz.
func NewConcealer(rate int) *Concealer {
	size := rate / historyPart
	recent := make([]int16, size, recentParts*size)
	return &Concealer{rate: rate, recent: recent, history: recent}
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
	for rest := out; len(rest) > 0; {
		n := copy(rest, c.history[len(c.history)-c.lag:])
		c.remember(rest[:n])
		rest = rest[n:]
	}
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
	continued := c.history[len(c.history)-c.lag:]
	strength := c.fade(c.gap)
	for i := range n {
		w := float64(i+1) / float64(n+1)
		samples[i] = int16(w*float64(samples[i]) + (1-w)*strength*float64(continued[i]))
	}
}

// remember appends to the history, at full strength also during a gap.
func (c *Concealer) remember(samples []int16) {
	size := len(c.history)
	if len(c.recent)+len(samples) > cap(c.recent) {
		c.recent = append(c.recent[:0], c.history...)
		samples = samples[max(0, len(samples)-cap(c.recent)+size):]
	}
	c.recent = append(c.recent, samples...)
	c.history = c.recent[len(c.recent)-size:]
}

// findLag finds the distance at which the end of the history resembles itself
// most: the greatest normalised correlation.
func (c *Concealer) findLag() int {
	end := len(c.history)
	template := c.history[end-c.rate/templatePart:]
	n := len(template)
	best, bestLag := -1.0, c.rate/maxLagPart
	for lag := c.rate / minLagPart; lag <= c.rate/maxLagPart; lag++ {
		var product, energy int64
		for i, s := range c.history[end-n-lag : end-lag] {
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
