package sipsimple

import (
	"slices"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// Originator is the side that caused what a notification reports.
type Originator string

// The two sides, seen from here.
const (
	Local  Originator = "local"
	Remote Originator = "remote"
)

// Ack says whether the ACK of an INVITE transaction has been seen. Its zero
// value means that the transaction is no INVITE: the field is absent then.
type Ack int

// The values of ack_received.
const (
	NoAck       Ack = iota // not an INVITE
	AckReceived            // true
	AckMissing             // false
	AckUnknown             // "unknown"
)

// FieldValue is the value of the attribute ack_received.
func (a Ack) FieldValue() any {
	switch a {
	case AckReceived:
		return true
	case AckMissing:
		return false
	default:
		return "unknown"
	}
}

// Action is what SIPSessionDidRenegotiateStreams did to its streams.
type Action string

// The two actions.
const (
	Add    Action = "add"
	Remove Action = "remove"
)

// Streams are the media streams named by a notification: a copy of the list.
type Streams []streams.MediaStream

// Notifications of the application (seed rows A25 to A29); the sender is the
// [Application].
type (
	// SIPApplicationWillStart: the configuration is loaded, nothing else started.
	SIPApplicationWillStart struct{}
	// SIPApplicationDidStart: every component has been initialised.
	SIPApplicationDidStart struct{}
	// SIPApplicationWillEnd: Stop was called.
	SIPApplicationWillEnd struct{}
	// SIPApplicationDidEnd: nothing of the middleware runs any more.
	SIPApplicationDidEnd struct {
		EndReason string `field:"end_reason"` // "application request" or "engine failed"
	}
	// SIPApplicationFailedToStartTLS: the engine runs without TLS.
	SIPApplicationFailedToStartTLS struct {
		Error error `field:"error"`
	}
)

// Notifications of the session manager; the sender is the [SessionManager].
type (
	// SIPSessionManagerWillStart: INVITEs will be accepted.
	SIPSessionManagerWillStart struct{}
	// SIPSessionManagerDidStart: INVITEs are accepted.
	SIPSessionManagerDidStart struct{}
	// SIPSessionManagerWillEnd: every session is being ended, new INVITEs get 503.
	SIPSessionManagerWillEnd struct{}
	// SIPSessionManagerDidEnd: no session is left.
	SIPSessionManagerDidEnd struct{}
)

// Notifications of a session (seed rows S92 to S162, session.md 6); the sender
// is the [Session].
type (
	// SIPSessionNewIncoming opens the life of an incoming session.
	SIPSessionNewIncoming struct {
		Streams Streams `field:"streams"`
	}
	// SIPSessionNewOutgoing opens the life of an outgoing session, before the first packet.
	SIPSessionNewOutgoing struct {
		Streams Streams `field:"streams"`
	}
	// SIPSessionGotRingIndication: a 180 to the initial INVITE.
	SIPSessionGotRingIndication struct{}
	// SIPSessionGotProvisionalResponse: any provisional response but 100, also to a re-INVITE.
	SIPSessionGotProvisionalResponse struct {
		Code   int    `field:"code"`
		Reason string `field:"reason"`
	}
	// SIPSessionWillStart: after the final response and before the ACK.
	SIPSessionWillStart struct{}
	// SIPSessionDidStart: negotiation is complete and all streams have started.
	SIPSessionDidStart struct {
		Streams Streams `field:"streams"`
	}
	// SIPSessionDidFail closes a session that never started. Code 0 with a null
	// Reason means that no SIP code explains it. FailureReason is "user_request" if
	// somebody wanted it so, at either end, or the peer does not say why; else a
	// text for people.
	SIPSessionDidFail struct {
		Originator         Originator     `field:"originator"`
		Code               int            `field:"code"`
		Reason             string         `field:"reason,null"`
		FailureReason      string         `field:"failure_reason"`
		RedirectIdentities []core.Address `field:"redirect_identities,null"` // Contact headers of a 3xx
	}
	// SIPSessionWillEnd: before BYE is sent, or when it was received.
	SIPSessionWillEnd struct {
		Originator Originator `field:"originator"`
	}
	// SIPSessionDidEnd closes a session that had started. EndReason is like
	// FailureReason of [SIPSessionDidFail].
	SIPSessionDidEnd struct {
		Originator Originator `field:"originator"`
		EndReason  string     `field:"end_reason"`
	}
	// SIPSessionDidChangeHoldState: held or released, by either side.
	SIPSessionDidChangeHoldState struct {
		Originator Originator `field:"originator"`
		OnHold     bool       `field:"on_hold"`
		Partial    bool       `field:"partial"` // another stream could be held and is not
	}
	// SIPSessionGotProposal: one side proposes streams.
	SIPSessionGotProposal struct {
		Originator Originator `field:"originator"`
		Streams    Streams    `field:"streams"`
	}
	// SIPSessionGotRejectProposal: a proposal was refused or cancelled.
	SIPSessionGotRejectProposal struct {
		Originator Originator `field:"originator"` // who made the proposal
		Code       int        `field:"code"`
		Reason     string     `field:"reason"`
		Streams    Streams    `field:"streams"`
	}
	// SIPSessionGotAcceptProposal: a proposal was accepted, Streams is the accepted part.
	SIPSessionGotAcceptProposal struct {
		Originator      Originator `field:"originator"`
		Streams         Streams    `field:"streams"`
		ProposedStreams Streams    `field:"proposed_streams"`
	}
	// SIPSessionHadProposalFailure: a proposal failed for an internal reason.
	SIPSessionHadProposalFailure struct {
		Originator    Originator `field:"originator"`
		FailureReason string     `field:"failure_reason"`
		Streams       Streams    `field:"streams"`
	}
	// SIPSessionDidRenegotiateStreams: streams became usable or are gone.
	SIPSessionDidRenegotiateStreams struct {
		Originator Originator `field:"originator"`
		Action     Action     `field:"action"`
		Streams    Streams    `field:"streams"`
	}
	// SIPSessionDidProcessTransaction: an INVITE, re-INVITE or BYE transaction is complete.
	SIPSessionDidProcessTransaction struct {
		Originator  Originator `field:"originator"`
		Method      string     `field:"method"`
		Code        int        `field:"code"`
		Reason      string     `field:"reason"`
		AckReceived Ack        `field:"ack_received,omit"`
	}
)

// Notifications of a transfer; the sender is the [Session]. The incoming,
// progress and end ones are not in the seed but needed to use it
// (application.md D15).
type (
	// SIPSessionTransferNewOutgoing: before REFER is sent.
	SIPSessionTransferNewOutgoing struct {
		TransferDestination string `field:"transfer_destination"`
		TransferSource      string `field:"transfer_source"`
	}
	// SIPSessionTransferNewIncoming: REFER came; accept or reject it.
	SIPSessionTransferNewIncoming struct {
		TransferDestination string `field:"transfer_destination"`
		TransferSource      string `field:"transfer_source,null"`
	}
	// SIPSessionTransferDidStart: REFER was answered 2xx, or was accepted here.
	SIPSessionTransferDidStart struct{}
	// SIPSessionTransferGotProgress: a NOTIFY told how the new call stands.
	SIPSessionTransferGotProgress struct {
		Code   int    `field:"code"`
		Reason string `field:"reason"`
	}
	// SIPSessionTransferDidEnd: the new call stands; the session ends.
	SIPSessionTransferDidEnd struct{}
	// SIPSessionTransferDidFail: the new call does not stand. Code 0 means that no SIP
	// code explains it.
	SIPSessionTransferDidFail struct {
		Code   int    `field:"code"`
		Reason string `field:"reason,null"`
	}
)

// NotificationName implements [notification.Data].
func (SIPApplicationWillStart) NotificationName() string { return "SIPApplicationWillStart" }
func (SIPApplicationDidStart) NotificationName() string  { return "SIPApplicationDidStart" }
func (SIPApplicationWillEnd) NotificationName() string   { return "SIPApplicationWillEnd" }
func (SIPApplicationDidEnd) NotificationName() string    { return "SIPApplicationDidEnd" }
func (SIPApplicationFailedToStartTLS) NotificationName() string {
	return "SIPApplicationFailedToStartTLS"
}
func (SIPSessionManagerWillStart) NotificationName() string  { return "SIPSessionManagerWillStart" }
func (SIPSessionManagerDidStart) NotificationName() string   { return "SIPSessionManagerDidStart" }
func (SIPSessionManagerWillEnd) NotificationName() string    { return "SIPSessionManagerWillEnd" }
func (SIPSessionManagerDidEnd) NotificationName() string     { return "SIPSessionManagerDidEnd" }
func (SIPSessionNewIncoming) NotificationName() string       { return "SIPSessionNewIncoming" }
func (SIPSessionNewOutgoing) NotificationName() string       { return "SIPSessionNewOutgoing" }
func (SIPSessionGotRingIndication) NotificationName() string { return "SIPSessionGotRingIndication" }
func (SIPSessionGotProvisionalResponse) NotificationName() string {
	return "SIPSessionGotProvisionalResponse"
}
func (SIPSessionWillStart) NotificationName() string          { return "SIPSessionWillStart" }
func (SIPSessionDidStart) NotificationName() string           { return "SIPSessionDidStart" }
func (SIPSessionDidFail) NotificationName() string            { return "SIPSessionDidFail" }
func (SIPSessionWillEnd) NotificationName() string            { return "SIPSessionWillEnd" }
func (SIPSessionDidEnd) NotificationName() string             { return "SIPSessionDidEnd" }
func (SIPSessionDidChangeHoldState) NotificationName() string { return "SIPSessionDidChangeHoldState" }
func (SIPSessionGotProposal) NotificationName() string        { return "SIPSessionGotProposal" }
func (SIPSessionGotRejectProposal) NotificationName() string  { return "SIPSessionGotRejectProposal" }
func (SIPSessionGotAcceptProposal) NotificationName() string  { return "SIPSessionGotAcceptProposal" }
func (SIPSessionHadProposalFailure) NotificationName() string { return "SIPSessionHadProposalFailure" }
func (SIPSessionDidRenegotiateStreams) NotificationName() string {
	return "SIPSessionDidRenegotiateStreams"
}
func (SIPSessionDidProcessTransaction) NotificationName() string {
	return "SIPSessionDidProcessTransaction"
}
func (SIPSessionTransferNewOutgoing) NotificationName() string {
	return "SIPSessionTransferNewOutgoing"
}
func (SIPSessionTransferNewIncoming) NotificationName() string {
	return "SIPSessionTransferNewIncoming"
}
func (SIPSessionTransferDidStart) NotificationName() string { return "SIPSessionTransferDidStart" }
func (SIPSessionTransferGotProgress) NotificationName() string {
	return "SIPSessionTransferGotProgress"
}
func (SIPSessionTransferDidEnd) NotificationName() string  { return "SIPSessionTransferDidEnd" }
func (SIPSessionTransferDidFail) NotificationName() string { return "SIPSessionTransferDidFail" }

// Notifications lists a zero value of every notification of the middleware,
// those of the streams included: names and fields for linters and schemas.
func Notifications() []notification.Data {
	return append([]notification.Data{
		SIPApplicationWillStart{}, SIPApplicationDidStart{}, SIPApplicationWillEnd{}, SIPApplicationDidEnd{},
		SIPApplicationFailedToStartTLS{},
		SIPSessionManagerWillStart{}, SIPSessionManagerDidStart{}, SIPSessionManagerWillEnd{}, SIPSessionManagerDidEnd{},
		SIPSessionNewIncoming{}, SIPSessionNewOutgoing{}, SIPSessionGotRingIndication{},
		SIPSessionGotProvisionalResponse{}, SIPSessionWillStart{}, SIPSessionDidStart{}, SIPSessionDidFail{},
		SIPSessionWillEnd{}, SIPSessionDidEnd{}, SIPSessionDidChangeHoldState{}, SIPSessionGotProposal{},
		SIPSessionGotRejectProposal{}, SIPSessionGotAcceptProposal{}, SIPSessionHadProposalFailure{},
		SIPSessionDidRenegotiateStreams{}, SIPSessionDidProcessTransaction{},
		SIPSessionTransferNewOutgoing{}, SIPSessionTransferNewIncoming{}, SIPSessionTransferDidStart{},
		SIPSessionTransferGotProgress{}, SIPSessionTransferDidEnd{}, SIPSessionTransferDidFail{},
	}, slices.Concat(conferenceNotifications(), streams.Notifications(), engineNotifications(), account.Notifications(),
		configuration.Notifications(), resolverNotifications(), audio.Notifications())...)
}

func resolverNotifications() []notification.Data {
	return []notification.Data{
		resolver.DNSLookupDidSucceed{}, resolver.DNSLookupDidFail{}, resolver.DNSLookupTrace{},
		resolver.DNSResolverDidInitialize{}, resolver.DNSNameserversDidChange{},
	}
}
