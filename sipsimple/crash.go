package sipsimple

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// A fault in the program must not take more with it than the session that it
// happens in (reliability I37): the steps of a session survive the panic of
// whatever they call, the streams of third parties included, and the session
// ends with the reason `internal error`.

// internalError is the failure_reason and end_reason of a fault here (9.2).
const internalError = "internal error"

var errInternal = errors.New(internalError)

// perform runs one step of the machine.
func (s *Session) perform(step func()) {
	s.step.Lock()
	defer s.step.Unlock()
	if !s.app.guarded(step) {
		s.machine.crash()
	}
}

// guarded runs f and survives its panic, which is logged. It reports whether f
// returned.
func (a *Application) guarded(f func()) (ok bool) {
	defer func() {
		if cause := recover(); cause != nil {
			a.cfg.Logger.Error(internalError, "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}

// told is what observers have heard of a session.
type told struct{ begun, started, willEnd, over bool }

func (t *told) note(data notification.Data) {
	switch data.(type) {
	case SIPSessionNewIncoming, SIPSessionNewOutgoing:
		t.begun = true
	case SIPSessionDidStart:
		t.started = true
	case SIPSessionWillEnd:
		t.willEnd = true
	case SIPSessionDidEnd, SIPSessionDidFail:
		t.over = true
	}
}

// crash ends a session whose machine can no longer be trusted. Each part is let
// go by itself: what fails again is left behind.
func (m *machine) crash() {
	var last notification.Data = localFailure(internalError)
	if m.told.started {
		last = SIPSessionDidEnd{Originator: Local, EndReason: internalError}
	}
	switch m.stage.(type) {
	case *closed:
		return
	case *closing:
		m.finishAnyhow(last)
		return
	}
	try := m.out.try
	m.attrs.set(func(v *attributeValues) { v.state = Terminating })
	if m.told.started && !m.told.willEnd {
		try(func() { m.notify(SIPSessionWillEnd{Originator: Local}) })
	}
	try(func() { m.conference.abort(m) })
	if m.inv != nil {
		try(func() { m.inv.Reject(500, "") }) // an INVITE that is not answered
	}
	m.stopTimers()
	m.dropStreams()
	if len(m.leaving) == 0 {
		m.finishAnyhow(last)
		return
	}
	m.out.startTimer(leaveTimer, leaveLimit)
	m.become(&closing{last: last})
}

// dropStreams ends every stream; those that are to say so are waited for.
func (m *machine) dropStreams() {
	try, members := m.out.try, m.members
	m.members = nil
	for _, s := range members {
		try(s.stream.Deactivate)
	}
	for _, s := range members {
		if try(s.stream.End) && s.initialized {
			m.leaving = append(m.leaving, s)
		} else {
			m.out.unwatch(s.stream)
		}
	}
}

// finishAnyhow posts the last notification, whatever fails.
func (m *machine) finishAnyhow(last notification.Data) {
	m.attrs.set(func(v *attributeValues) { v.state = Terminating })
	if m.out.try(func() { m.finish(last) }) || m.told.over {
		return
	}
	m.become(&closed{})
	m.attrs.set(func(v *attributeValues) { v.state = Terminated })
	if m.told.begun {
		m.notify(last)
	}
	m.out.closed()
}
