package sipserver

import "sync"

// executor runs functions one after another, in the order they were posted. Idle it holds no goroutine.
type executor struct {
	mu      sync.Mutex
	queue   []func()
	running bool
}

// Post queues f and returns at once.
func (e *executor) Post(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue = append(e.queue, f)
	if !e.running {
		e.running = true
		go e.run()
	}
}

func (e *executor) run() {
	for f := e.next(); f != nil; f = e.next() {
		f()
	}
}

// next takes the oldest function, nil when there is none: then the run is over.
func (e *executor) next() func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		e.running, e.queue = false, nil
		return nil
	}
	f := e.queue[0]
	e.queue[0] = nil
	e.queue = e.queue[1:]
	return f
}
