package streams

import (
	"errors"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// holdState is who wants what. Our own wish, once it has been offered, decides
// on local hold; only descriptions that we were not asked for are taken at
// their word.
type holdState struct {
	wish   bool // the application wants hold
	local  bool // in force: we do not want the peer's media
	remote bool // the peer does not want ours

	asked   mediaCall // last use of LocalMedia since the last negotiation
	offered bool      // the wish in that offer
}

type mediaCall int

const (
	notAsked mediaCall = iota
	askedToOffer
	askedToAnswer
)

// offer is the direction to offer from the current one, 0 before the first
// negotiation.
func (h *holdState) offer(current sdp.Direction) sdp.Direction {
	h.asked, h.offered = askedToOffer, h.wish && current != 0
	return callsdp.OfferDirection(current, h.wish)
}

// answer is the direction to answer with, before the offer limits it.
func (h *holdState) answer() sdp.Direction {
	h.asked = askedToAnswer
	if h.local {
		return callsdp.SendOnly
	}
	return callsdp.SendRecv
}

// negotiated takes the new direction and tells which flags have changed.
func (h *holdState) negotiated(direction sdp.Direction) (local, remote bool) {
	before := *h
	h.remote = !callsdp.Sends(direction)
	switch {
	case h.asked == askedToOffer:
		h.local = h.offered
	case h.asked == notAsked && direction != callsdp.Inactive:
		h.local = direction == callsdp.SendOnly
		h.wish = h.wish && !before.local || h.local // a wish not yet offered stays
	}
	h.asked = notAsked
	return h.local != before.local, h.remote != before.remote
}

// silent says whether our sound must stay out of the call.
func (h *holdState) silent() bool { return h.wish || h.local }

// AudioStreamDidChangeHoldState tells that one side has begun or ended to hold
// the stream.
type AudioStreamDidChangeHoldState struct {
	Originator string `field:"originator"` // "local" or "remote"
	OnHold     bool   `field:"on_hold"`
}

// NotificationName implements [notification.Data].
func (AudioStreamDidChangeHoldState) NotificationName() string {
	return "AudioStreamDidChangeHoldState"
}

// OnHoldByLocal implements [MediaStream].
func (s *AudioStream) OnHoldByLocal() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.local
}

// OnHoldByRemote implements [MediaStream].
func (s *AudioStream) OnHoldByRemote() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.remote
}

// OnHold implements [MediaStream].
func (s *AudioStream) OnHold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.local || s.hold.remote
}

// Hold implements [MediaStream]: sound stops both ways at once; the next offer
// tells the peer. Silence is sent from then on.
func (s *AudioStream) Hold() { s.setHold(true) }

// Unhold implements [MediaStream]: sound comes back at once if the peer does
// not know of the hold, else when it has been told.
func (s *AudioStream) Unhold() { s.setHold(false) }

func (s *AudioStream) setHold(wish bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold.wish = wish
	s.joinBridgeLocked()
}

// joinBridgeLocked puts the stream where its hold state wants it.
func (s *AudioStream) joinBridgeLocked() {
	if s.state != AudioEstablished {
		return
	}
	var err error
	if s.hold.silent() {
		err = s.bridge.Remove(s)
	} else {
		err = s.bridge.Add(s)
	}
	if err != nil && !errors.Is(err, audio.ErrNotInBridge) {
		s.failLocked(err.Error())
	}
}

// applyHoldLocked re-evaluates the hold flags after a negotiation.
func (s *AudioStream) applyHoldLocked() {
	local, remote := s.hold.negotiated(s.active.direction)
	s.joinBridgeLocked()
	if local {
		s.env.Center.Post(s, AudioStreamDidChangeHoldState{Originator: "local", OnHold: s.hold.local})
	}
	if remote {
		s.env.Center.Post(s, AudioStreamDidChangeHoldState{Originator: "remote", OnHold: s.hold.remote})
	}
}
