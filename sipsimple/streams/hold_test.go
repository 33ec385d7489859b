package streams_test

import (
	"testing"

	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestHoldState: whose hold it is, whatever the peer makes of our offers.
func TestHoldState(t *testing.T) {
	const both, send, receive, none = callsdp.SendRecv, callsdp.SendOnly, callsdp.RecvOnly, callsdp.Inactive
	// A step is a wish, an offer or answer of ours if any, and what came of it.
	type step struct {
		wish          bool
		ask           string // offer, refused (an offer that came to nothing), answer, ""
		ours, agreed  sdp.Direction
		local, remote bool
	}
	for name, steps := range map[string][]step{
		"hold and release": {{true, "offer", send, send, true, false}, {false, "offer", both, both, false, false}},
		"the peer holds":   {{false, "answer", receive, receive, false, true}, {false, "answer", both, both, false, false}},
		"both hold": {
			{true, "offer", send, send, true, false}, {true, "answer", none, none, true, true},
			{false, "offer", receive, receive, false, true},
		},
		"inactive is not ours": {{false, "answer", none, none, false, true}, {false, "", none, none, false, true}},
		"inactive keeps ours":  {{true, "offer", send, send, true, false}, {true, "", none, none, true, true}},
		"recvonly is no hold":  {{false, "answer", send, send, false, false}, {false, "", send, send, false, false}},
		"a refused hold, then another agreement": {
			{true, "refused", send, 0, false, false}, {false, "", both, both, false, false},
		},
		"a refused release, then another agreement": {
			{true, "offer", send, send, true, false}, {false, "refused", both, 0, true, false}, {true, "", send, send, true, false},
		},
		"a release whose answer is recvonly": {
			{true, "offer", send, send, true, false}, {false, "offer", both, send, false, false},
		},
		"a wish that another agreement does not carry": {
			{true, "offer", send, send, true, false}, {false, "", send, send, true, false}, {false, "offer", both, both, false, false},
		},
	} {
		var h streams.HoldState
		h.Offer(0)
		h.Negotiated(both, both)
		current := both
		for i, s := range steps {
			h.Wish = s.wish
			switch s.ask {
			case "offer", "refused":
				if got := h.Offer(current); got != s.ours {
					t.Errorf("%s, step %d: offers %v, want %v", name, i, got, s.ours)
				}
			case "answer":
				h.Answer()
			}
			if s.ask != "refused" {
				h.Negotiated(s.ours, s.agreed)
				current = s.agreed
			}
			if h.Local != s.local || h.Remote != s.remote || h.Wish != s.wish {
				t.Errorf("%s, step %d: %+v", name, i, h)
			}
		}
	}
}

// TestFirstOffer: the first one of all is sendrecv, also of a stream that is to be held: the hold follows in the next.
func TestFirstOffer(t *testing.T) {
	h := streams.HoldState{Wish: true}
	if got := h.Offer(0); got != callsdp.SendRecv {
		t.Errorf("the first offer is %v", got)
	}
	h.Negotiated(callsdp.SendRecv, callsdp.SendRecv)
	if h.Local || !h.Silent() {
		t.Errorf("after it %+v", h)
	}
	if got := h.Offer(callsdp.SendRecv); got != callsdp.SendOnly {
		t.Errorf("the second offer is %v", got)
	}
}

// TestWishStays: a description that we were not asked for does not make a wish forgotten that was not offered yet.
func TestWishStays(t *testing.T) {
	var h streams.HoldState
	h.Offer(0)
	h.Negotiated(callsdp.SendRecv, callsdp.SendRecv)
	h.Wish = true
	h.Negotiated(callsdp.RecvOnly, callsdp.RecvOnly)
	if !h.Wish || h.Local || !h.Remote || h.Offer(callsdp.RecvOnly) != callsdp.Inactive {
		t.Errorf("%+v", h)
	}
}
