package streams

import (
	"errors"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

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
	return s.hold.Local
}

// OnHoldByRemote implements [MediaStream].
func (s *AudioStream) OnHoldByRemote() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.Remote
}

// OnHold implements [MediaStream].
func (s *AudioStream) OnHold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.Local || s.hold.Remote
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
	s.hold.Wish = wish
	s.joinBridgeLocked()
}

// joinBridgeLocked puts the stream where its hold state wants it.
func (s *AudioStream) joinBridgeLocked() {
	if s.state != AudioEstablished {
		return
	}
	s.joinRecorderLocked()
	var err error
	if s.hold.Silent() {
		err = s.bridge.Remove(s)
	} else {
		err = s.bridge.Add(s)
	}
	if err != nil && !errors.Is(err, audio.ErrNotInBridge) {
		s.failLocked(err.Error())
	}
}

// applyHoldLocked re-evaluates the hold flags after a negotiation.
func (s *AudioStream) applyHoldLocked(ours *sdp.SessionDescription, index int) {
	local, remote := s.hold.Negotiated(callsdp.Direction(ours.MediaDescriptions[index], ours), s.active.direction)
	s.joinBridgeLocked()
	if local {
		s.env.Center.Post(s, AudioStreamDidChangeHoldState{Originator: "local", OnHold: s.hold.Local})
	}
	if remote {
		s.env.Center.Post(s, AudioStreamDidChangeHoldState{Originator: "remote", OnHold: s.hold.Remote})
	}
}
