package transaction

import "time"

// shell runs a machine: it keeps its timers.
type shell struct {
	layer   *Layer
	key     string
	machine machine
	running []*runningTimer
	fire    func(t timer) // the input inTimer, set by the transaction
}

// runningTimer is compared by identity: a timer that fired while it was being
// stopped is recognised by not being in shell.running any more.
type runningTimer struct {
	name  timer
	timer *time.Timer
}

func (s *shell) start(name timer, after time.Duration) {
	s.stop(name)
	r := &runningTimer{name: name}
	s.running = append(s.running, r)
	r.timer = time.AfterFunc(max(after, 1), func() { // a timer due at once might run before this function returns
		s.layer.cfg.Executor.Post(func() { s.fired(r) })
	})
}

func (s *shell) fired(r *runningTimer) {
	for i, other := range s.running {
		if other == r {
			s.remove(i)
			s.fire(r.name)
			return
		}
	}
}

func (s *shell) stop(name timer) {
	for i, r := range s.running {
		if r.name == name {
			r.timer.Stop()
			s.remove(i)
			return
		}
	}
}

func (s *shell) remove(i int) {
	last := len(s.running) - 1
	s.running[i] = s.running[last]
	s.running[last] = nil
	s.running = s.running[:last]
}

func (s *shell) stopAll() {
	for _, r := range s.running {
		r.timer.Stop()
	}
	s.running = nil
}
