package portaudio

import "sync/atomic"

// ring carries samples from one goroutine or thread to one other. Neither side
// ever waits, locks or allocates.
type ring struct {
	samples []int16 // a power of two
	written atomic.Uint64
	taken   atomic.Uint64
}

// newRing returns a ring for at least n samples.
func newRing(n int) *ring {
	size := 1
	for size < n {
		size *= 2
	}
	return &ring{samples: make([]int16, size)}
}

// waiting is how many samples can be taken.
func (r *ring) waiting() int { return int(r.written.Load() - r.taken.Load()) }

// write puts samples in. What does not fit is dropped. Only the writer calls it.
func (r *ring) write(samples []int16) {
	at := r.written.Load()
	room := len(r.samples) - int(at-r.taken.Load())
	samples = samples[:min(len(samples), room)]
	mask := uint64(len(r.samples) - 1)
	for _, s := range samples {
		r.samples[at&mask] = s
		at++
	}
	r.written.Store(at)
}

// read fills out and returns how many samples there were; the rest is silence.
// Only the reader calls it.
func (r *ring) read(out []int16) int { return r.spread(out, 1) }

// spread is read with every sample on each of a number of interleaved channels.
// It returns how many samples of a channel there were.
func (r *ring) spread(out []int16, channels int) int {
	at := r.taken.Load()
	n := min(len(out)/channels, int(r.written.Load()-at))
	mask := uint64(len(r.samples) - 1)
	for i := range n {
		s := r.samples[at&mask]
		at++
		for c := range channels {
			out[i*channels+c] = s
		}
	}
	clear(out[n*channels:])
	r.taken.Store(at)
	return n
}

// discard takes up to n samples out. Only the reader calls it.
func (r *ring) discard(n int) {
	r.taken.Add(uint64(min(n, r.waiting())))
}
