package sipsimple

import "github.com/go-sipsimple/callflow/sipsimple/core"

// established is the stage of a session between DidStart and its end.
type established struct{}

// establish enters the stage, right after DidStart.
func (m *machine) establish() {
	m.become(&established{})
}

func (s *established) handle(m *machine, e event) {
	switch e := e.(type) {
	case endCommand: // 7.13, TRM-01
		m.endByUser()
	case core.ByeReceived:
		m.endByPeer(e)
	case streamEvent:
		if e.what == streamFailed && len(m.members) == 1 { // 7.12, REM-13
			m.endByUser()
		}
	}
}

// endByUser ends a started session from here.
func (m *machine) endByUser() {
	m.setState(Terminating)
	m.notify(SIPSessionWillEnd{Originator: Local})
	m.hangUp(0, "", SIPSessionDidEnd{Originator: Local, EndReason: userRequest})
}

// endByPeer ends a started session whose peer has sent BYE (7.13).
func (m *machine) endByPeer(e core.ByeReceived) {
	m.setState(Terminating)
	m.notify(SIPSessionWillEnd{Originator: Remote})
	m.releaseAll()
	m.notifyBye(e)
	m.close(SIPSessionDidEnd{Originator: Remote, EndReason: reasonOr(e.Reason)})
}
