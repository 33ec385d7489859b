package sipsimple

import (
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// accepting is the stage of an incoming call that the application has accepted
// and whose streams initialise. The 200 has not been sent.
type accepting struct{ offerless bool }

func (s *accepting) handle(m *machine, e event) {
	switch e := e.(type) {
	case streamEvent:
		switch {
		case e.what == streamFailed: // 7.6, FAI-43
			m.refuseStream(streamFailure(e.reason))
		case allInitialized(m.members):
			m.out.stopTimer(initializeTimer)
			s.answer(m)
		}
	case expired:
		if e.timer == initializeTimer {
			m.refuseStream(streamInitializeTimedOut)
		}
	case endCommand: // SD32, TRM-11
		m.refuse(refusal(480, "", userRequest))
	case core.Cancelled:
		m.failOnCancel(e.Reason)
	case core.Refused: // no PRACK came (RFC 3262 section 3)
		m.failOnRefusal(e)
	case core.ByeReceived:
		m.failOnCancel(e.Reason)
	}
}

// answer sends the 200 (3.4): with the answer to the peer's offer, or with an
// offer of ours if it made none (SD3).
func (s *accepting) answer(m *machine) {
	describe := m.makeAnswer
	if s.offerless {
		describe = m.makeOffer
	}
	body, err := describe()
	if err != nil {
		m.refuse(refusal(500, "", (&core.Error{Err: err}).Error()))
		return
	}
	m.inv.Accept(core.Answer{SDP: body, Focus: m.focus})
	m.notify(SIPSessionWillStart{})
	next := &answered{offerless: s.offerless}
	m.become(next)
	if !s.offerless {
		next.start(m)
	}
}

// refuseStream refuses the call because a stream of ours failed.
func (m *machine) refuseStream(failureReason string) {
	m.refuse(refusal(500, "", failureReason), reasonHeader(500, streamFailedToStart))
}

// streamFailedToStart is the Reason text that tells the peer (9.2).
const streamFailedToStart = "media stream failed to start"
