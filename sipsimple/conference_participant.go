package sipsimple

import (
	"slices"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// participantOp is one AddParticipant or RemoveParticipant in flight: a REFER
// to the focus outside the session's dialog, and what its NOTIFYs tell (7.16).
type participantOp struct {
	participant string
	remove      bool
	request     *focusRequest
	code        int // last status told, 0 before
	phrase      string
	accepted    bool // the focus has taken the REFER: no other route is tried
}

// begin takes the application's wish.
func (c *conference) begin(m *machine, command participantCommand) {
	op := &participantOp{participant: command.participant, remove: command.remove}
	uri, ok := participantURI(command.participant)
	if ok {
		op.participant = uri.String()
	}
	switch {
	case !ok:
		op.failed(m, 0, "invalid participant URI")
	case m.inv == nil || !m.inv.PeerFocus():
		op.failed(m, 0, "remote endpoint is not a focus")
	default:
		c.ops = append(c.ops, op)
		op.request = c.ask(m, op, func(p *core.SubscriptionParams) { p.Refer = op.referral(uri, p.From) })
	}
}

// referral is what the REFER asks for. The method is a parameter of the header,
// after the angle bracket, where the focus of the reference looks for it.
func (op *participantOp) referral(uri sip.Uri, by core.Address) *core.Referral {
	method := "INVITE"
	if op.remove {
		method = "BYE"
	}
	return &core.Referral{ReferTo: "<" + uri.String() + ">;method=" + method, ReferredBy: "<" + by.URI.String() + ">"}
}

func (op *participantOp) started(*machine) { op.accepted = true }

// notified is a status. Refusals are told with the end only (CNF-06).
func (op *participantOp) notified(m *machine, e core.SubscriptionNotified) {
	if e.Code == 0 {
		return
	}
	op.code, op.phrase = e.Code, e.Phrase
	if op.phrase == "" {
		op.phrase = core.Phrase(e.Code)
	}
	if e.Code < 300 {
		op.report(m, SIPConferenceGotAddParticipantProgress{Participant: op.participant, Code: op.code, Reason: op.phrase},
			SIPConferenceGotRemoveParticipantProgress{Participant: op.participant, Code: op.code, Reason: op.phrase})
	}
}

// ended is the end of the subscription, or a refusal of the REFER that is final.
func (op *participantOp) ended(m *machine, e core.SubscriptionEnded) {
	switch {
	case op.code/100 == 2:
		op.leave(m)
		op.report(m, SIPConferenceDidAddParticipant{Participant: op.participant},
			SIPConferenceDidRemoveParticipant{Participant: op.participant})
	case op.code != 0:
		op.failed(m, op.code, op.phrase)
	case e.Code == 0 && e.Err != nil:
		op.failed(m, 0, "Internal error")
	case e.Code == 0: // it ended without a word about the participant
		op.failed(m, 0, "error")
	default:
		op.failed(m, e.Code, e.Phrase)
	}
}

func (op *participantOp) lookUpFailed(m *machine, err error) {
	op.failed(m, 0, "DNS lookup failed: "+err.Error())
}
func (op *participantOp) exhausted(m *machine) { op.failed(m, 0, "No more routes to try") }

func (op *participantOp) final(e core.SubscriptionEnded) bool {
	return op.accepted || e.Code == 0 || e.Code == 403 || e.Code == 405
}

// failed is the bad end.
func (op *participantOp) failed(m *machine, code int, reason string) {
	op.leave(m)
	op.report(m, SIPConferenceDidNotAddParticipant{Participant: op.participant, Code: code, Reason: reason},
		SIPConferenceDidNotRemoveParticipant{Participant: op.participant, Code: code, Reason: reason})
}

// leave takes the operation out; a subscription that stands is ended.
func (op *participantOp) leave(m *machine) {
	c := &m.conference
	c.ops = slices.DeleteFunc(c.ops, func(other *participantOp) bool { return other == op })
	if op.request != nil {
		op.request.drop(m)
		op.request = nil
	}
}

func (op *participantOp) report(m *machine, added, removed notification.Data) {
	if op.remove {
		m.notify(removed)
		return
	}
	m.notify(added)
}
