package streams

import (
	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// HoldState is the bookkeeping of hold for a stream that supports it: who wants
// what, what to offer and to answer, and what a negotiation has changed. It has
// no lock and no clock; its zero value is that of a new stream.
//
// Our own wish, once it has been offered, decides on local hold; only
// descriptions that we were not asked for are taken at their word.
type HoldState struct {
	Wish   bool // the application wants hold: set by Hold, cleared by Unhold
	Local  bool // in force: we do not want the peer's media
	Remote bool // the peer does not want ours

	current sdp.Direction // as negotiated last, 0 before

	asked   mediaCall     // last use of LocalMedia since the last negotiation
	offer   sdp.Direction // what it said
	offered bool          // the wish in that offer
}

type mediaCall int

const (
	notAsked mediaCall = iota
	askedToOffer
	askedToAnswer
)

// Offer is the direction to offer from the current one, 0 before the first
// negotiation.
func (h *HoldState) Offer(current sdp.Direction) sdp.Direction {
	h.asked, h.offered = askedToOffer, h.Wish && current != 0
	h.offer = callsdp.OfferDirection(current, h.Wish)
	return h.offer
}

// Answer is the direction to answer with, before the offer limits it.
func (h *HoldState) Answer() sdp.Direction {
	h.asked = askedToAnswer
	if h.Local {
		return callsdp.SendOnly
	}
	return callsdp.SendRecv
}

// Negotiated takes what our m-line says now and the direction agreed on, and
// tells which flags have changed. An offer of ours that was refused is not part
// of it: the next agreement then repeats what there was.
func (h *HoldState) Negotiated(ours, direction sdp.Direction) (local, remote bool) {
	before := *h
	h.Remote = !callsdp.Sends(direction)
	news := direction != h.current
	switch {
	case h.asked == askedToAnswer:
	case h.asked == askedToOffer && (news || ours == h.offer):
		h.Local = h.offered
	case news && direction != callsdp.Inactive:
		h.Local = direction == callsdp.SendOnly
		h.Wish = h.Wish && !before.Local || h.Local // a wish not yet offered stays
	}
	h.current, h.asked = direction, notAsked
	return h.Local != before.Local, h.Remote != before.Remote
}

// Silent says whether our sound must stay out of the call.
func (h *HoldState) Silent() bool { return h.Wish || h.Local }
