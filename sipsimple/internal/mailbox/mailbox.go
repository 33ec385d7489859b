// Package mailbox runs functions one after another, in the order they were
// posted. It is the shell around every actor of the middleware: an idle
// mailbox holds no goroutine, so it needs no Close and can leak nothing.
package mailbox

import "sync"

// Mailbox is a serial executor. Its zero value is ready to use.
type Mailbox struct {
	mu      sync.Mutex
	queue   []func()
	running bool
}

// Post queues f behind everything posted before and returns at once. It may be
// called from any goroutine, also from a function the mailbox is running.
func (m *Mailbox) Post(f func()) {
	m.mu.Lock()
	m.queue = append(m.queue, f)
	start := !m.running
	m.running = true
	m.mu.Unlock()
	if start {
		go m.begin()
	}
}

// begin is run on a stack that is large enough for most of what is posted. A
// new goroutine has 2 kB and would be copied to a larger one several times, when
// there is much on it; here it is, once, while there is nothing on it.
func (m *Mailbox) begin() {
	spacious(0)
	m.run()
}

// spacious makes the stack of its goroutine grow, by having a large frame.
//
//go:noinline
func spacious(i int) byte {
	var frame [6 << 10]byte
	return frame[i]
}

// kept is how long a queue an idle mailbox keeps at most, for the next time.
const kept = 8

// run drains the queue and ends. The lock is never held while a function runs.
func (m *Mailbox) run() {
	var batch []func()
	for {
		m.mu.Lock()
		if len(m.queue) == 0 {
			m.running = false
			if cap(batch) <= kept {
				m.queue = batch[:0]
			} else {
				m.queue = nil
			}
			m.mu.Unlock()
			return
		}
		batch, m.queue = m.queue, batch[:0]
		m.mu.Unlock()
		for i, f := range batch {
			batch[i] = nil
			f()
		}
	}
}
