package streams

import (
	"context"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// Limits of the search for STUN servers: with them a stream is initialised after 39 s at the latest.
const (
	lookupLimit    = 15 * time.Second
	maxSTUNServers = 8
)

// negotiation is ICE under way: what to start with when it is over.
type negotiation struct {
	began time.Time
	path  path
	ours  *sdp.SessionDescription
	index int
}

// decideICELocked is streams.md 5.4 step 3. The answer to an offer whose addresses were changed on the way says so.
func (s *AudioStream) decideICELocked() (wanted bool) {
	switch {
	case !s.env.NAT.UseICE:
		return false
	case s.offer == nil:
		return true
	}
	s.proposedICE = readICE(s.offer.session, s.offer.line)
	return s.proposedICE.has && !s.proposedICE.mismatch
}

func (s *AudioStream) postICELocked(state string) {
	s.env.Center.Post(s, AudioStreamICENegotiationStateDidChange{State: state})
}

// gatherLocked looks for candidates: at once if there is nobody to ask.
func (s *AudioStream) gatherLocked() {
	s.postICELocked(ICEGathering)
	if s.env.NAT.STUNServers == nil {
		s.ice.gather(nil)
		s.gatheredLocked()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupLimit)
	s.cancelLookup = cancel
	s.ice.errands.Go(func() {
		defer cancel()
		servers := s.env.NAT.STUNServers(ctx)
		if s.ice.gather(servers[:min(len(servers), maxSTUNServers)]) {
			s.iceChanged()
		}
	})
}

func (s *AudioStream) gatheredLocked() {
	s.ice.begin(s.offer == nil)
	s.postICELocked(ICEGathered)
	s.state = AudioInitialized
	s.env.Center.Post(s, MediaStreamDidInitialize{})
	s.postICELocked(ICEInitialized)
}

// iceChanged looks how far ICE is. It is called without locks.
func (s *AudioStream) iceChanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.state {
	case AudioInitializing:
		if s.ice.gathered() {
			s.gatheredLocked()
		}
	case AudioWaitICE:
		s.settleICELocked()
	case AudioEstablished:
		s.restartedLocked()
	}
}

// startICELocked begins the checks. The stream starts when they are over; what is negotiated until then counts.
func (s *AudioStream) startICELocked(p path, ours *sdp.SessionDescription, index int, remote ice.Remote) {
	s.state = AudioWaitICE
	s.negotiation = &negotiation{began: time.Now(), path: p, ours: ours, index: index}
	s.postICELocked(ICEInProgress)
	if err := s.ice.start(remote); err != nil {
		s.ice.stop()
		s.failICELocked(err.Error())
		s.establishLocked(p, ours, index)
	}
}

// settleICELocked starts the stream, along the way that was found or to the addresses of the SDP.
func (s *AudioStream) settleICELocked() {
	n := s.negotiation
	switch s.ice.state() {
	case ice.Completed:
		s.ice.selected(&n.path)
		s.succeedICELocked()
	case ice.Broken:
		s.failICELocked(noWay)
	default:
		return
	}
	s.negotiation = nil
	s.establishLocked(n.path, n.ours, n.index)
}

const noWay = "no connectivity check has succeeded"

func (s *AudioStream) succeedICELocked() {
	s.postICELocked(ICESucceeded)
	s.env.Center.Post(s, s.ice.report(time.Since(s.negotiation.began)))
}

func (s *AudioStream) failICELocked(reason string) {
	s.postICELocked(ICEFailed)
	s.env.Center.Post(s, AudioStreamICENegotiationDidFail{Reason: reason})
}

// followICELocked gives a path that was negotiated later the ends that ICE has found, and begins anew if the peer wants
// that (RFC 5245 section 9.1.1.1). A peer that does not want ICE any more, or whose address was changed on the way, gets
// what its SDP says.
func (s *AudioStream) followICELocked(p *path, theirs *sdp.SessionDescription, index int) {
	if s.ice == nil {
		return
	}
	remote := readICE(theirs, theirs.MediaDescriptions[index])
	if !remote.has || remote.mismatch {
		s.ice.stop()
		s.negotiation = nil
		return
	}
	if s.ice.restart(remote) {
		s.negotiation = &negotiation{began: time.Now()}
		s.postICELocked(ICEInProgress)
	}
	if s.negotiation != nil {
		s.negotiation.path = *p
	}
	s.ice.selected(p)
}

// restartedLocked turns to what a restart has found, if it is over: a way, or nothing, so that the addresses of the SDP
// count. Until then all stays as it was.
func (s *AudioStream) restartedLocked() {
	p := *s.active
	switch s.ice.restarted() {
	case ice.Completed:
		s.ice.selected(&p)
		s.succeedICELocked()
	case ice.Broken:
		p = s.negotiation.path
		s.failICELocked(noWay)
	default:
		return
	}
	s.negotiation = nil
	if !s.active.moved(p) {
		s.active = &p
		s.rtp.follow(&p)
	} else if s.rebuildLocked(p) {
		s.env.Center.Post(s, AudioStreamDidChangeRTPParameters{})
	}
}

// describeLocked is our m-line, with what ICE has to say in an offer, or in an answer to what the peer proposes.
func (s *AudioStream) describeLocked(k keying, direction sdp.Direction, forOffer bool) *sdp.MediaDescription {
	var lines iceLines
	mismatch := !forOffer && s.env.NAT.UseICE && s.proposedICE.has && s.proposedICE.mismatch
	media, control := s.rtp.local, s.rtp.localControl
	if s.ice != nil {
		if !forOffer {
			s.ice.prepare(s.proposedICE)
		}
		if forOffer || s.proposedICE.has && !mismatch {
			lines = s.ice.lines(forOffer, s.proposedICE)
		}
		media, control = s.ice.defaults(lines.candidates)
	}
	line := localLine(media, control, s.codecs, k, direction)
	if media.Addr() != s.rtp.local.Addr() {
		line.ConnectionInformation = callsdp.Connection(media.Addr())
	}
	lines.addTo(line)
	if mismatch {
		line.Attributes = append(line.Attributes, sdp.NewPropertyAttribute("ice-mismatch"))
	}
	callsdp.SetDirection(line, direction)
	return line
}

// ICEActive says whether ICE has found the way that is used.
func (s *AudioStream) ICEActive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == AudioEstablished && s.active.byICE
}

// RTPCandidateTypes are the types of the candidates in use, ours and the peer's ("host", "srflx", "prflx", "relay"), ""
// if ICE has not found them.
func (s *AudioStream) RTPCandidateTypes() (local, remote string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.active.localType), string(s.active.remoteType)
}
