package audio

import (
	"math/cmplx"
	"sync/atomic"
	"time"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Echoer is what a device implements whose microphone may hear its loudspeaker, as
// those of a sound card do. The echo of what such a device plays is taken out of what
// it captures, if the mixer has an echo tail.
type Echoer interface {
	// Echo says whether there may be an echo, and how much later than it was played,
	// at least.
	Echo() (delay time.Duration, may bool)
}

// How an echoCanceller adapts.
const (
	echoStep   = 0.5  // of what would cancel a steady echo at once
	echoMemory = 0.95 // of errors, per frame: that a voice fits what was played by chance is over soon
	echoFade   = 0.8  // of the power of what was played, per frame
	echoBetter = 0.5  // part of the error that the filter that learns must leave to be used,
	echoProof  = 8    // in so many frames in a row: with a voice there are some by chance
	echoWorse  = 2.0  // times the error at which it is taught anew
	echoFloor  = 1e-3 // of the mean power of a bin: in weaker ones nothing is learned
	echoLeast  = 100. // power of a sample that is sound
)

// echoCanceller takes the echo of what is played out of what is captured. It models
// the way from loudspeaker to microphone by an adaptive filter in the frequency
// domain, in partitions of a frame (a multidelay block filter: Soo and Pang, 1990).
// There are two of them: one learns all the time, the other one is in use and takes
// over what the first has learned when that is better, so that a voice at the
// microphone, from which nothing is to be learned, does no harm. Sound is not delayed.
//
// It belongs to the goroutine of the device, but for reset.
type echoCanceller struct {
	reset atomic.Bool // forget all at the next frame

	size    int // of a frame; spectra are of two
	skip    int // frames between playing and the first partition
	fft     *fourier.FFT
	scale   float64
	spectra [][]complex128 // of what was played, newest first: skip and partitions of them
	use     [][]complex128
	learn   [][]complex128
	power   []float64 // of what was played, by bin
	turn    int       // partition that is constrained next

	played   []float64 // the last two frames
	quiet    int       // frames in a row without anything played
	errUse   float64   // energies of the errors, smoothed
	errLearn float64
	better   int // frames in a row in which the filter that learns was better

	spectrum []complex128
	block    []float64
	near     []float64
	used     []float64 // errors of the filter in use, and of the one that learns
	learned  []float64
	out      []int16
}

// newEchoCanceller is for frames of a size, and an echo that comes after delay and
// lasts for tail.
func newEchoCanceller(size int, delay, tail time.Duration) *echoCanceller {
	partitions := max(1, int((tail+FrameDuration-1)/FrameDuration)) + 1 // delays are no multiples of a frame
	skip := int(delay / FrameDuration)
	bins := size + 1
	spectra := func(n int) [][]complex128 {
		list := make([][]complex128, n)
		for i := range list {
			list[i] = make([]complex128, bins)
		}
		return list
	}
	return &echoCanceller{
		size: size, skip: skip, fft: fourier.NewFFT(2 * size), scale: 1 / float64(2*size),
		spectra: spectra(skip + partitions), use: spectra(partitions), learn: spectra(partitions), power: make([]float64, bins),
		played: make([]float64, 2*size), quiet: skip + partitions, spectrum: make([]complex128, bins), block: make([]float64, 2*size),
		near: make([]float64, size), used: make([]float64, size), learned: make([]float64, size), out: make([]int16, size),
	}
}

// hear takes a frame that was played.
func (c *echoCanceller) hear(frame []int16) {
	copy(c.played, c.played[c.size:])
	energy := 0.0
	for i, s := range frame {
		v := float64(s)
		c.played[c.size+i] = v
		energy += v * v
	}
	c.quiet++
	if energy > echoLeast*float64(c.size) {
		c.quiet = 0
	}
	last := c.spectra[len(c.spectra)-1]
	copy(c.spectra[1:], c.spectra)
	c.spectra[0] = c.fft.Coefficients(last, c.played)
}

// cancel returns a captured frame without echo, valid until the next call. Frames are
// captured and played in turn.
func (c *echoCanceller) cancel(frame []int16) []int16 {
	if c.reset.CompareAndSwap(true, false) {
		c.forget()
	}
	if c.quiet >= len(c.spectra) {
		return frame // nothing that could come back
	}
	for i, s := range frame {
		c.near[i] = float64(s)
	}
	use, learn := c.residue(c.used, c.use), c.residue(c.learned, c.learn)
	c.errUse = echoMemory*c.errUse + use
	c.errLearn = echoMemory*c.errLearn + learn
	c.adapt()
	c.better++
	if learn >= use {
		c.better = 0
	}
	switch {
	case c.better >= echoProof && c.errLearn < echoBetter*c.errUse:
		assign(c.use, c.learn)
		c.errUse, c.better = c.errLearn, 0
		copy(c.used, c.learned)
	case c.errLearn > echoWorse*c.errUse:
		assign(c.learn, c.use)
		c.errLearn = c.errUse
	}
	for i, v := range c.used {
		c.out[i] = saturate(int32(v))
	}
	return c.out
}

// forget begins anew.
func (c *echoCanceller) forget() {
	for p := range c.use {
		clear(c.use[p])
		clear(c.learn[p])
	}
	c.errUse, c.errLearn = 0, 0
}

func assign(to, from [][]complex128) {
	for p := range to {
		copy(to[p], from[p])
	}
}

// residue is what a filter leaves of the captured frame; its energy is returned.
func (c *echoCanceller) residue(to []float64, filter [][]complex128) (energy float64) {
	clear(c.spectrum)
	for p, weights := range filter {
		played := c.spectra[c.skip+p]
		for k, w := range weights {
			c.spectrum[k] += w * played[k]
		}
	}
	echo := c.fft.Sequence(c.block, c.spectrum)[c.size:]
	for i, v := range c.near {
		to[i] = v - echo[i]*c.scale
		energy += to[i] * to[i]
	}
	return energy
}

// adapt has the filter learn from its error.
func (c *echoCanceller) adapt() {
	mean := c.measure()
	clear(c.block[:c.size])
	copy(c.block[c.size:], c.learned)
	wrong := c.fft.Coefficients(c.spectrum, c.block)
	for k := range wrong {
		wrong[k] *= complex(echoStep/(c.power[k]+echoFloor*mean), 0)
	}
	for p, weights := range c.learn {
		for k, x := range c.spectra[c.skip+p] {
			weights[k] += cmplx.Conj(x) * wrong[k]
		}
	}
	c.turn = (c.turn + 1) % len(c.learn)
	c.constrain(c.learn[c.turn])
}

// measure follows the power of what was played in all the partitions, by bin. It
// returns the mean.
func (c *echoCanceller) measure() (mean float64) {
	for k := range c.power {
		now := 0.0
		for _, played := range c.spectra[c.skip:] {
			x := played[k]
			now += real(x)*real(x) + imag(x)*imag(x)
		}
		c.power[k] = max(now, echoFade*c.power[k])
		mean += c.power[k]
	}
	return mean/float64(len(c.power)) + echoLeast*float64(c.size)
}

// constrain makes a partition a filter of one frame again. It costs two transforms:
// one partition has its turn in each frame, which does nearly as well as all.
func (c *echoCanceller) constrain(weights []complex128) {
	taps := c.fft.Sequence(c.block, weights)
	clear(taps[c.size:])
	for i := range taps[:c.size] {
		taps[i] *= c.scale
	}
	c.fft.Coefficients(weights, taps)
}
