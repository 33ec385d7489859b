package sipsimple

import "github.com/go-sipsimple/callflow/sipsimple/core"

// cancel gives up the INVITE (7.3; RFC 3261 9.1). The core sends CANCEL as soon
// as a provisional response allows it and follows the transaction to its end
// (SD19); the session waits one second for the outcome and then closes with
// last, whatever that is.
func (m *machine) cancel(last SIPSessionDidFail) {
	m.setState(Terminating)
	m.stopTimers()
	m.releaseAll()
	m.inv.Cancel("")
	m.out.startTimer(dialogTimer, dialogLimit)
	m.become(&cancelling{last: last})
}

// cancelling is the stage of an outgoing call that was given up.
type cancelling struct{ last SIPSessionDidFail }

func (s *cancelling) handle(m *machine, e event) {
	switch e := e.(type) {
	case core.Rejected: // the 487, or whatever crossed the CANCEL (FAI-21)
		s.over(m, m.transaction(Local, e.Code, e.Phrase, AckReceived))
	case core.Accepted: // the 200 crossed the CANCEL (FAI-20)
		if !e.Cancelled { // and was on its way to us when we cancelled
			m.inv.Acknowledge(nil)
			m.inv.Bye(0, "")
		}
		s.over(m, m.transaction(Local, e.Code, e.Phrase, AckReceived))
	case core.TransportFailed:
		s.over(m, m.transaction(Local, 503, transportError, AckMissing))
	case core.InviteTimeout:
		s.over(m, m.transaction(Local, 408, core.Phrase(408), AckMissing))
	case expired:
		if e.timer == dialogTimer { // FAI-13, FAI-22
			s.over(m, m.transaction(Local, 408, core.Phrase(408), AckMissing))
		}
	case core.ByeReceived:
		m.notifyBye(e)
		m.fail(s.last)
	}
}

func (s *cancelling) over(m *machine, txn SIPSessionDidProcessTransaction) {
	m.notify(txn)
	m.fail(s.last)
}
