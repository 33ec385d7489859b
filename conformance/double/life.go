package double

import (
	"fmt"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// Initialize implements [streams.MediaStream]: what comes of it is dictated.
func (s *Stream) Initialize(_ streams.Session, direction streams.Direction) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calledLocked("Initialize %s", direction)
	if s.state != Null {
		return s.illegalLocked("Initialize")
	}
	s.state = Initializing
	if err := s.address.choose(s.random()); err != nil {
		s.failLocked(err.Error())
		return nil
	}
	s.answerLocked(s.cfg.Double.Initialize, Initializing, func() {
		s.state, s.initialized = Initialized, true
		s.env.Center.Post(s, streams.MediaStreamDidInitialize{})
	})
	return nil
}

// answerLocked does what the outcome says, if the double is still in the state
// it was asked in.
func (s *Stream) answerLocked(o scenario.Outcome, in State, succeed func()) {
	answer := succeed
	if o.Fail != "" {
		answer = func() { s.failLocked(o.Fail) }
	}
	switch {
	case o.Never:
	case o.After <= 0:
		answer()
	default:
		s.timer = time.AfterFunc(o.After, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.state == in {
				answer()
			}
		})
	}
}

func (s *Stream) failLocked(reason string) {
	if s.state != Ended {
		s.state = Failed
	}
	s.failed = true
	s.env.Center.Post(s, streams.MediaStreamDidFail{Reason: reason})
}

func (s *Stream) illegalLocked(method string) error {
	return &streams.IllegalStateError{Method: method, State: string(s.state)}
}

// LocalMedia implements [streams.MediaStream].
func (s *Stream) LocalMedia(forOffer bool) (*sdp.MediaDescription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calledLocked("LocalMedia offer=%t", forOffer)
	switch s.state {
	case Initialized, Starting, Started:
	default:
		return nil, s.illegalLocked("LocalMedia")
	}
	if !s.cfg.Hold {
		line := s.lineLocked(s.fixedDirection())
		if !forOffer && s.state == Initialized && s.offer != nil && callsdp.IsRTP(line) {
			return callsdp.AnswerLine(s.offer, s.offerOf, line), nil
		}
		return line, nil
	}
	if forOffer {
		return s.lineLocked(s.hold.Offer(s.direction)), nil
	}
	line := s.lineLocked(s.hold.Answer())
	if s.state == Initialized && s.offer != nil {
		return callsdp.AnswerLine(s.offer, s.offerOf, line), nil
	}
	return line, nil
}

// Start implements [streams.MediaStream]: what comes of it is dictated.
func (s *Stream) Start(local, remote *sdp.SessionDescription, index int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calledLocked("Start %d", index)
	if s.state != Initialized {
		return s.illegalLocked("Start")
	}
	s.state = Starting
	s.negotiatedLocked(local, remote, index)
	s.answerLocked(s.cfg.Double.Start, Starting, func() {
		s.state = Started
		s.env.Center.Post(s, streams.MediaStreamDidStart{})
	})
	return nil
}

// negotiatedLocked takes the direction out of the active descriptions.
func (s *Stream) negotiatedLocked(local, remote *sdp.SessionDescription, index int) {
	if !s.cfg.Hold || local == nil || remote == nil || index < 0 ||
		index >= len(local.MediaDescriptions) || index >= len(remote.MediaDescriptions) {
		return
	}
	ours := callsdp.Direction(local.MediaDescriptions[index], local)
	s.direction = callsdp.Intersect(ours, callsdp.PeerDirection(remote.MediaDescriptions[index], remote))
	byLocal, byRemote := s.hold.Negotiated(ours, s.direction)
	if s.cfg.Type != streams.AudioType {
		return
	}
	if byLocal {
		s.env.Center.Post(s, streams.AudioStreamDidChangeHoldState{Originator: "local", OnHold: s.hold.Local})
	}
	if byRemote {
		s.env.Center.Post(s, streams.AudioStreamDidChangeHoldState{Originator: "remote", OnHold: s.hold.Remote})
	}
}

// ValidateUpdate implements [streams.MediaStream]: the m-line must stay what it
// is, or be dead.
func (s *Stream) ValidateUpdate(remote *sdp.SessionDescription, index int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calledLocked("ValidateUpdate %d", index)
	if index < 0 || index >= len(remote.MediaDescriptions) {
		return false
	}
	line := remote.MediaDescriptions[index]
	ours := s.lineLocked(callsdp.SendRecv)
	return !callsdp.Alive(line) || line.MediaName.Media == ours.MediaName.Media &&
		callsdp.Protocol(line) == callsdp.Protocol(ours) && callsdp.HasCommonCodec(line, ours)
}

// Update implements [streams.MediaStream].
func (s *Stream) Update(local, remote *sdp.SessionDescription, index int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calledLocked("Update %d", index)
	if s.state == Starting || s.state == Started {
		s.negotiatedLocked(local, remote, index)
	}
}

// Hold implements [streams.MediaStream].
func (s *Stream) Hold() { s.setHold("Hold", true) }

// Unhold implements [streams.MediaStream].
func (s *Stream) Unhold() { s.setHold("Unhold", false) }

func (s *Stream) setHold(call string, wish bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calledLocked("%s", call)
	s.hold.Wish = wish && s.cfg.Hold
}

// OnHoldByLocal implements [streams.MediaStream].
func (s *Stream) OnHoldByLocal() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.Local
}

// OnHoldByRemote implements [streams.MediaStream].
func (s *Stream) OnHoldByRemote() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.Remote
}

// OnHold implements [streams.MediaStream].
func (s *Stream) OnHold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.Local || s.hold.Remote
}

// Deactivate implements [streams.MediaStream].
func (s *Stream) Deactivate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calledLocked("Deactivate")
}

// End implements [streams.MediaStream]: it ends at once, and posts if there was
// something to end.
func (s *Stream) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calledLocked("End")
	if s.timer != nil {
		s.timer.Stop()
	}
	effective := s.initialized && s.state != Ended
	s.state = Ended
	if effective {
		s.env.Center.Post(s, streams.MediaStreamWillEnd{})
		s.env.Center.Post(s, streams.MediaStreamDidEnd{})
	}
}

// Fail posts MediaStreamDidFail, in whatever state: a scenario may have a stream
// speak out of turn.
func (s *Stream) Fail(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failLocked(reason)
}

// Post posts one of the notifications that all streams have, in whatever state
// and without changing it.
func (s *Stream) Post(name string) error {
	for _, data := range streams.Notifications() {
		if data.NotificationName() == name {
			s.env.Center.Post(s, data)
			return nil
		}
	}
	return fmt.Errorf("a stream cannot post %s", name)
}
