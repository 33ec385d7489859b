package sipsimple

import (
	"fmt"
	"slices"

	"github.com/emiago/sipgo/sip"
	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// reinvited is a re-INVITE of the peer that is free of glare (7.12). The first
// rule that fits answers it.
func (s *established) reinvited(m *machine, e core.ReinviteReceived) {
	if op, ok := s.op.(*adding); ok && !op.sent { // PRO-20: ours has not left
		op.handle(m, s, e)
	}
	if s.op != nil || m.state() == Terminating {
		m.inv.Reject(491, glarePhrase) // the core settles glare; this one crossed a re-INVITE of ours
		return
	}
	if e.SDP == nil {
		s.offer(m)
		return
	}
	offer, err := sdp.Parse(e.SDP)
	if err != nil {
		m.inv.Reject(488, "", sip.NewHeader("Accept", "application/sdp"))
		return
	}
	_, remote := m.sdp.Active()
	changes := sdp.Compare(remote, offer)
	if warning := m.objection(offer, changes); warning != "" {
		m.refuseOffer(warning)
		return
	}
	if err := m.sdp.SetRemoteOffer(offer); err != nil {
		m.refuseOffer(err.Error())
		return
	}
	if len(changes.Added) > 0 {
		s.receiveProposal(m, offer, changes.Added)
		return
	}
	s.answer(m, changes)
}

// glarePhrase is the phrase of a 491 of ours (9.3).
const glarePhrase = "Another INVITE transaction in progress"

// objection is what the Warning of a refusal says, "" without one.
func (m *machine) objection(offer *psdp.SessionDescription, changes sdp.Changes) string {
	if changes.Missing { // RFC 3264 section 8
		return "Streams cannot be deleted from the SDP"
	}
	for _, i := range changes.Kept {
		if k := m.memberAt(i); k != nil && !k.stream.ValidateUpdate(offer, i) {
			return fmt.Sprintf("Failed to update media stream index %d", i)
		}
	}
	if len(changes.Retyped) > 0 || len(changes.Added) > 0 && len(changes.Removed) > 0 { // REM-09, REM-10
		return "Both removing AND adding a media stream is currently not supported"
	}
	return ""
}

// memberAt is the stream of an m-line, nil without one.
func (m *machine) memberAt(index int) *member {
	for _, s := range m.members {
		if s.stream.Index() == index {
			return s
		}
	}
	return nil
}

// refuseOffer answers a re-INVITE 488 and changes nothing.
func (m *machine) refuseOffer(text string) {
	m.sdp.Cancel()
	m.inv.Reject(488, "", warning(text))
	m.notify(m.transaction(Remote, 488, core.Phrase(488), AckUnknown))
}

// answering is a re-INVITE of the peer that has been answered 200; its ACK is
// awaited. The state does not show it (SD2).
type answering struct{ offered bool } // the 200 had our offer, the ACK has the answer

// answer answers a re-INVITE that adds nothing: hold, release, removal, a new
// address, or no change at all.
func (s *established) answer(m *machine, changes sdp.Changes) {
	held, _ := m.heldBy(Remote)
	var removed []*member
	for _, i := range changes.Removed {
		if gone := m.memberAt(i); gone != nil {
			removed = append(removed, gone)
			gone.stream.Deactivate()
		}
	}
	body, err := m.makeAnswer()
	if err != nil {
		m.refuseOffer("Changing the codec of an audio stream is currently not supported")
		return
	}
	m.inv.Accept(core.Answer{SDP: body, Focus: m.focus})
	for _, gone := range removed {
		m.leave(gone)
		m.endStream(gone)
	}
	removed = append(removed, m.renegotiated()...)
	m.notify(m.transaction(Remote, 200, core.Phrase(200), AckUnknown))
	m.notifyRemoteHold(held)
	m.notifyRemoved(Remote, removed)
	s.op = &answering{}
}

// offer answers a re-INVITE without SDP with an offer of ours in the 200 (SD31).
func (s *established) offer(m *machine) {
	offer := m.describe()
	active, _ := m.sdp.Active()
	for i, line := range active.MediaDescriptions {
		next := sdp.RefusedLine(line)
		if s := m.memberAt(i); s != nil {
			fresh, err := s.stream.LocalMedia(true)
			if err != nil {
				m.refuseOffer(err.Error())
				return
			}
			next = fresh
		}
		offer.MediaDescriptions = append(offer.MediaDescriptions, next)
	}
	offer, err := m.sdp.SetLocalOffer(offer)
	if err != nil {
		m.refuseOffer(err.Error())
		return
	}
	m.inv.Accept(core.Answer{SDP: sdp.Marshal(offer), Focus: m.focus})
	m.notify(m.transaction(Remote, 200, core.Phrase(200), AckUnknown))
	s.op = &answering{offered: true}
}

func (op *answering) handle(m *machine, s *established, e event) {
	switch e := e.(type) {
	case core.Acknowledged:
		op.acknowledged(m, e)
		s.done(m)
	case core.AckTimeout:
		s.unacknowledged(m)
	case core.Cancelled: // the CANCEL was faster than our 200; the agreement in it stands on our side only
		s.done(m)
	}
}

// acknowledged takes the answer to our offer. Without a usable one nothing
// changes (UPD-07).
func (op *answering) acknowledged(m *machine, e core.Acknowledged) {
	if !op.offered {
		return
	}
	held, _ := m.heldBy(Remote)
	if m.takeAnswer(e.SDP) != nil {
		m.sdp.Cancel()
		return
	}
	removed := m.renegotiated()
	m.notifyRemoteHold(held)
	m.notifyRemoved(Remote, removed)
}

func (*answering) abandon(*machine, bool) {}

// unacknowledged ends a session whose peer never acknowledged our 200 to its
// re-INVITE (RFC 3261 sections 14.2 and 13.3.1.4).
func (s *established) unacknowledged(m *machine) {
	m.setState(Terminating)
	m.notify(SIPSessionWillEnd{Originator: Local})
	s.endTransfer(m)
	m.hangUp(500, missingACKText, SIPSessionDidEnd{Originator: Local, EndReason: missingACK})
}

// notifyRemoteHold tells of the peer's hold if the set of streams it holds is
// not what it was (7.10).
func (m *machine) notifyRemoteHold(before []streams.MediaStream) {
	if held, _ := m.heldBy(Remote); !slices.Equal(held, before) {
		m.notifyHold(Remote)
	}
}
