package script

import "time"

// The timers of RFC 3261 table 4.
const (
	t1       = 500 * time.Millisecond
	t2       = 4 * time.Second
	lifetime = 64 * t1
)

// repeat sends something again after T1, 2*T1 and so on, until it is stopped or
// 64*T1 have passed. Its methods need the party's lock; nil does nothing.
type repeat struct {
	timer   *time.Timer
	stopped bool
	tag     string // To tag of the answer, "" of a request
	final   bool   // a final answer
}

// repeatSending starts to repeat; intervals grow to limit, 0 meaning for ever.
func (p *Party) repeatSending(limit time.Duration, send func()) *repeat {
	r := &repeat{}
	interval, passed := t1, time.Duration(0)
	r.timer = time.AfterFunc(interval, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if r.stopped || p.closed {
			return
		}
		if passed += interval; passed >= lifetime {
			r.stopped = true
			return
		}
		send()
		if interval *= 2; limit > 0 {
			interval = min(interval, limit)
		}
		r.timer.Reset(min(interval, lifetime-passed))
	})
	return r
}

func (r *repeat) stop() {
	if r == nil || r.stopped {
		return
	}
	r.stopped = true
	r.timer.Stop()
}
