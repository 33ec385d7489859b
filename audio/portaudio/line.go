package portaudio

import (
	"sync/atomic"

	"github.com/go-sipsimple/callflow/audio"
)

// room is how many frames a ring holds.
const room = 16

// line is an open stream of PortAudio, seen from both sides: the callback
// exchanges samples, a pump works on them.
type line struct {
	rate     int // Hz, of the card
	frame    int // samples of 20 ms
	captures bool
	plays    bool
	channels int // that are played
	wake     chan<- struct{}

	in, out *ring
	elapsed atomic.Int64 // samples since the start, the clock of the card
	missing atomic.Int64 // samples that had to be played and were not there, and are not made up for yet
	late    atomic.Int64 // all of them
}

func newLine(rate int, captures bool, channels int, wake chan<- struct{}) *line {
	l := &line{
		rate: rate, frame: rate / audio.FramesPerSecond, captures: captures, plays: channels > 0, channels: channels, wake: wake,
	}
	l.in, l.out = newRing(room*l.frame), newRing(room*l.frame)
	l.out.write(make([]int16, lead*l.frame))
	return l
}

// exchange is the callback of PortAudio, on its thread: in has one channel, out
// is interleaved. It must not wait, lock, log or allocate.
func (l *line) exchange(in, out []int16) {
	n := len(in)
	if l.captures {
		l.in.write(in)
	}
	if l.plays {
		n = len(out) / l.channels
		if short := n - l.out.spread(out, l.channels); short > 0 {
			l.missing.Add(int64(short))
			l.late.Add(int64(short))
		}
	}
	l.elapsed.Add(int64(n))
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
