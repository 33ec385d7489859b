package core

import "github.com/emiago/sipgo/sip"

// Executor runs functions one after another. Everything of one invitation,
// its methods included, happens on one executor: that of the session.
type Executor interface {
	Post(func())
}

// InvitationHandler receives the events of one invitation, in order, on the
// invitation's executor.
type InvitationHandler interface {
	HandleInvitation(event InvitationEvent)
}

// InvitationEvent is one of the event types below.
type InvitationEvent interface{ invitationEvent() }

// Events of an outgoing INVITE.
type (
	// Provisional is a 101..199 response to our INVITE (100 is not reported).
	Provisional struct {
		Code     int
		Phrase   string
		SDP      []byte // session description of a 183, nil for other codes
		Response *sip.Response
	}
	// Accepted is the first 2xx. Its ACK has not been sent: call Acknowledge,
	// or Acknowledge and Bye. After Cancel the invitation has done both by
	// itself (RFC 3261 section 15) and Cancelled is true.
	Accepted struct {
		Code      int
		Phrase    string
		SDP       []byte
		Cancelled bool
		Response  *sip.Response
	}
	// Rejected is a final 3xx..6xx, already acknowledged.
	Rejected struct {
		Code     int
		Phrase   string
		Reason   string    // text of a Reason header (RFC 3326), "" without one
		Contacts []Address // of a 3xx
		Response *sip.Response
	}
	// InviteTimeout: 64*T1 passed without any final response (Timer B), or
	// without one after CANCEL.
	InviteTimeout struct{}
	// TransportFailed: the INVITE could not be delivered, or with an *[Error] was
	// refused before it left.
	TransportFailed struct{ Err error }
)

// Events of an incoming INVITE.
type (
	// Acknowledged is the ACK of our 2xx.
	Acknowledged struct {
		SDP []byte // answer to an offer in the 2xx
	}
	// AckTimeout: our 2xx was repeated for 64*T1 and never acknowledged.
	AckTimeout struct{}
	// RejectionAcknowledged is the ACK of our 3xx..6xx.
	RejectionAcknowledged struct{}
	// Cancelled: CANCEL arrived before the final response. It has been
	// answered 200, the INVITE 487.
	Cancelled struct{ Reason string }
	// Refused: the engine itself answered the INVITE, because the PRACK of a
	// reliable provisional response never came (RFC 3262 section 3).
	Refused struct {
		Code   int
		Phrase string
		Reason string
	}
)

// Events of the dialog.
type (
	// ReinviteReceived is an INVITE in the dialog that is free of glare. Answer
	// it with Progress, Accept or Reject; Acknowledged, AckTimeout,
	// RejectionAcknowledged or Cancelled follow as for the first INVITE.
	ReinviteReceived struct {
		SDP     []byte // the offer; nil asks for one
		Request *sip.Request
	}
	// ByeReceived: the peer ended the dialog; answered 200. On an INVITE that
	// had no final answer yet, that one has been answered 487.
	ByeReceived struct {
		Reason  string // text of a Reason header, "" without one
		Request *sip.Request
	}
	// ByeDone is the outcome of our BYE: the final response, or 408 when none
	// came within 64*T1, or 503 on a transport error.
	ByeDone struct {
		Code    int
		Phrase  string
		Refused *Error // nil unless the stack refused to send it
	}
)

// Other events.
type (
	// PeerRefreshed: the peer changed its Contact with an UPDATE without offer
	// (RFC 3311); the getters show the new one.
	PeerRefreshed struct{}
	// InternalError: handling this call failed here for a fault in the program,
	// which has been logged. Close the invitation: it is of no use any more.
	InternalError struct{}
)

// Events of a transfer (RFC 3515). They end with the dialog, without a word.
type (
	// ReferAccepted: the peer took our REFER. It comes before the first
	// ReferProgress even if a NOTIFY overtook the response.
	ReferAccepted struct{}
	// ReferProgress is the status that a NOTIFY of the peer told.
	ReferProgress struct {
		Code   int
		Phrase string
	}
	// ReferEnded is the end of our transfer: the refusal of the REFER (then
	// Refused), else the last status told, else 408 when nothing was heard for
	// 90 s or the last NOTIFY never came.
	ReferEnded struct {
		Code    int
		Phrase  string
		Refused bool
	}
	// ReferReceived: the peer asks us to call Target; answered 202, and a first
	// NOTIFY with 100 sent. Tell what becomes of it with NotifyRefer.
	ReferReceived struct {
		Target     Address // without URI headers
		ReferredBy string  // value of the Referred-By header, "" without one
		Replaces   string  // value of the Replaces header that the call is to carry, "" for none
		Request    *sip.Request
	}
	// ReferNotified: the last NOTIFY of a transfer the peer asked for has been
	// answered, with 408 standing for no answer. If an earlier one was refused the
	// peer wanted no more, and this is that refusal.
	ReferNotified struct {
		Code   int
		Phrase string
		Told   int // the status that the peer has been told at last
	}
)

func (PeerRefreshed) invitationEvent()         {}
func (InternalError) invitationEvent()         {}
func (ReferAccepted) invitationEvent()         {}
func (ReferProgress) invitationEvent()         {}
func (ReferEnded) invitationEvent()            {}
func (ReferReceived) invitationEvent()         {}
func (ReferNotified) invitationEvent()         {}
func (Provisional) invitationEvent()           {}
func (Accepted) invitationEvent()              {}
func (Rejected) invitationEvent()              {}
func (InviteTimeout) invitationEvent()         {}
func (TransportFailed) invitationEvent()       {}
func (Acknowledged) invitationEvent()          {}
func (AckTimeout) invitationEvent()            {}
func (RejectionAcknowledged) invitationEvent() {}
func (Cancelled) invitationEvent()             {}
func (Refused) invitationEvent()               {}
func (ReinviteReceived) invitationEvent()      {}
func (ByeReceived) invitationEvent()           {}
func (ByeDone) invitationEvent()               {}
