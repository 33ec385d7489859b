package play

import (
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

// slow is a device with gaps.
type slow struct {
	audio.NullDevice
	late time.Duration
}

func (s *slow) Late() time.Duration { return s.late }

// What devices did that were on time, and without gaps, counts; anything else is void.
func TestDevicesWereLate(t *testing.T) {
	far := &slow{}
	r := &realSound{app: &slow{}, far: far}
	second := func(app, far int64) progress {
		before := r.progress()
		before.at = before.at.Add(-time.Second)
		r.moved[0].Add(app)
		r.moved[1].Add(far)
		return before
	}
	for _, c := range []struct {
		app, far int64
		late     bool
	}{{50, 50, false}, {46, 54, false}, {40, 50, true}, {50, 40, true}, {50, 70, true}} {
		if late := r.wasLate(second(c.app, c.far)); late != c.late {
			t.Errorf("%d and %d frames in a second: late %v", c.app, c.far, late)
		}
	}
	before := second(50, 50)
	far.late += time.Millisecond
	if !r.wasLate(before) {
		t.Error("a gap is not late")
	}
}
