package thirdparty

import "github.com/pion/sdp/v3"

// TextStreamDidChangeHoldState: one side has begun or ended to hold the stream.
type TextStreamDidChangeHoldState struct {
	Originator string `field:"originator"` // "local" or "remote"
	OnHold     bool   `field:"on_hold"`
}

// NotificationName implements [notification.Data].
func (TextStreamDidChangeHoldState) NotificationName() string { return "TextStreamDidChangeHoldState" }

// HoldSupported implements [streams.MediaStream].
func (*TextStream) HoldSupported() bool { return true }

// OnHoldByLocal implements [streams.MediaStream].
func (s *TextStream) OnHoldByLocal() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.Local
}

// OnHoldByRemote implements [streams.MediaStream].
func (s *TextStream) OnHoldByRemote() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.Remote
}

// OnHold implements [streams.MediaStream].
func (s *TextStream) OnHold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.Local || s.hold.Remote
}

// Hold implements [streams.MediaStream]: nothing is sent from now on, and the next offer tells the peer.
func (s *TextStream) Hold() { s.wish(true) }

// Unhold implements [streams.MediaStream].
func (s *TextStream) Unhold() { s.wish(false) }

func (s *TextStream) wish(hold bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold.Wish = hold
}

// postHoldLocked changes the flags after a negotiation in which our line said this, and tells.
func (s *TextStream) postHoldLocked(ours sdp.Direction) {
	local, remote := s.hold.Negotiated(ours, s.direction)
	if local {
		s.env.Center.Post(s, TextStreamDidChangeHoldState{Originator: "local", OnHold: s.hold.Local})
	}
	if remote {
		s.env.Center.Post(s, TextStreamDidChangeHoldState{Originator: "remote", OnHold: s.hold.Remote})
	}
}
