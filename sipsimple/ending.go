package sipsimple

import (
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// endCommand is [Session.End]. What it means is the business of each stage
// (7.13); claim sees to it that a session which is not active, or ends already,
// never hears of it.
type endCommand struct{}

func (endCommand) claim(m *machine) error {
	switch state := m.state(); state {
	case Null, Terminating, Terminated:
		return &IllegalStateError{Method: "End", State: state}
	}
	m.setState(Terminating)
	return nil
}

// transaction reports an INVITE transaction (6.3).
func (m *machine) transaction(by Originator, code int, phrase string, ack Ack) SIPSessionDidProcessTransaction {
	return SIPSessionDidProcessTransaction{Originator: by, Method: "INVITE", Code: code, Reason: phrase, AckReceived: ack}
}

// notifyBye reports the peer's BYE, which the core has answered 200.
func (m *machine) notifyBye(core.ByeReceived) {
	m.notify(SIPSessionDidProcessTransaction{Originator: Remote, Method: "BYE", Code: 200, Reason: core.Phrase(200)})
}

// failOnBye ends a session that the peer ended before it had started (SD35).
func (m *machine) failOnBye(e core.ByeReceived) {
	m.releaseAll()
	m.notifyBye(e)
	m.fail(remoteFailure(reasonOr(e.Reason)))
}

// hangUp sends BYE, with a Reason header if reasonText is not empty, waits one
// second for its answer and closes with last (7.13). The streams end between
// WillEnd, which has been posted, and the last notification (SD34): those with a
// connection when the peer knows, who would take its end for a failure.
func (m *machine) hangUp(reasonCode int, reasonText string, last notification.Data) {
	m.setState(Terminating)
	m.stopTimers()
	m.releaseWhere(unnoticed)
	m.inv.Bye(reasonCode, reasonText)
	m.out.startTimer(dialogTimer, dialogLimit)
	m.become(&hangingUp{last: last})
}

// hangingUp is the stage of a session whose BYE has been sent.
type hangingUp struct{ last notification.Data }

func (s *hangingUp) handle(m *machine, e event) {
	switch e := e.(type) {
	case core.ByeDone:
		if e.Refused != nil { // it has not left: there was no transaction (9.2)
			if ended, ok := s.last.(SIPSessionDidEnd); ok {
				ended.EndReason = e.Refused.Error()
				s.last = ended
			}
			m.close(s.last)
			return
		}
		s.over(m, e.Code, e.Phrase)
	case expired:
		if e.timer == dialogTimer { // TRM-04; the transaction may go on
			s.over(m, 408, core.Phrase(408))
		}
	case core.ByeReceived: // both sides said BYE, TRM-03
		m.notifyBye(e)
		m.close(s.last)
	}
}

func (s *hangingUp) over(m *machine, code int, phrase string) {
	m.notify(SIPSessionDidProcessTransaction{Originator: Local, Method: "BYE", Code: code, Reason: phrase})
	m.close(s.last)
}

// fail closes a session that has not started (S106).
func (m *machine) fail(last SIPSessionDidFail) { m.close(last) }

// close posts the last notification, as soon as the streams have ended: that of
// a stream which says so too late is not waited for longer than leaveLimit.
func (m *machine) close(last notification.Data) {
	m.stopTimers()
	m.releaseAll()
	if len(m.leaving) == 0 {
		m.finish(last)
		return
	}
	m.setState(Terminating)
	m.out.startTimer(leaveTimer, leaveLimit)
	m.become(&closing{last: last})
}

// closing is the stage of a session that is over but for the end of its
// streams.
type closing struct{ last notification.Data }

func (s *closing) handle(m *machine, e event) {
	if timeout, ok := e.(expired); ok && timeout.timer == leaveTimer {
		for _, late := range m.leaving {
			m.out.unwatch(late.stream)
		}
		m.leaving = nil
	}
	if len(m.leaving) == 0 {
		m.finish(s.last)
	}
}

// finish is the end of everything. Identities are null from here on
// (application.md D22); streams keep their last value.
func (m *machine) finish(last notification.Data) {
	m.stopTimers()
	m.become(&closed{})
	if m.inv != nil {
		m.inv.Close()
	}
	_, ended := last.(SIPSessionDidEnd)
	m.attrs.set(func(v *attributeValues) {
		if ended {
			v.stopTime = m.out.now()
		}
		v.proposed, v.localIdentity, v.remoteIdentity, v.onHold, v.replaced = nil, nil, nil, false, nil
	})
	if m.told.begun { // else nobody knows of the session
		m.conference.stop(m)
	}
	m.setState(Terminated)
	if m.told.begun {
		m.notify(last)
	}
	m.out.closed()
}

// closed is the final stage.
type closed struct{}

func (*closed) handle(*machine, event) {}

// stopTimers stops every timer: nothing is to be waited for any more.
func (m *machine) stopTimers() {
	for _, t := range timers {
		m.out.stopTimer(t)
	}
}

// abandonCommand closes the session without regard for the peer: the manager
// has no more time for it (SD15).
type abandonCommand struct{}

func (abandonCommand) claim(m *machine) error {
	if state := m.state(); !state.Active() {
		return &IllegalStateError{Method: "End", State: state}
	}
	m.setState(Terminating)
	return nil
}

// ending is a stage of a session whose last notification is settled.
type ending interface{ outcome() notification.Data }

func (s *cancelling) outcome() notification.Data     { return s.last }
func (s *rejecting) outcome() notification.Data      { return s.why }
func (s *unacknowledged) outcome() notification.Data { return s.last }
func (s *hangingUp) outcome() notification.Data      { return s.last }
func (s *closing) outcome() notification.Data        { return s.last }

// abandon posts the last notification now.
func (m *machine) abandon() {
	if _, ok := m.stage.(ending); !ok {
		m.stage.handle(m, endCommand{})
	}
	s, ok := m.stage.(ending)
	if !ok {
		return // closed already
	}
	m.releaseAll()
	for _, late := range m.leaving {
		m.out.unwatch(late.stream)
	}
	m.leaving = nil
	m.finish(s.outcome())
}
