package sipsimple

import "slices"

// State is where a session stands (seed: Session.state). The text is the
// seed's; where the seed names none, the one of its reference implementation
// (application.md D2).
type State string

// The states. An INVITE sets up null → outgoing or incoming → accepting →
// connected; every change of a connected session passes through one of the
// proposal states; every end passes through or directly into terminated.
const (
	Null              State = "null"                // created, nothing done
	Outgoing          State = "outgoing"            // Connect was called
	Incoming          State = "incoming"            // INVITE received, the application has not decided
	Accepting         State = "accepting"           // Accept was called
	Connected         State = "connected"           // started, no proposal in progress
	SendingProposal   State = "sending_proposal"    // we change the session: add, remove, hold, unhold
	ReceivedProposal  State = "received_proposal"   // the peer proposes streams, the application must decide
	AcceptingProposal State = "accepting_proposal"  // AcceptProposal was called
	RejectingProposal State = "rejecting_proposal"  // RejectProposal was called
	CancelingProposal State = "cancelling_proposal" // CancelProposal was called
	Terminating       State = "terminating"         // End or Reject was called, or a failure is being cleaned up
	Terminated        State = "terminated"          // final
)

// Active says whether a session in this state counts as one of the
// application's sessions (seed row M7).
func (s State) Active() bool { return s != Null && s != Terminated }

// started says whether the state lies between DidStart and the end.
func (s State) started() bool { return slices.Contains(startedStates, s) }

var startedStates = []State{
	Connected, SendingProposal, ReceivedProposal, AcceptingProposal, RejectingProposal, CancelingProposal,
}
