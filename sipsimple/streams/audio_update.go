package streams

import (
	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
)

// AudioStreamDidChangeRTPParameters tells that the media path has been rebuilt.
type AudioStreamDidChangeRTPParameters struct{}

// NotificationName implements [notification.Data].
func (AudioStreamDidChangeRTPParameters) NotificationName() string {
	return "AudioStreamDidChangeRTPParameters"
}

// ValidateUpdate implements [MediaStream]: the m-line must still be audio over
// the same protocol with a codec that we have, or be dead; what is encrypted must
// stay so.
func (s *AudioStream) ValidateUpdate(remote *sdp.SessionDescription, index int) bool {
	line, ok := lineAt(remote, index)
	if !ok || line.MediaName.Media != "audio" {
		return false
	}
	if line.MediaName.Port.Value == 0 {
		return true
	}
	if usableAudio(s.env, s.codecs, line) != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != AudioWaitICE && s.state != AudioEstablished {
		return true
	}
	if !s.keying.accepts(line) {
		return false
	}
	s.proposed, s.proposedICE = line, readICE(remote, line)
	return true
}

// Update implements [MediaStream]. A new address, port or codec rebuilds the
// path; SSRC, sequence numbers and timestamps go on.
func (s *AudioStream) Update(local, remote *sdp.SessionDescription, index int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != AudioWaitICE && s.state != AudioEstablished || s.failed {
		return
	}
	p, err := negotiated(local, remote, index, s.codecs, s.keying)
	if err != nil {
		s.breakLocked(err)
		return
	}
	if !p.remote.IsValid() {
		p.remote, p.control = s.active.remote, s.active.control // 0.0.0.0 holds, it does not move
	}
	if s.state == AudioWaitICE {
		s.negotiation.path, s.negotiation.ours, s.negotiation.index = p, local, index
		return
	}
	s.followICELocked(&p, remote, index)
	if !s.active.moved(p) {
		if err := s.rtp.protect(p.keys); err != nil {
			s.breakLocked(err)
			return
		}
		s.active = &p
		s.rtp.follow(&p)
		s.applyHoldLocked(local, index)
		return
	}
	if !s.rebuildLocked(p) {
		return
	}
	s.applyHoldLocked(local, index)
	s.env.Center.Post(s, AudioStreamDidChangeRTPParameters{})
}

// rebuildLocked has sound flow along another path.
func (s *AudioStream) rebuildLocked(p path) bool {
	s.disconnectLocked()
	if err := s.connectLocked(p); err != nil {
		s.breakLocked(err)
		return false
	}
	return true
}

// breakLocked is the failure of an update: media stops, End still releases
// everything.
func (s *AudioStream) breakLocked(err error) {
	s.disconnectLocked()
	s.changeSlotsLocked(func() { s.slot.Store(audio.NoSlot) })
	s.failLocked(err.Error())
}

// moved says whether another path has another end or needs other coders.
func (p path) moved(to path) bool { return p.remote != to.remote || p.codec.Name != to.codec.Name }
