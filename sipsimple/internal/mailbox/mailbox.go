// Package mailbox runs functions one after another, in the order they were
// posted. It is the shell around every actor of the middleware: an idle
// mailbox holds no goroutine, so it needs no Close and can leak nothing.
package mailbox

import "sync"

// Mailbox is a serial executor. Its zero value is ready to use.
type Mailbox struct{ functions Queue[function] }

// Post queues f behind everything posted before and returns at once. It may be
// called from any goroutine, also from a function the mailbox is running.
func (m *Mailbox) Post(f func()) { m.functions.Post(f) }

type function func()

// Run implements [Item].
func (f function) Run() { f() }

// Item is something to be done.
type Item interface{ Run() }

// Queue is a mailbox for items of one type, which need not be a function each.
// Its zero value is ready to use.
type Queue[T Item] struct {
	mu      sync.Mutex
	waiting []T
	spare   []T // takes turns with waiting; of the goroutine that runs
	running bool
	begin   func() // run, as a value that is made once and not for each goroutine
}

// Post queues an item behind everything posted before and returns at once. It
// may be called from any goroutine, also from an item that runs.
func (q *Queue[T]) Post(item T) {
	q.mu.Lock()
	q.waiting = append(q.waiting, item)
	start := !q.running
	q.running = true
	if q.begin == nil {
		q.begin = q.run
	}
	begin := q.begin
	q.mu.Unlock()
	if start {
		go begin()
	}
}

// spacious makes the stack of its goroutine grow, by having a large frame, which
// need not be cleared for that.
//
//go:noinline
func spacious(use bool) {
	if use {
		var frame [12 << 10]byte
		touch(frame[:])
	}
}

//go:noinline
func touch([]byte) {}

// kept is how long a queue an idle mailbox keeps at most, for the next time.
const kept = 8

// run drains the queue and ends. The lock is never held while an item runs. The
// stack is made large enough for most of what is posted: a new goroutine has 2 kB
// and would be copied to a larger one several times, when there is much on it;
// here it is, once, while there is nothing on it.
func (q *Queue[T]) run() {
	spacious(false)
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.running = false
			q.waiting, q.spare = small(q.waiting), small(q.spare)
			q.mu.Unlock()
			return
		}
		batch := q.waiting
		q.waiting, q.spare = q.spare, nil
		q.mu.Unlock()
		for i, item := range batch {
			var none T
			batch[i] = none
			item.Run()
		}
		q.spare = batch[:0]
	}
}

// small is the queue, unless it is too long to be kept.
func small[T any](queue []T) []T {
	if cap(queue) > kept {
		return nil
	}
	return queue
}
