package sipsimple

import (
	"errors"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// inviting is the stage of an outgoing call whose INVITE is on its way (7.1 to
// 7.4; RFC 3261 13.2).
type inviting struct {
	routes      []core.Route // not tried yet
	provisional bool         // the current route has given a provisional response
	locating    bool         // the current route has a name that is being looked up

	// Early media (SD18): the answer of a 183 is in force before the 200. open
	// is the negotiation without it, for a 200 that another fork sends.
	early    bool
	earlyTag string
	open     sdp.Negotiation
}

func (s *inviting) handle(m *machine, e event) {
	switch e := e.(type) {
	case core.Provisional:
		s.provisional = true
		m.noteEarlyDialog(e)
		m.notifyProvisional(e, true)
		s.answerEarly(m, e)
	case core.Accepted:
		s.accepted(m, e)
	case core.Rejected: // 7.2
		txn := m.transaction(Local, e.Code, e.Phrase, AckReceived)
		why := SIPSessionDidFail{Originator: Remote, Code: e.Code, Reason: e.Phrase,
			FailureReason: reasonOr(e.Reason), RedirectIdentities: redirects(e)}
		if e.Code == 503 {
			s.lost(m, txn, why)
			return
		}
		m.releaseAll()
		m.notify(txn)
		m.fail(why)
	case core.InviteTimeout: // 7.4, FAI-24
		s.lost(m, m.transaction(Local, 408, core.Phrase(408), AckMissing),
			SIPSessionDidFail{Originator: Local, Code: 408, Reason: "timeout", FailureReason: "timeout"})
	case core.TransportFailed: // 7.4, FAI-25; RFC 3261 8.1.3.1
		if refused, ok := errors.AsType[*core.Error](e.Err); ok {
			s.refused(m, localFailure(refused.Error()))
			return
		}
		s.lost(m, m.transaction(Local, 503, transportError, AckMissing),
			SIPSessionDidFail{Originator: Local, Code: 503, Reason: transportError, FailureReason: transportError})
	case core.ByeReceived: // of an early dialog, 7.13, SD35
		m.failOnBye(e)
	case streamEvent:
		if e.what == streamFailed { // of early media, or of a stream that waits for the answer
			s.giveUp(m, localFailure(streamFailure(e.reason)))
		} else if s.early && allStarted(m.members) {
			m.out.stopTimer(startTimer)
		}
	case expired:
		switch e.timer {
		case inviteTimer: // 7.4, SD20, FAI-23
			s.giveUp(m, cancelled("timeout"))
		case startTimer: // early media, 7.6
			m.cancel(localFailure(streamStartTimedOut))
		}
	case endCommand: // 7.3
		s.giveUp(m, cancelled(userRequest))
	case located:
		s.found(m, e)
	}
}

const transportError = "Transport Error"

// notifyProvisional tells of a provisional response; 100 is never told (SD38).
// Ringing is only for the initial INVITE (SD39).
func (m *machine) notifyProvisional(e core.Provisional, initial bool) {
	if e.Code == 180 && initial {
		m.notify(SIPSessionGotRingIndication{})
	}
	m.notify(SIPSessionGotProvisionalResponse{Code: e.Code, Reason: e.Phrase})
}

// noteEarlyDialog remembers the latest early dialog, so that a Replaces header
// can name it (TRF-35).
func (m *machine) noteEarlyDialog(e core.Provisional) {
	dialog := m.inv.Dialog()
	dialog.RemoteTag = toTag(e.Response)
	m.attrs.set(func(v *attributeValues) { v.dialog = &dialog })
}

// answerEarly starts the streams on the answer of a provisional response
// (SD18). An unusable one is ignored: the 200 decides.
func (s *inviting) answerEarly(m *machine, e core.Provisional) {
	if s.early || e.SDP == nil {
		return
	}
	open := *m.sdp
	if m.takeAnswer(e.SDP) != nil {
		return
	}
	s.early, s.earlyTag, s.open = true, toTag(e.Response), open
	if err := m.startStreams(); err != nil {
		m.cancel(localFailure(streamFailure(err.Error())))
	}
}

// accepted is the 200: WillStart, ACK, and the streams start (7.1).
func (s *inviting) accepted(m *machine, e core.Accepted) {
	m.out.stopTimer(inviteTimer)
	m.meet(e)
	sameDialog := s.early && s.earlyTag == toTag(e.Response)
	early := s.early
	if early && !sameDialog { // another fork than that of the early media
		m.sdp = &s.open
	}
	if !sameDialog {
		if err := m.takeAnswer(e.SDP); err != nil { // 7.6, FAI-38
			m.inv.Acknowledge(nil)
			m.releaseAll()
			m.notify(m.transaction(Local, e.Code, e.Phrase, AckReceived))
			m.hangUp(0, "", remoteFailure(err.Error()))
			return
		}
	}
	m.notify(SIPSessionWillStart{})
	m.inv.Acknowledge(nil)
	m.become(&starting{})
	var failure error
	switch {
	case !early:
		failure = m.startStreams()
	case !sameDialog:
		m.updateStreams()
	}
	m.notify(m.transaction(Local, e.Code, e.Phrase, AckReceived))
	if failure != nil {
		m.hangUp(0, "", localFailure(streamFailure(failure.Error())))
		return
	}
	m.startIfReady()
}

// meet learns from the 2xx who answered.
func (m *machine) meet(e core.Accepted) {
	remote, dialog := m.inv.Remote(), m.inv.Dialog()
	agent := m.inv.PeerAgent()
	m.attrs.set(func(v *attributeValues) {
		v.remoteIdentity, v.dialog = &remote, &dialog
		if v.userAgent == "" {
			v.userAgent = agent
		}
	})
}

// reasonOr is the text of a Reason header, or the text for its absence.
func reasonOr(text string) string {
	if text == "" {
		return userRequest
	}
	return text
}

// redirects are the Contacts of a 3xx, null for any other response.
func redirects(e core.Rejected) []core.Address {
	if e.Code/100 != 3 {
		return nil
	}
	return append([]core.Address{}, e.Contacts...)
}

// toTag is the tag of the To header: it names the fork.
func toTag(response *sip.Response) string {
	if response == nil || response.To() == nil {
		return ""
	}
	tag, _ := response.To().Params.Get("tag")
	return tag
}
