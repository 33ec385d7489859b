package sipsimple

import (
	"slices"

	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// member is a stream that the session is responsible for.
type member struct {
	stream      streams.MediaStream
	initialized bool
	started     bool
}

// streamEvent is what a watched stream has posted.
type streamEvent struct {
	stream streams.MediaStream
	what   streamHappening
	reason string // of a failure
}

type streamHappening int

const (
	streamInitialized streamHappening = iota
	streamStarted
	streamFailed
	streamEnded
)

// noteStream keeps the books. It says whether the stage should hear of it: only
// of streams that are members, and of the last one that was awaited at the end.
func (m *machine) noteStream(e streamEvent) bool {
	if i := indexOf(m.leaving, e.stream); i >= 0 {
		if e.what == streamEnded {
			m.leaving = slices.Delete(m.leaving, i, i+1)
			m.out.unwatch(e.stream)
		}
		return e.what == streamEnded
	}
	i := indexOf(m.members, e.stream)
	if i < 0 || e.what == streamEnded {
		return false
	}
	switch e.what {
	case streamInitialized:
		m.members[i].initialized = true
	case streamStarted:
		m.members[i].started = true
	}
	return true
}

func indexOf(list []*member, stream streams.MediaStream) int {
	return slices.IndexFunc(list, func(s *member) bool { return s.stream == stream })
}

func streamsOf(list []*member) []streams.MediaStream {
	result := make([]streams.MediaStream, len(list))
	for i, s := range list {
		result[i] = s.stream
	}
	return result
}

// initialize makes members of the streams and initialises them, in order
// (streams.md 2.3). An error is that of the first one that refused; the rest
// has then not been touched.
func (m *machine) initialize(list []streams.MediaStream, direction streams.Direction) ([]*member, error) {
	added := make([]*member, len(list))
	for i, stream := range list {
		added[i] = &member{stream: stream}
	}
	m.members = append(m.members, added...)
	m.out.startTimer(initializeTimer, initializeLimit)
	for _, s := range added {
		m.out.watch(s.stream)
		if m.hold.wanted {
			s.stream.Hold() // a wish from before the stream was ours (SD21)
		}
		if err := s.stream.Initialize(m.out.owner(), direction); err != nil {
			return added, err
		}
	}
	return added, nil
}

func allInitialized(list []*member) bool {
	return !slices.ContainsFunc(list, func(s *member) bool { return !s.initialized })
}

func allStarted(list []*member) bool {
	return !slices.ContainsFunc(list, func(s *member) bool { return !s.started })
}

// release takes a stream out of the session: from now on only its end is
// listened to, and that only if there is something to end (streams.md 2.5).
func (m *machine) release(s *member) {
	m.leave(s)
	s.stream.Deactivate()
	m.endStream(s)
}

// leave makes s a member no more.
func (m *machine) leave(s *member) {
	m.members = slices.DeleteFunc(slices.Clone(m.members), func(other *member) bool { return other == s })
}

func (m *machine) endStream(s *member) {
	if s.initialized {
		m.leaving = append(m.leaving, s)
	} else {
		m.out.unwatch(s.stream)
	}
	s.stream.End()
}

// releaseAll ends every stream.
func (m *machine) releaseAll() { m.releaseWhere(func(*member) bool { return true }) }

// releaseWhere ends those streams: all are deactivated before the first one
// ends, so that none takes the end of another for a failure.
func (m *machine) releaseWhere(ends func(*member) bool) {
	for _, s := range m.members {
		s.stream.Deactivate()
	}
	for { // one by one: see crash.go
		i := slices.IndexFunc(m.members, ends)
		if i < 0 {
			return
		}
		s := m.members[i]
		m.leave(s)
		m.endStream(s)
	}
}

// unnoticed tells a stream whose end the peer does not notice.
func unnoticed(s *member) bool {
	c, ok := s.stream.(streams.Connected)
	return !ok || !c.Connected()
}

// Texts of stream failures (9.2).
const (
	streamStartTimedOut      = "media stream timed out while starting"
	streamInitializeTimedOut = "media stream timed out while initializing"
)

func streamFailure(reason string) string { return "media stream failed: " + reason }
