package portaudio

import (
	"math"
	"testing"
	"time"
)

// A pump that was late once keeps more sound ready from then on: the next time
// nothing is missing. What it keeps is bounded, and given back.
func TestReserve(t *testing.T) {
	var l *line
	var first, second int64
	var heard []int16
	play(t, 48000, func(s *stage) {
		l = newLine(48000, true, 1, s.wake)
		s.line.Store(l)
		s.card(l, 100*time.Millisecond, sine(400, 48000))
		first = s.stall(l, 3)
		s.card(l, 400*time.Millisecond, sine(400, 48000))
		second = s.stall(l, 3)
		s.card(l, 400*time.Millisecond, sine(400, 48000))
		s.stall(l, 12)
		s.card(l, 400*time.Millisecond, sine(400, 48000))
		if n := l.out.waiting(); n > mostReserve*l.frame {
			t.Errorf("%d samples wait to be played, want at most %d", n, mostReserve*l.frame)
		}
		heard = s.card(l, 80*time.Second, sine(400, 48000))
	})
	if first == 0 || second != 0 {
		t.Errorf("%d samples were missing the first time, %d the second", first, second)
	}
	if n := l.out.waiting(); n > lead*l.frame {
		t.Errorf("%d samples wait to be played at last, want at most %d", n, lead*l.frame)
	}
	// 400 Hz fit a frame eight times: where one is left out, nothing is heard.
	if step := largestStep(heard[4800:]); step > 600 {
		t.Errorf("a step of %d", step)
	}
}

// stall is a time of frames in which the pump is not let run. It returns how many
// samples were missing.
func (s *stage) stall(l *line, frames int) int64 {
	in, out := make([]int16, l.frame), make([]int16, l.frame)
	for range frames {
		l.exchange(in, out)
	}
	return l.missing.Load()
}

// Where a frame is left out the sound is joined: no step is larger than those of
// the tone itself.
func TestReserveJoins(t *testing.T) {
	const frame = 960
	l := newLine(48000, true, 1, make(chan struct{}, 1)) // with two frames of silence, which are spare
	r := newReserve(frame)
	r.grown, r.calm, r.spare = frame, calmAfter-3, 2*frame
	tone := sine(490, 48000) // 9.8 times a frame: out of phase by 72 degrees
	for at := range 6 {
		f := make([]int16, frame)
		for i := range f {
			f[i] = tone(at*frame + i)
		}
		r.put(l, f)
	}
	heard := make([]int16, l.out.waiting())
	l.out.read(heard)
	heard = heard[lead*frame:]
	if len(heard) != 5*frame {
		t.Errorf("%d samples of 6 frames less one", len(heard))
	}
	if step := largestStep(heard); step > 1000 {
		t.Errorf("a step of %d, where those of the tone are 640", step)
	}
}

// A card that takes more at a time than the lead, such as JACK with periods of
// 85 ms, is fed without gaps after a moment.
func TestCardWithLongPeriods(t *testing.T) {
	var heard []int16
	var l *line
	play(t, 16000, func(s *stage) {
		l = newLine(48000, true, 2, s.wake)
		s.line.Store(l)
		heard = s.cardOf(l, 80*time.Millisecond, 3*time.Second, sine(440, 48000))
	})
	mean := 0.0
	for _, v := range heard[48000 : 2*48000] {
		mean += float64(v) * float64(v) / 48000
	}
	if amplitude := math.Sqrt(2 * mean); math.Abs(amplitude-10000) > 50 {
		t.Errorf("amplitude %.0f, want 10000", amplitude)
	}
	if step := largestStep(heard[48000:]); step > 600 {
		t.Errorf("a step of %d", step)
	}
}

func largestStep(samples []int16) int {
	most := 0
	for i := range samples[1:] {
		most = max(most, int(samples[i+1])-int(samples[i]), int(samples[i])-int(samples[i+1]))
	}
	return most
}
