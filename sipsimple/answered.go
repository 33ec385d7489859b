package sipsimple

import "github.com/go-sipsimple/callflow/sipsimple/core"

// answered is the stage of an incoming call whose 200 has been sent: the ACK is
// awaited and the streams start, in either order (3.4, 7.1). The core repeats
// the 200 until the ACK comes or 64*T1 are over (SD6).
type answered struct {
	offerless bool // the answer comes with the ACK
	acked     bool
	ready     bool // all streams have started
}

func (s *answered) handle(m *machine, e event) {
	switch e := e.(type) {
	case core.Acknowledged:
		s.acknowledged(m, e)
	case core.AckTimeout: // 7.5, FAI-35
		m.releaseAll()
		m.notify(m.transaction(Remote, 200, core.Phrase(200), AckMissing))
		m.hangUp(500, missingACKText,
			SIPSessionDidFail{Originator: Local, Code: 200, Reason: core.Phrase(200), FailureReason: missingACK})
	case streamEvent:
		if e.what == streamFailed { // 7.6, FAI-45
			s.giveUp(m, 500, streamFailedToStart, localFailure(streamFailure(e.reason)))
			return
		}
		s.ready = allStarted(m.members)
		s.finish(m)
	case expired:
		if e.timer == startTimer { // FAI-47
			s.giveUp(m, 0, "", localFailure(streamStartTimedOut))
		}
	case endCommand: // SD33, TRM-12
		s.giveUp(m, 0, "", localFailure(userRequest))
	case core.ByeReceived: // SD35, FAI-53
		m.failOnBye(e)
	case core.Cancelled: // the CANCEL won the race against our 200 (7.3)
		m.failOnCancel(e.Reason)
	case core.Refused: // our 200 waited for a PRACK that never came
		m.failOnRefusal(e)
	}
}

// What is told here, and to the peer in a Reason header, when the ACK never
// came (9.2).
const (
	missingACK     = "missing ACK"
	missingACKText = "Missing ACK"
)

// acknowledged is the ACK. To an offer in our 200 it must bring an answer (7.7).
func (s *answered) acknowledged(m *machine, e core.Acknowledged) {
	if s.acked {
		return
	}
	s.acked = true
	m.notify(m.transaction(Remote, 200, core.Phrase(200), AckReceived))
	if s.offerless {
		if err := m.takeAnswer(e.SDP); err != nil {
			m.hangUp(0, "", remoteFailure(err.Error()))
			return
		}
		s.start(m)
		return
	}
	s.finish(m)
}

func (s *answered) start(m *machine) {
	if err := m.startStreams(); err != nil {
		s.giveUp(m, 500, streamFailedToStart, localFailure(streamFailure(err.Error())))
		return
	}
	s.ready = allStarted(m.members) // all of them refused: none is left to wait for
}

func (s *answered) finish(m *machine) {
	if s.ready {
		m.out.stopTimer(startTimer)
	}
	if s.ready && s.acked {
		m.didStart()
	}
}

// giveUp hangs up, but not before the ACK: until then the callee must not send
// BYE (RFC 3261 section 15; SD33).
func (s *answered) giveUp(m *machine, reasonCode int, reasonText string, last SIPSessionDidFail) {
	if s.acked {
		m.hangUp(reasonCode, reasonText, last)
		return
	}
	m.setState(Terminating)
	m.stopTimers()
	m.releaseAll()
	m.become(&unacknowledged{reasonCode: reasonCode, reasonText: reasonText, last: last})
}

// unacknowledged is the stage of an incoming call that has been given up after
// its 200 and whose BYE waits for the ACK.
type unacknowledged struct {
	reasonCode int
	reasonText string
	last       SIPSessionDidFail
}

func (s *unacknowledged) handle(m *machine, e event) {
	switch e := e.(type) {
	case core.Acknowledged:
		s.hangUp(m, AckReceived)
	case core.AckTimeout:
		s.hangUp(m, AckMissing)
	case core.ByeReceived:
		m.notifyBye(e)
		m.fail(s.last)
	case core.Cancelled:
		m.failOnCancel(e.Reason)
	case core.Refused:
		m.failOnRefusal(e)
	}
}

func (s *unacknowledged) hangUp(m *machine, ack Ack) {
	m.notify(m.transaction(Remote, 200, core.Phrase(200), ack))
	m.hangUp(s.reasonCode, s.reasonText, s.last)
}
