package notification

import (
	"context"
	"iter"
	"sync"
)

// Subscribe listens from now on and returns an iterator over what one of the
// filters selects, in order. The loop ends when ctx ends. The buffer is
// unbounded: a slow loop delays nobody and loses nothing. Range over it once.
func (c *Center) Subscribe(ctx context.Context, filters ...Filter) iter.Seq[Notification] {
	s := &subscription{wake: make(chan struct{}, 1)}
	handle := c.AddObserver(s, filters...)
	stop := context.AfterFunc(ctx, handle.Cancel)
	return func(yield func(Notification) bool) {
		defer stop()
		defer handle.Cancel()
		for {
			for _, n := range s.take() {
				if ctx.Err() != nil || !yield(n) {
					return
				}
			}
			select {
			case <-s.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

type subscription struct {
	mu     sync.Mutex
	buffer []Notification
	wake   chan struct{}
}

// HandleNotification implements [Observer].
func (s *subscription) HandleNotification(n Notification) {
	s.mu.Lock()
	s.buffer = append(s.buffer, n)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *subscription) take() []Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.buffer
	s.buffer = nil
	return taken
}
