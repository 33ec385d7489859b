package transaction

import "time"

// timerQueue are the timers of an engine. Those that run out at the same instant do
// so in the order in which they were started: what is repeated at the same instant
// leaves in the same order in every run, which timers of the runtime do not promise.
// One of those serves them all. Package container/heap would allocate for each timer.
// Everything happens on the executor.
type timerQueue struct {
	post    func(func())
	began   time.Time     // all times are since then
	heap    []queuedTimer // the first to run out first
	started uint64        // so many, ever
	timer   *time.Timer   // of the runtime; nil before the first one and after the end
	closed  bool
}

type queuedTimer struct {
	queueable
	due    time.Duration
	number uint64
}

// queueable is what runs out. One that is stopped stays in the queue and does nothing.
type queueable interface {
	expire()
	stopped() bool
}

func (t queuedTimer) before(u queuedTimer) bool {
	return t.due < u.due || t.due == u.due && t.number < u.number
}

// add starts a timer. It never runs out before this method returns.
func (q *timerQueue) add(t queueable, after time.Duration) {
	if q.closed {
		return
	}
	if q.began.IsZero() {
		q.began = time.Now()
	}
	q.started++
	q.push(queuedTimer{t, time.Since(q.began) + max(after, 1), q.started})
	if q.heap[0].number == q.started || len(q.heap) == 1 {
		q.wait()
	}
}

// wait lets the runtime wait for the first timer that has not been stopped.
func (q *timerQueue) wait() {
	for len(q.heap) > 0 && q.heap[0].stopped() {
		q.pop()
	}
	switch {
	case len(q.heap) == 0 && q.timer == nil:
	case len(q.heap) == 0:
		q.timer.Stop()
	case q.timer == nil:
		q.timer = time.AfterFunc(q.left(), func() { q.post(q.expire) })
	default:
		q.timer.Reset(q.left())
	}
}

// left is how long the first timer still runs.
func (q *timerQueue) left() time.Duration { return max(q.heap[0].due-time.Since(q.began), 1) }

// dropped is told that a timer was stopped: nobody wakes up for it.
func (q *timerQueue) dropped(t queueable) {
	if len(q.heap) > 0 && q.heap[0].queueable == t {
		q.wait()
	}
}

// expire has every timer that is due run out in a step of its own: if one panics the
// others do not notice.
func (q *timerQueue) expire() {
	if q.closed {
		return
	}
	now, first := time.Since(q.began), queueable(nil)
	for len(q.heap) > 0 && q.heap[0].due <= now {
		switch t := q.pop(); {
		case first == nil:
			first = t.queueable
		default:
			q.post(t.expire)
		}
	}
	q.wait()
	if first != nil {
		first.expire()
	}
}

func (q *timerQueue) close() {
	q.closed = true
	if q.timer != nil {
		q.timer.Stop()
	}
	q.timer, q.heap = nil, nil
}

func (q *timerQueue) push(t queuedTimer) {
	q.heap = append(q.heap, t)
	for i := len(q.heap) - 1; i > 0; {
		above := (i - 1) / 2
		if !q.heap[i].before(q.heap[above]) {
			return
		}
		q.heap[i], q.heap[above] = q.heap[above], q.heap[i]
		i = above
	}
}

func (q *timerQueue) pop() queuedTimer {
	first, last := q.heap[0], len(q.heap)-1
	q.heap[0], q.heap[last] = q.heap[last], queuedTimer{}
	q.heap = q.heap[:last]
	for i := 0; ; {
		least := i
		for below := 2*i + 1; below <= min(2*i+2, last-1); below++ {
			if q.heap[below].before(q.heap[least]) {
				least = below
			}
		}
		if least == i {
			break
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
	if last == 0 {
		q.heap = nil
	}
	return first
}

// functionTimer is a timer of Layer.After.
type functionTimer struct{ f func() }

func (t *functionTimer) stopped() bool { return t.f == nil }

func (t *functionTimer) expire() {
	if f := t.f; f != nil {
		t.f = nil
		f()
	}
}

// Timers is how many timers run, those of transactions included. Called on the
// executor.
func (l *Layer) Timers() (n int) {
	for _, t := range l.timers.heap {
		if !t.stopped() {
			n++
		}
	}
	return n
}

// After runs f on the executor in d, in the order of the timers of transactions, and
// not after Close. It is called on the executor, as is the function returned, which
// stops it.
func (l *Layer) After(d time.Duration, f func()) (stop func()) {
	t := &functionTimer{f}
	l.timers.add(t, d)
	return func() {
		t.f = nil
		l.timers.dropped(t)
	}
}
