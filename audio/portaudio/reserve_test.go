package portaudio

import (
	"math"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

// byHand is a card and a pump that take turns.
type byHand struct {
	*pump
	card  *line
	now   time.Time
	at    int // samples so far
	heard []int16
}

func newByHand() *byHand {
	h := &byHand{pump: newPump(48000, func(in, out []int16) { copy(out, in) }), now: time.Unix(1000, 0)}
	h.pump.last = h.now
	h.card = newLine(48000, true, 1, h.wake)
	h.line.Store(h.card)
	h.work(h.now)
	return h
}

// pass lets frames of a tone pass. Without service the pump does not run: how many
// samples were missing then is returned.
func (h *byHand) pass(frames int, service bool) int64 {
	tone, in, out := sine(400, 48000), make([]int16, h.card.frame), make([]int16, h.card.frame)
	for range frames {
		h.now = h.now.Add(audio.FrameDuration)
		for i := range in {
			in[i] = tone(h.at)
			h.at++
		}
		h.card.exchange(in, out)
		h.heard = append(h.heard, out...)
		if service {
			h.work(h.now)
		}
	}
	return h.card.missing.Load()
}

// A pump that was late once keeps more sound ready from then on: the next time
// nothing is missing. What it keeps is bounded, and given back.
func TestReserve(t *testing.T) {
	h := newByHand()
	h.pass(10, true)
	if missing := h.pass(3, false); missing == 0 {
		t.Error("nothing was missing the first time")
	}
	h.pass(20, true)
	if missing := h.pass(3, false); missing != 0 {
		t.Errorf("%d samples were missing the second time", missing)
	}
	h.pass(20, true)
	h.pass(12, false)
	h.pass(20, true)
	if n := h.card.out.waiting(); n > mostReserve*h.card.frame {
		t.Errorf("%d samples wait to be played, want at most %d", n, mostReserve*h.card.frame)
	}
	h.heard = nil
	h.pass(80*audio.FramesPerSecond, true)
	if n := h.card.out.waiting(); n > lead*h.card.frame {
		t.Errorf("%d samples wait to be played at last, want at most %d", n, lead*h.card.frame)
	}
	// 400 Hz fit a frame eight times: where one is left out, nothing is heard.
	if step := largestStep(h.heard); step > 600 {
		t.Errorf("a step of %d", step)
	}
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
