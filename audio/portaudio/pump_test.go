package portaudio

import (
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

func TestRing(t *testing.T) {
	r := newRing(5) // has room for 8
	r.write([]int16{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	out := make([]int16, 6)
	if n := r.spread(out, 2); n != 3 || !slices.Equal(out, []int16{1, 1, 2, 2, 3, 3}) {
		t.Errorf("%d samples, %v", n, out)
	}
	r.write([]int16{20})
	r.discard(3)
	if n := r.read(out); n != 3 || !slices.Equal(out, []int16{7, 8, 20, 0, 0, 0}) {
		t.Errorf("%d samples, %v", n, out)
	}
	r.discard(1)
	if r.waiting() != 0 {
		t.Errorf("%d samples are waiting", r.waiting())
	}
}

// TestRingBetweenTwo is for the race detector, and for the order.
func TestRingBetweenTwo(t *testing.T) {
	const count = 100_000
	r := newRing(64)
	var both sync.WaitGroup
	both.Go(func() {
		for next := 0; next < count; {
			n := min(16, count-next, 64-r.waiting())
			samples := make([]int16, n)
			for i := range samples {
				samples[i] = int16(next + i)
			}
			r.write(samples)
			next += n
		}
	})
	both.Go(func() {
		out := make([]int16, 24)
		for next := 0; next < count; {
			for _, s := range out[:r.read(out)] {
				if s != int16(next) {
					t.Errorf("%d instead of %d", s, int16(next))
					return
				}
				next++
			}
		}
	})
	both.Wait()
}

// stage is a pump with a card that is played by hand.
type stage struct {
	*pump
	at    []time.Duration // when process was called
	begun time.Time
}

// play runs a pump whose mixer sends back what it hears, and tells how often the
// mixer was called.
func play(t *testing.T, rate int, body func(s *stage)) *stage {
	s := &stage{}
	synctest.Test(t, func(*testing.T) {
		s.begun = time.Now()
		s.pump = newPump(rate, func(in, out []int16) {
			s.at = append(s.at, time.Since(s.begun))
			copy(out, in)
		})
		go s.run()
		body(s)
		s.halt()
	})
	return s
}

// card exchanges a time of sound in periods of 10 ms, and returns what came out
// of the left channel.
func (s *stage) card(l *line, d time.Duration, sound func(i int) int16) []int16 {
	return s.cardOf(l, 10*time.Millisecond, d, sound)
}

// cardOf is card with another period.
func (s *stage) cardOf(l *line, each, d time.Duration, sound func(i int) int16) []int16 {
	var heard []int16
	period := int(time.Duration(l.rate) * each / time.Second)
	in, out := make([]int16, period), make([]int16, period*l.channels)
	for at := range int(d / each) {
		time.Sleep(each)
		for i := range in {
			in[i] = sound(at*period + i)
		}
		l.exchange(in, out)
		for i := 0; i < len(out); i += l.channels {
			heard = append(heard, out[i])
		}
		synctest.Wait()
	}
	return heard
}

func sine(hz float64, rate int) func(int) int16 {
	return func(i int) int16 {
		return int16(math.Round(10000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
}

func TestPumpGoesByTheCard(t *testing.T) {
	for _, rate := range []int{8000, 16000, 44100, 48000} {
		var heard []int16
		s := play(t, rate, func(s *stage) {
			l := newLine(48000, true, 2, s.wake)
			s.line.Store(l)
			heard = s.card(l, time.Second, sine(440, 48000))
		})
		if n := len(s.at); n != 50 {
			t.Errorf("%d Hz: %d frames in a second", rate, n)
		}
		silent, peak, mean := 0, 0.0, 0.0
		for silent < len(heard) && heard[silent] > -100 && heard[silent] < 100 {
			silent++
		}
		for _, v := range heard[24000:] {
			peak, mean = max(peak, math.Abs(float64(v))), mean+float64(v)*float64(v)/24000
		}
		// The two frames of the lead, the captured one that is worked on, and resamplers.
		if silent < 1900 || silent > 2900 {
			t.Errorf("%d Hz: sound begins after %d samples", rate, silent)
		}
		if peak < 9900 || peak > 10100 || math.Abs(math.Sqrt(2*mean)-10000) > 50 {
			t.Errorf("%d Hz: peak %.0f, amplitude %.0f, want 10000", rate, peak, math.Sqrt(2*mean))
		}
	}
}

func TestPumpWithoutCard(t *testing.T) {
	s := play(t, 8000, func(s *stage) { time.Sleep(time.Second + time.Millisecond) })
	if n := len(s.at); n != 50 {
		t.Errorf("%d frames in a second", n)
	}
}

// A card that stands still is replaced by the time of the system, and comes back.
func TestPumpSurvivesTheCard(t *testing.T) {
	s := play(t, 8000, func(s *stage) {
		l := newLine(48000, true, 1, s.wake)
		s.line.Store(l)
		s.card(l, time.Second, sine(440, 48000))
		time.Sleep(time.Second)
		s.card(l, time.Second, sine(440, 48000))
		s.line.Store(nil)
		time.Sleep(time.Second)
	})
	if n := len(s.at); n < 190 || n > 210 {
		t.Errorf("%d frames in four seconds", n)
	}
	for i := range s.at[1:] {
		if gap := s.at[i+1] - s.at[i]; gap > patience+audio.FrameDuration {
			t.Errorf("no frame between %v and %v", s.at[i], s.at[i+1])
		}
	}
}

func TestPumpPauses(t *testing.T) {
	s := play(t, 8000, func(s *stage) {
		s.setPaused(true)
		time.Sleep(time.Second)
		if len(s.at) > 0 {
			t.Errorf("frames while paused: %v", s.at)
		}
		if s.setPaused(true) || !s.setPaused(false) {
			t.Error("a change is not told")
		}
		time.Sleep(19 * time.Millisecond)
	})
	if len(s.at) != 1 || s.at[0] != time.Second {
		t.Errorf("frames at %v", s.at)
	}
}

func TestPumpAbandoned(t *testing.T) {
	p := newPump(8000, nil)
	p.abandon()
	p.halt()
}

func TestExchangeAllocatesNothing(t *testing.T) {
	p := newPump(8000, func(in, out []int16) { copy(out, in) })
	l := newLine(48000, true, 2, p.wake)
	p.line.Store(l)
	p.follow(l, time.Now())
	in, out := make([]int16, 960), make([]int16, 1920)
	allocations := testing.AllocsPerRun(1000, func() {
		l.exchange(in, out)
		p.work(time.Now())
	})
	if allocations != 0 {
		t.Errorf("%v allocations for each frame", allocations)
	}
}

func TestOpenWithoutDriver(t *testing.T) {
	d, err := Open(nil)
	if err == nil {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	} else if !errors.Is(err, ErrNotBuilt) {
		t.Error(err)
	}
}
