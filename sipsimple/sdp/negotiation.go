package sdp

import (
	"errors"
	"fmt"

	"github.com/pion/sdp/v3"
)

// State is where the exchange of descriptions stands (RFC 3264 section 4).
type State int

// The states of a [Negotiation].
const (
	None        State = iota // nothing has been agreed on yet, no offer is open
	LocalOffer               // our offer waits for the peer's answer
	RemoteOffer              // the peer's offer waits for our answer
	Stable                   // a pair is active, no offer is open
)

// String names the state.
func (s State) String() string {
	return [...]string{"none", "local offer", "remote offer", "stable"}[s]
}

// StateError is a call that the state does not allow: an offer while one is
// open, an answer to nothing.
type StateError struct {
	Call  string
	State State
}

// Error names the call and the state.
func (e *StateError) Error() string { return fmt.Sprintf("sdp: %s in state %q", e.Call, e.State) }

// NegotiationError means that offer and answer have nothing in common.
type NegotiationError struct{ Reason string }

// Error is the text that the session reports.
func (e *NegotiationError) Error() string { return "SDP negotiation failed: " + e.Reason }

// ErrLinesRemoved is an offer with fewer m-lines than the active description
// (RFC 3264 section 8).
var ErrLinesRemoved = errors.New("streams cannot be deleted from the SDP")

// Negotiation is the offer/answer machine of one dialog. It owns the o= line of
// our descriptions: the id is constant, the version grows by one with each new
// offer or answer of ours, whatever becomes of it.
//
// The descriptions that it hands out are its own, and everybody gets the same:
// they must not be changed. Whoever wants others uses [Clone].
type Negotiation struct {
	id      uint64
	version uint64
	stamped bool

	state         State
	offer         *sdp.SessionDescription // the open one
	local, remote *sdp.SessionDescription // the active pair
}

// NewNegotiation makes the machine of a new dialog; id is the session id and
// the first version of our o= lines.
func NewNegotiation(id uint64) *Negotiation { return &Negotiation{id: id, version: id} }

// State tells what is open.
func (n *Negotiation) State() State { return n.state }

// ID is the session id of our o= lines.
func (n *Negotiation) ID() uint64 { return n.id }

// Offer is the open offer, ours or the peer's; nil when none is open.
func (n *Negotiation) Offer() *sdp.SessionDescription { return n.offer }

// Active is the pair agreed on last: ours and the peer's, as many lines each,
// alive only where both are (session level lines as they were sent). Nil, nil
// before the first agreement.
func (n *Negotiation) Active() (local, remote *sdp.SessionDescription) {
	return n.local, n.remote
}

// SetLocalOffer opens an offer of ours and returns it as it must be sent, with
// id and version in its o= line. It needs at least as many m-lines as the
// active description has, else it is [ErrLinesRemoved].
func (n *Negotiation) SetLocalOffer(offer *sdp.SessionDescription) (*sdp.SessionDescription, error) {
	if err := n.mayOffer("local offer", offer); err != nil {
		return nil, err
	}
	n.state, n.offer = LocalOffer, Clone(offer)
	n.stamp(n.offer)
	return n.offer, nil
}

// SetRemoteOffer opens an offer of the peer, which is kept and must not be
// changed any more. [ErrLinesRemoved] if it has fewer m-lines than the active
// description; it is then not open.
func (n *Negotiation) SetRemoteOffer(offer *sdp.SessionDescription) error {
	if err := n.mayOffer("remote offer", offer); err != nil {
		return err
	}
	n.state, n.offer = RemoteOffer, offer
	return nil
}

func (n *Negotiation) mayOffer(call string, offer *sdp.SessionDescription) error {
	if n.offer != nil {
		return &StateError{Call: call, State: n.state}
	}
	if n.local != nil && len(offer.MediaDescriptions) < len(n.local.MediaDescriptions) {
		return ErrLinesRemoved
	}
	return nil
}

// SetLocalAnswer answers the peer's open offer and returns the answer as it
// must be sent: [AnswerTo] the offer, with id and version. With nothing in
// common it is a [*NegotiationError], and the offer stays open: refuse it with
// [Negotiation.Cancel], or try another answer.
func (n *Negotiation) SetLocalAnswer(ours *sdp.SessionDescription) (*sdp.SessionDescription, error) {
	if n.state != RemoteOffer {
		return nil, &StateError{Call: "local answer", State: n.state}
	}
	answer := AnswerTo(n.offer, ours)
	local, remote := level(answer, n.offer, answer, len(n.offer.MediaDescriptions))
	if err := n.check(local); err != nil {
		return nil, err
	}
	n.stamp(answer)
	local.Origin = answer.Origin
	n.agree(local, remote)
	return answer, nil
}

// SetRemoteAnswer takes the peer's answer to our open offer. With nothing in
// common it is a [*NegotiationError]; the offer is closed all the same and what
// was active before stays so.
func (n *Negotiation) SetRemoteAnswer(answer *sdp.SessionDescription) error {
	if n.state != LocalOffer {
		return &StateError{Call: "remote answer", State: n.state}
	}
	local, remote := level(n.offer, answer, answer, len(n.offer.MediaDescriptions))
	if err := n.check(local); err != nil {
		n.Cancel()
		return err
	}
	n.agree(local, remote)
	return nil
}

// check wants one line alive, unless the offer in an established session had
// none: all streams may be removed from it.
func (n *Negotiation) check(local *sdp.SessionDescription) error {
	if AnyAlive(local) || n.local != nil && !AnyAlive(n.offer) {
		return nil
	}
	return &NegotiationError{Reason: "no acceptable media"}
}

// Cancel withdraws or refuses the open offer: the state is again what it was
// before. Nothing happens when none is open.
func (n *Negotiation) Cancel() {
	n.offer, n.state = nil, Stable
	if n.local == nil {
		n.state = None
	}
}

func (n *Negotiation) agree(local, remote *sdp.SessionDescription) {
	n.local, n.remote, n.offer, n.state = local, remote, nil, Stable
}

// stamp writes the next version into the o= line.
func (n *Negotiation) stamp(d *sdp.SessionDescription) {
	if n.stamped {
		n.version++
	}
	n.stamped = true
	d.Origin.SessionID, d.Origin.SessionVersion = n.id, n.version
}
