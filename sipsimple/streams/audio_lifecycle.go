package streams

import (
	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// Initialize implements [MediaStream]: it binds a pair of ports, and finds with ICE
// how they are seen from outside.
func (s *AudioStream) Initialize(session Session, _ Direction) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != AudioNull {
		return &IllegalStateError{Method: "Initialize", State: string(s.state)}
	}
	s.state = AudioInitializing
	if len(s.codecs) == 0 {
		s.failInitializeLocked("no usable audio codec is configured")
		return nil
	}
	var offered *sdp.MediaDescription
	if s.offer != nil {
		offered = s.offer.line
	}
	var err error
	if s.keying, err = decideKeying(s.env.RTP, session.Transport(), offered, randomOf(s.env)); err != nil {
		s.failInitializeLocked(err.Error())
		return nil
	}
	if s.decideICELocked() {
		if s.ice, err = newICESession(randomOf(s.env), s.iceChanged); err != nil {
			s.failInitializeLocked(err.Error())
			return nil
		}
	}
	rtp, err := openRTP(s.env, session.LocalIP(), s.ice)
	if err != nil {
		s.failInitializeLocked(err.Error())
		return nil
	}
	s.rtp = rtp
	if s.ice != nil {
		s.gatherLocked()
		return nil
	}
	s.state = AudioInitialized
	s.env.Center.Post(s, MediaStreamDidInitialize{})
	return nil
}

func (s *AudioStream) failInitializeLocked(reason string) {
	s.state = AudioEnded
	s.failLocked(reason)
	s.bridge.Stop()
}

// failLocked reports the one failure of the stream.
func (s *AudioStream) failLocked(reason string) {
	if s.failed {
		return
	}
	s.failed = true
	s.env.Center.Post(s, MediaStreamDidFail{Reason: reason})
}

// LocalMedia implements [MediaStream]. The answer to the offer that made the
// stream has one codec, the first of the peer's order that we have.
func (s *AudioStream) LocalMedia(forOffer bool) (*sdp.MediaDescription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != AudioInitialized && s.state != AudioWaitICE && s.state != AudioEstablished {
		return nil, &IllegalStateError{Method: "LocalMedia", State: string(s.state)}
	}
	if forOffer {
		direction := s.hold.Offer(s.active.direction)
		s.rtp.offer(direction)
		return s.describeLocked(s.keying, direction, true), nil
	}
	line := s.describeLocked(s.keying.answering(s.proposed), s.hold.Answer(), false)
	if s.state == AudioInitialized && s.offer != nil {
		return callsdp.AnswerLine(s.offer.line, s.offer.session, line), nil
	}
	return line, nil
}

// Start implements [MediaStream]: sound flows when it returns, with ICE when
// that is over.
func (s *AudioStream) Start(local, remote *sdp.SessionDescription, index int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != AudioInitialized || s.failed {
		return &IllegalStateError{Method: "Start", State: string(s.state)}
	}
	p, err := negotiated(local, remote, index, s.codecs, s.keying)
	if err != nil {
		s.failLocked(err.Error())
		return nil
	}
	s.keying = s.keying.settled(p.keys)
	if s.ice != nil {
		if theirs := readICE(remote, remote.MediaDescriptions[index]); theirs.has && !theirs.mismatch {
			s.startICELocked(p, local, index, theirs.Remote)
			return nil
		}
		s.ice.stop()
	}
	s.establishLocked(p, local, index)
	return nil
}

// establishLocked has sound flow.
func (s *AudioStream) establishLocked(p path, ours *sdp.SessionDescription, index int) {
	if err := s.connectLocked(p); err != nil {
		s.failLocked(err.Error())
		return
	}
	s.state, s.offer = AudioEstablished, nil
	s.applyHoldLocked(ours, index)
	s.env.Center.Post(s, MediaStreamDidStart{})
}

// connectLocked joins network and mixer along a path. The mixer may tick the port before AddPort has returned: all that a
// packet needs, its keys too, is there by then.
func (s *AudioStream) connectLocked(p path) error {
	if err := s.rtp.protect(p.keys); err != nil {
		return err
	}
	port := newAudioPort(s, s.rtp, &p)
	slot, err := s.mixer.AddPort(port, port)
	if err != nil {
		return err
	}
	s.active = &p
	s.rtp.start(port)
	s.changeSlotsLocked(func() { s.slot.Store(int64(slot)) })
	return nil
}

// disconnectLocked takes the media out of the mixer.
func (s *AudioStream) disconnectLocked() {
	if slot := s.ConsumerSlot(); slot != audio.NoSlot {
		s.rtp.stop()
		s.mixer.RemovePort(slot)
	}
}

// Deactivate implements [MediaStream]: RTP does not notice when the peer goes.
func (*AudioStream) Deactivate() {}

// End implements [MediaStream]: sockets are closed and all goroutines have
// ended when it returns.
func (s *AudioStream) End() {
	s.mu.Lock()
	rtp := s.rtp
	effective := s.state == AudioInitialized || s.state == AudioWaitICE || s.state == AudioEstablished
	if s.state != AudioEnded && !effective {
		s.bridge.Stop()
	}
	gathering := s.state == AudioInitializing && rtp != nil
	s.state = AudioEnded
	if s.ice != nil {
		s.ice.stop()
	}
	if s.cancelLookup != nil {
		s.cancelLookup()
	}
	if !effective {
		s.mu.Unlock()
		if gathering {
			rtp.close()
		}
		return
	}
	s.env.Center.Post(s, MediaStreamWillEnd{})
	s.stopRecordingLocked()
	s.disconnectLocked()
	s.slot.Store(audio.NoSlot)
	s.bridge.Stop()
	s.active, s.hold = noPath, HoldState{} // streams.md 5.1: nothing of it is left after the end
	s.mu.Unlock()

	rtp.close()
	s.env.Center.Post(s, MediaStreamDidEnd{})
}
