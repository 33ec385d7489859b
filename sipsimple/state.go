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
	Null               State = "null"                // created, nothing done
	Outgoing           State = "outgoing"            // Connect was called
	Incoming           State = "incoming"            // INVITE received, the application has not decided
	Accepting          State = "accepting"           // Accept was called
	Connected          State = "connected"           // started, no proposal in progress
	SendingProposal    State = "sending_proposal"    // we change the session: add, remove, hold, unhold
	ReceivedProposal   State = "received_proposal"   // the peer proposes streams, the application must decide
	AcceptingProposal  State = "accepting_proposal"  // AcceptProposal was called
	RejectingProposal  State = "rejecting_proposal"  // RejectProposal was called
	CancellingProposal State = "cancelling_proposal" // CancelProposal was called
	Terminating        State = "terminating"         // End or Reject was called, or a failure is being cleaned up
	Terminated         State = "terminated"          // final
)

// Active says whether a session in this state counts as one of the
// application's sessions (seed row M7).
func (s State) Active() bool { return s != Null && s != Terminated }

// startedStates are those between DidStart and the end.
var startedStates = []State{
	Connected, SendingProposal, ReceivedProposal, AcceptingProposal, RejectingProposal, CancellingProposal,
}

// transitions is the diagram (session.md 2.2; the seed's own picture is lost).
// Every state but null may end at any moment.
var transitions = map[State][]State{
	Null:               {Outgoing, Incoming},
	Outgoing:           {Connected, Terminating, Terminated},
	Incoming:           {Accepting, Terminating, Terminated},
	Accepting:          {Connected, Terminating, Terminated},
	Connected:          {SendingProposal, ReceivedProposal, Terminating, Terminated},
	SendingProposal:    {Connected, CancellingProposal, ReceivedProposal, Terminating, Terminated},
	CancellingProposal: {Connected, Terminating, Terminated},
	ReceivedProposal:   {Connected, AcceptingProposal, RejectingProposal, Terminating, Terminated},
	AcceptingProposal:  {Connected, Terminating, Terminated},
	RejectingProposal:  {Connected, Terminating, Terminated},
	Terminating:        {Terminated},
}

// canBecome says whether the diagram has an arrow from s to the other state.
func (s State) canBecome(to State) bool { return slices.Contains(transitions[s], to) }
