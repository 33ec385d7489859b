package sipsimple

import (
	"strings"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// fakeStream does everything at once, or only when it is told to if its name
// begins with "slow".
type fakeStream struct {
	world       *world
	name        string
	index       int
	initialized bool
	deactivated bool
	ended       bool
	hold        streams.HoldState
	direction   psdp.Direction
}

func (w *world) stream(name string) *fakeStream {
	if w.streams[name] == nil {
		w.streams[name] = &fakeStream{world: w, name: name}
	}
	return w.streams[name]
}

func (w *world) streamList(names []string) []streams.MediaStream {
	list := []streams.MediaStream{}
	for _, name := range names {
		list = append(list, w.stream(name))
	}
	return list
}

func (s *fakeStream) String() string { return s.name }

func (s *fakeStream) post(what streamHappening, reason string) {
	s.world.queue = append(s.world.queue, streamEvent{stream: s, what: what, reason: reason})
}

func (s *fakeStream) slow() bool { return strings.HasPrefix(s.name, "slow") }

func (s *fakeStream) Type() string         { return s.media() }
func (s *fakeStream) HoldSupported() bool  { return s.media() == "audio" }
func (s *fakeStream) OnHoldByLocal() bool  { return s.hold.Local }
func (s *fakeStream) OnHoldByRemote() bool { return s.hold.Remote }
func (s *fakeStream) OnHold() bool         { return s.hold.Local || s.hold.Remote }
func (s *fakeStream) Index() int           { return s.index }
func (s *fakeStream) SetIndex(i int)       { s.index = i }

func (s *fakeStream) media() string {
	if strings.HasPrefix(s.name, "c") {
		return "message"
	}
	return "audio"
}

// fail panics in the method after which the stream is named: badstart.
func (s *fakeStream) fail(method string) {
	if s.name == "bad"+method {
		panic(fault)
	}
}

func (s *fakeStream) Initialize(_ streams.Session, direction streams.Direction) error {
	s.fail("initialize")
	s.world.logf("%s: initialize %s", s.name, direction)
	if !s.slow() {
		s.initialized = true
		s.post(streamInitialized, "")
	}
	return nil
}

func (s *fakeStream) LocalMedia(forOffer bool) (*psdp.MediaDescription, error) {
	line := mediaLine(s.media(), 4000+s.index*2)
	switch {
	case !s.HoldSupported():
	case forOffer:
		sdp.SetDirection(line, s.hold.Offer(s.direction))
	default:
		sdp.SetDirection(line, s.hold.Answer())
	}
	return line, nil
}

func mediaLine(media string, port int) *psdp.MediaDescription {
	name := psdp.MediaName{Media: media, Port: psdp.RangedPort{Value: port}}
	if media == "audio" {
		name.Protos, name.Formats = []string{"RTP", "AVP"}, []string{"0"}
	} else {
		name.Protos, name.Formats = []string{"TCP", "MSRP"}, []string{"*"}
	}
	return &psdp.MediaDescription{MediaName: name}
}

func (s *fakeStream) Start(local, _ *psdp.SessionDescription, index int) error {
	s.world.logf("%s: start %d", s.name, index)
	s.fail("start")
	s.negotiated(local, index)
	if !s.slow() {
		s.post(streamStarted, "")
	}
	return nil
}

func (s *fakeStream) ValidateUpdate(*psdp.SessionDescription, int) bool { return true }
func (s *fakeStream) Update(local, _ *psdp.SessionDescription, index int) {
	s.negotiated(local, index)
	s.fail("update")
	s.world.logf("%s: update %s", s.name, s.direction)
}
func (s *fakeStream) negotiated(local *psdp.SessionDescription, index int) {
	s.direction = sdp.Direction(local.MediaDescriptions[index], local)
	if s.HoldSupported() {
		s.hold.Negotiated(s.direction, s.direction)
	}
}
func (s *fakeStream) Hold()       { s.fail("hold"); s.hold.Wish = true; s.world.logf("%s: hold", s.name) }
func (s *fakeStream) Unhold()     { s.hold.Wish = false; s.world.logf("%s: unhold", s.name) }
func (s *fakeStream) Deactivate() { s.deactivated = true }

// mayEnd logs what is wrong about the moment: the stream has ended or was not
// deactivated, or the session ends and another of its streams was not.
func (s *fakeStream) mayEnd() {
	if s.ended {
		s.world.logf("%s: ended twice", s.name)
	}
	if !s.deactivated {
		s.world.logf("%s: ended without being deactivated", s.name)
	}
	if s.world.attrs.get().state != Terminating {
		return
	}
	for _, other := range s.world.machine.members {
		if o := other.stream.(*fakeStream); !o.deactivated {
			s.world.logf("%s: ended before %s was deactivated", s.name, o.name)
		}
	}
}

func (s *fakeStream) End() {
	s.mayEnd()
	s.ended = true
	s.world.logf("%s: end", s.name)
	s.fail("end")
	if s.initialized && !strings.HasPrefix(s.name, "slowend") {
		s.post(streamEnded, "")
	}
}
