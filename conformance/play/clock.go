package play

import "time"

// now is the virtual time since the first step.
func (w *world) now() time.Duration { return time.Since(w.start) }

// at is an instant of the run.
func (w *world) at(t time.Time) time.Duration { return t.Sub(w.start) }

// touch tells the driver that something has happened.
func (w *world) touch() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}
