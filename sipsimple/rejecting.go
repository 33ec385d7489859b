package sipsimple

import (
	"fmt"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// refusal is the failure of an incoming call that is refused from here. An
// empty phrase means the standard one.
func refusal(code int, phrase, failureReason string) SIPSessionDidFail {
	if phrase == "" {
		phrase = core.Phrase(code)
	}
	return SIPSessionDidFail{Originator: Local, Code: code, Reason: phrase, FailureReason: failureReason}
}

// refuse sends the final response of a refusal and waits one second for its
// ACK (SD8).
func (m *machine) refuse(why SIPSessionDidFail, headers ...sip.Header) {
	m.setState(Terminating)
	m.stopTimers()
	m.releaseAll()
	m.inv.Reject(why.Code, why.Reason, headers...)
	m.out.startTimer(dialogTimer, dialogLimit)
	m.become(&rejecting{why: why})
}

// rejecting is the stage of an incoming call that has been refused: the ACK is
// awaited.
type rejecting struct{ why SIPSessionDidFail }

func (s *rejecting) handle(m *machine, e event) {
	switch e := e.(type) {
	case core.RejectionAcknowledged:
		s.over(m, AckReceived)
	case expired:
		if e.timer == dialogTimer {
			s.over(m, AckUnknown)
		}
	case core.Cancelled: // the CANCEL was first: it alone is reported (3.5)
		m.failOnCancel(e.Reason)
	case core.ByeReceived:
		m.failOnCancel(e.Reason)
	}
}

func (s *rejecting) over(m *machine, ack Ack) {
	m.notify(m.transaction(Remote, s.why.Code, s.why.Reason, ack))
	m.fail(s.why)
}

// reasonHeader tells the peer why (RFC 3326).
func reasonHeader(cause int, text string) sip.Header {
	return sip.NewHeader("Reason", fmt.Sprintf("SIP;cause=%d;text=%q", cause, text))
}
