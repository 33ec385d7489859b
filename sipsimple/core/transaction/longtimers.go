package transaction

import "time"

// longTimers are the timers that run for Lifetime, nearly all there are: one
// after each request that has been answered. Started one after another they run
// out one after another, so that one timer of the runtime serves them all.
// Everything happens on the executor.
type longTimers struct {
	post  func(func())
	queue []longTimer // the first to run out first
	timer *time.Timer // for the first of the queue; nil without
}

type longTimer struct {
	*runningTimer
	due time.Time
}

func (l *longTimers) add(r *runningTimer) {
	l.queue = append(l.queue, longTimer{r, time.Now().Add(Lifetime)})
	if l.timer == nil {
		l.wait()
	}
}

// wait starts the timer for the first of the queue that has not been stopped.
func (l *longTimers) wait() {
	l.timer = nil
	for len(l.queue) > 0 && l.queue[0].owner == nil {
		l.pop()
	}
	if len(l.queue) > 0 {
		l.timer = time.AfterFunc(max(time.Until(l.queue[0].due), 1), func() { l.post(l.expire) })
	}
}

func (l *longTimers) pop() longTimer {
	first := l.queue[0]
	l.queue[0] = longTimer{}
	l.queue = l.queue[1:]
	if len(l.queue) == 0 {
		l.queue = nil
	}
	return first
}

func (l *longTimers) expire() {
	if l.timer == nil {
		return // closed
	}
	for now := time.Now(); len(l.queue) > 0 && !l.queue[0].due.After(now); {
		l.pop().expire()
	}
	l.wait()
}

func (l *longTimers) close() {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.timer, l.queue = nil, nil
}
