package sipsimple

import (
	"slices"
	"sync"
	"time"
)

// stopLimit bounds the stop of the session manager (SD15).
const stopLimit = 5 * time.Second

// SessionManager takes incoming calls and knows every active session of its
// application (seed: SessionManager). The application starts and stops it.
type SessionManager struct {
	app *Application

	mu       sync.Mutex
	sessions []*Session    // active ones, oldest first; not handed out
	running  bool          // sessions may begin
	empty    chan struct{} // not nil while stop waits; closed when no session is left
}

// Sessions lists the active sessions, those neither in state null nor
// terminated, oldest first. The list is the caller's (M6, M7).
func (sm *SessionManager) Sessions() []*Session {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	return slices.Clone(sm.sessions)
}

// admit takes a session into the list, unless the manager does not run.
func (sm *SessionManager) admit(s *Session) error {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	if !sm.running {
		return ErrNotRunning
	}
	sm.sessions = append(sm.sessions, s)
	return nil
}

func (sm *SessionManager) remove(s *Session) {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	sm.sessions = slices.DeleteFunc(sm.sessions, func(other *Session) bool { return other == s })
	if len(sm.sessions) > 0 {
		return
	}
	sm.sessions = nil // with the memory of all
	if sm.empty != nil {
		close(sm.empty)
		sm.empty = nil
	}
}

func (sm *SessionManager) start() {
	sm.app.center.Post(sm, SIPSessionManagerWillStart{})
	sm.mu.Lock()
	sm.running = true
	sm.mu.Unlock()
	sm.app.center.Post(sm, SIPSessionManagerDidStart{})
}

// stop ends every session and returns when the last one has posted its end, or
// when the time is up: what is left then is closed without regard for its peer.
func (sm *SessionManager) stop() {
	sm.app.center.Post(sm, SIPSessionManagerWillEnd{})
	sm.mu.Lock()
	sm.running = false
	sessions := slices.Clone(sm.sessions)
	empty := make(chan struct{})
	if len(sessions) > 0 {
		sm.empty = empty
	} else {
		close(empty)
	}
	sm.mu.Unlock()
	for _, s := range sessions {
		s.End()
	}
	limit := time.NewTimer(stopLimit)
	defer limit.Stop()
	select {
	case <-empty:
	case <-limit.C:
		for _, s := range sm.Sessions() {
			_ = s.command(abandonCommand{}) // of one that has just closed: nothing to do
		}
		<-empty
	}
	sm.app.center.Post(sm, SIPSessionManagerDidEnd{})
}

// networkChanged tells the sessions that our address or our name servers have
// changed.
func (sm *SessionManager) networkChanged() {
	for _, s := range sm.Sessions() {
		s.post(networkChanged{})
	}
}

// accepting says whether INVITEs become sessions now.
func (sm *SessionManager) accepting() bool {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	return sm.running
}
