package transaction

import "time"

// shell runs a machine: it keeps its timers.
type shell struct {
	layer   *Layer
	key     string
	machine machine
	running *runningTimer // the first of them
	user    firer
}

// firer is the transaction, which makes inTimer of a timer that has fired.
type firer interface{ fire(t timer) }

// runningTimer is one of them. Once it is stopped it knows nobody: the queue
// holds it for as long as it would have run.
type runningTimer struct {
	name  timer
	owner *shell        // nil: it has fired, or was stopped
	next  *runningTimer // of the owner
}

func (s *shell) start(name timer, after time.Duration) {
	s.stop(name)
	r := &runningTimer{name: name, owner: s, next: s.running}
	s.running = r
	s.layer.timers.add(r, after)
}

func (r *runningTimer) stopped() bool { return r.owner == nil }

func (r *runningTimer) expire() {
	if s := r.owner; s != nil {
		s.remove(r)
		s.user.fire(r.name)
	}
}

func (s *shell) stop(name timer) {
	for r := s.running; r != nil; r = r.next {
		if r.name == name {
			s.remove(r)
			return
		}
	}
}

func (s *shell) remove(r *runningTimer) {
	at := &s.running
	for *at != r {
		at = &(*at).next
	}
	*at = r.next
	r.owner, r.next = nil, nil
	s.layer.timers.dropped(r)
}

func (s *shell) stopAll() {
	for s.running != nil {
		s.remove(s.running)
	}
}
