package play

import (
	"sync/atomic"
	"time"
)

// beginning is the instant of the first step. Observers ask for it while the
// applications still start.
type beginning struct{ at atomic.Pointer[time.Time] }

func (b *beginning) set(at time.Time) { b.at.Store(&at) }
func (b *beginning) get() time.Time   { return *b.at.Load() }

// now is the virtual time since the first step.
func (w *world) now() time.Duration { return time.Since(w.start.get()) }

// at is an instant of the run.
func (w *world) at(t time.Time) time.Duration { return t.Sub(w.start.get()) }

// touch tells the driver that something has happened.
func (w *world) touch() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}
