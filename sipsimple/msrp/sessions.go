package msrp

import "sync"

// Sessions are those of one application that are bound to a connection, by their session ids; see [Config].Sessions. The
// zero value is ready. Its methods may be called from any goroutine.
type Sessions struct {
	mu    sync.Mutex
	bound map[string]*Session
}

func (l *Sessions) add(id string, s *Session) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bound == nil {
		l.bound = map[string]*Session{}
	}
	l.bound[id] = s
}

func (l *Sessions) remove(id string, s *Session) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bound[id] == s {
		delete(l.bound, id)
	}
}

// has tells whether there is one with the id.
func (l *Sessions) has(id string) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bound[id] != nil
}
