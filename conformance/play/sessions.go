package play

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// session is a session of a party, and the names it goes by.
type session struct {
	party   *party
	session *sipsimple.Session

	mu     sync.Mutex
	labels []string // `as` of the steps that made or got it
	tag    string   // tag of the caller: the same at both ends of a call
	peer   string   // name of the party at the other end
}

// refresh learns what the session tells about its dialog while it is active.
func (s *session) refresh() {
	s.mu.Lock()
	known := s.tag != "" && s.peer != ""
	s.mu.Unlock()
	if known { // neither changes any more
		return
	}
	local, remote := s.session.LocalIdentity(), s.session.RemoteIdentity()
	tag, peer := "", ""
	if s.session.Direction() == string(streams.Incoming) {
		tag = tagOf(remote)
	} else {
		tag = tagOf(local)
	}
	if remote != nil {
		peer = s.party.world.partyOf(remote.Thaw())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if tag != "" {
		s.tag = tag
	}
	if peer != "" && s.peer == "" {
		s.peer = peer
	}
}

func tagOf(a core.Identity) string {
	if a == nil {
		return ""
	}
	return a.Tag()
}

func (s *session) callerTag() string {
	s.refresh()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tag
}

// label gives the session a name.
func (s *session) label(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name != "" && !slices.Contains(s.labels, name) {
		s.labels = append(s.labels, name)
	}
}

// is tells whether the session goes by a name: a label of its own or of the
// other end, or the name of the party at the other end.
func (s *session) is(name string) bool {
	s.refresh()
	s.mu.Lock()
	own, tag := name == s.peer || slices.Contains(s.labels, name), s.tag
	s.mu.Unlock()
	return own || tag != "" && s.party.world.isLabelled(tag, name)
}

// hasLabel tells whether the session itself was labelled so.
func (s *session) hasLabel(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.labels, name)
}

// isLabelled tells whether an end of the call with this tag was labelled so.
func (w *world) isLabelled(tag, name string) bool {
	for _, p := range w.parties {
		for _, s := range p.allSessions() {
			if s.callerTag() == tag && s.hasLabel(name) {
				return true
			}
		}
		if p.placed(tag, name) {
			return true
		}
	}
	return w.scripts.isLabelled(tag, name)
}

// partyOf is the name of the party that an address belongs to, "" if none.
func (w *world) partyOf(a core.Address) string {
	name := ""
	if addr, err := netip.ParseAddr(strings.Trim(a.URI.Host, "[]")); err == nil {
		name = w.hostOf(addr)
	}
	for _, p := range w.parties {
		if name == p.def.Name || strings.EqualFold(a.URI.Host, p.def.Name+".test") {
			return p.def.Name
		}
	}
	return ""
}

// session finds the session that a name means: "" the only one that lives, or
// else the last one.
func (p *party) session(name string) (*session, error) {
	all := p.allSessions()
	var found []*session
	for _, s := range all {
		if name == "" && s.session.State() != sipsimple.Terminated || name != "" && s.is(name) {
			found = append(found, s)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1 && name == "":
		return nil, fmt.Errorf("%s has %d sessions: say which, as %s#PARTY or %s#LABEL", p.def.Name, len(found), p.def.Name, p.def.Name)
	case len(found) > 1:
		return living(found), nil
	case name == "" && len(all) > 0:
		return all[len(all)-1], nil
	case name == "":
		return nil, fmt.Errorf("%s has no session", p.def.Name)
	}
	return nil, fmt.Errorf("%s has no session %s", p.def.Name, name)
}

// living is the last session that lives, or the last one.
func living(list []*session) *session {
	for _, s := range slices.Backward(list) {
		if s.session.State() != sipsimple.Terminated {
			return s
		}
	}
	return list[len(list)-1]
}

// stream is a media stream of a party.
type stream struct {
	party   *party
	stream  streams.MediaStream
	name    string // given by the file; "" at the end that was offered it
	session *session

	mu        sync.Mutex
	sent, got []string // texts, see msrp.go
	offered   string   // what its offerer calls it, once that is known: its m-line may become another stream's
}

// Names are what a file may call the stream: the name its offerer gave it, and
// its type. It implements [match.Named].
func (s *stream) Names() []string {
	names := []string{}
	if name := s.fileName(); name != "" {
		names = append(names, name)
	}
	if typ := s.stream.Type(); !slices.Contains(names, typ) {
		names = append(names, typ)
	}
	return names
}

func (s *stream) fileName() string {
	if s.name != "" {
		return s.name
	}
	w := s.party.world
	if s.session == nil || s.stream.Index() < 0 {
		return ""
	}
	s.mu.Lock()
	offered := s.offered
	s.mu.Unlock()
	if offered != "" {
		return offered
	}
	s.session.refresh()
	if tag := s.session.callerTag(); tag != "" {
		if name := w.offeredName(tag, s.stream.Index()); name != "" {
			s.mu.Lock()
			s.offered = name
			s.mu.Unlock()
			return name
		}
	}
	return s.nameByType()
}

// offeredName is the name of an m-line of a call, as whoever offered it calls
// it. A stream that its session still has goes before one that is gone, whose
// m-line it may have taken over.
func (w *world) offeredName(tag string, index int) string {
	gone := ""
	for _, p := range w.parties {
		for _, s := range slices.Backward(p.allStreams()) {
			switch {
			case s.name == "" || s.session == nil || s.session.callerTag() != tag || s.stream.Index() != index:
			case s.isMember():
				return s.name
			case gone == "":
				gone = s.name
			}
		}
	}
	if name := w.scripts.lineName(tag, index); name != "" {
		return name
	}
	return gone
}

// isMember tells whether the session has the stream, or it is proposed.
func (s *stream) isMember() bool {
	return slices.Contains(s.session.session.Streams(), s.stream) ||
		slices.Contains(s.session.session.ProposedStreams(), s.stream)
}

// nameByType is the so-manieth name of a type for the so-manieth stream of it.
func (s *stream) nameByType() string {
	nth := 1
	for _, other := range s.party.allStreams() {
		if other.session == s.session && other.stream.Type() == s.stream.Type() && other.stream.Index() < s.stream.Index() {
			nth++
		}
	}
	if names := s.party.world.namesOf(s.stream.Type()); nth <= len(names) {
		return names[nth-1]
	}
	if nth > 1 {
		return s.stream.Type() + strconv.Itoa(nth)
	}
	return ""
}

// namesOf lists the names that the file gives to streams of a type, sorted.
func (w *world) namesOf(typ string) []string {
	var names []string
	for name, def := range w.c.Streams {
		if def.Type == typ {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// allSessions lists the sessions of the party in the order in which they came.
func (p *party) allSessions() []*session {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sessions[:len(p.sessions):len(p.sessions)]
}

func (p *party) allStreams() []*stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.streams[:len(p.streams):len(p.streams)]
}

// sessionOf is the record of a session, made when it is new.
func (p *party) sessionOf(s *sipsimple.Session) *session {
	p.mu.Lock()
	for _, known := range p.sessions {
		if known.session == s {
			p.mu.Unlock()
			return known
		}
	}
	added := &session{party: p, session: s}
	p.sessions = append(p.sessions, added)
	p.mu.Unlock()
	p.claim(added)
	return added
}

// streamOf is the record of a stream, made when it is new. A session that is
// not nil becomes the stream's.
func (p *party) streamOf(s streams.MediaStream, name string, owner *session) *stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.streams {
		if known.stream == s {
			if known.session == nil {
				known.session = owner
			}
			return known
		}
	}
	added := &stream{party: p, stream: s, name: name, session: owner}
	p.streams = append(p.streams, added)
	return added
}
