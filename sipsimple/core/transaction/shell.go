package transaction

import (
	"slices"
	"time"
)

// shell runs a machine: it keeps its timers.
type shell struct {
	layer   *Layer
	key     string
	machine machine
	running []*runningTimer
	fire    func(t timer) // the input inTimer, set by the transaction
}

// runningTimer is one of them. Once it is stopped it knows nobody: the runtime
// holds it for as long as it would have run.
type runningTimer struct {
	name  timer
	owner *shell      // nil: it has fired, or was stopped
	timer *time.Timer // nil: it is one of longTimers
}

func (s *shell) start(name timer, after time.Duration) {
	s.stop(name)
	r := &runningTimer{name: name, owner: s}
	s.running = append(s.running, r)
	if after == Lifetime {
		s.layer.long.add(r)
		return
	}
	post := s.layer.long.post
	r.timer = time.AfterFunc(max(after, 1), func() { post(r.expire) }) // one due at once might run before this function returns
}

func (r *runningTimer) expire() {
	if s := r.owner; s != nil {
		s.remove(r)
		s.fire(r.name)
	}
}

func (s *shell) stop(name timer) {
	for _, r := range s.running {
		if r.name == name {
			s.remove(r)
			return
		}
	}
}

func (s *shell) remove(r *runningTimer) {
	r.stop()
	s.running = slices.DeleteFunc(s.running, func(other *runningTimer) bool { return other == r })
}

func (r *runningTimer) stop() {
	r.owner = nil
	if r.timer != nil {
		r.timer.Stop()
	}
}

func (s *shell) stopAll() {
	for _, r := range s.running {
		r.stop()
	}
	s.running = nil
}
