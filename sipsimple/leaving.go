package sipsimple

import (
	"slices"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// leavingStreams are streams that their sessions have let go of and that may
// still hold sockets: they tell when nothing of them is left.
type leavingStreams struct {
	mu   sync.Mutex
	done []<-chan struct{} // oldest first
}

// add takes up a stream, and forgets those that are gone.
func (l *leavingStreams) add(stream streams.MediaStream) {
	s, ok := stream.(interface{ Done() <-chan struct{} })
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.done) > 0 && isClosed(l.done[0]) {
		l.done = l.done[1:]
	}
	l.done = append(l.done, s.Done())
}

// await returns when nothing is left of any stream, or when the time is up.
func (l *leavingStreams) await(limit time.Duration) {
	l.mu.Lock()
	waiting := slices.Clone(l.done)
	l.mu.Unlock()
	timer := time.NewTimer(max(limit, 1))
	defer timer.Stop()
	for _, done := range waiting {
		select {
		case <-done:
		case <-timer.C:
			return
		}
	}
}

func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
