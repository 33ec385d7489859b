package msrp

import (
	"context"
	"fmt"
)

func (s *Session) bindState() binding {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bind
}

// setBound lets messages pass.
func (s *Session) setBound() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bind != bound {
		s.bind = bound
		if !s.dead && !s.closing {
			s.siblings.add(s.paths.own().SessionID, s)
		}
		close(s.boundCh)
		s.wakeLocked()
	}
}

// bindNow is the active side: an empty SEND and its 200.
func (s *Session) bindNow(ctx context.Context) error {
	answer := make(chan response, 1)
	s.mu.Lock()
	s.bind = bindActive
	s.sendEmptyLocked(func(r response) {
		if r.code == 200 {
			s.setBound() // before what follows the response is read
		}
		answer <- r
	})
	s.mu.Unlock()
	select {
	case r := <-answer:
		if r.code != 200 {
			return &Error{Method: "SEND", Code: r.code, Comment: r.comment}
		}
		return nil
	case <-s.deadCh:
		return fmt.Errorf("binding the connection: %w", s.Err())
	case <-ctx.Done():
		return fmt.Errorf("binding the connection: %w", ctx.Err())
	}
}

// awaitBound is the passive side.
func (s *Session) awaitBound(ctx context.Context) error {
	select {
	case <-s.boundCh:
		return nil
	case <-s.deadCh:
		return s.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
