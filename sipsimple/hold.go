package sipsimple

import (
	"slices"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// holdCommand is [Session.Hold] and [Session.Unhold].
type holdCommand struct{ hold bool }

func (holdCommand) claim(*machine) error { return nil }

// holdWish is what the application wants and what has been agreed (SD21):
// whenever the session is connected and idle and the two differ, a re-INVITE
// leaves (holding.go). One leaves, too, for streams that joined a session on
// hold: the peer has not been told that they are held.
type holdWish struct{ wanted, inForce, joined bool }

// due says that the peer must be told.
func (h *holdWish) due() bool { return h.wanted != h.inForce || h.wanted && h.joined }

// join remembers streams that were added.
func (h *holdWish) join(list []streams.MediaStream) {
	h.joined = h.joined || slices.ContainsFunc(list, streams.MediaStream.HoldSupported)
}

// settle ends a re-INVITE about the wish.
func (h *holdWish) settle(inForce bool) { h.inForce, h.joined = inForce, false }

// wantHold takes the wish. Streams fall silent or resume at once; what is told
// to the peer, and when, is the stage's business.
func (m *machine) wantHold(c holdCommand) {
	if m.hold.wanted == c.hold {
		return
	}
	m.hold.wanted = c.hold
	for _, s := range m.members {
		if c.hold {
			s.stream.Hold()
		} else {
			s.stream.Unhold()
		}
	}
}

// rollBackHold makes the wish what is in force, for streams that joined too.
func (m *machine) rollBackHold() {
	m.wantHold(holdCommand{hold: m.hold.inForce})
	for _, s := range m.members {
		if m.hold.joined && m.hold.inForce && !s.stream.OnHoldByLocal() {
			s.stream.Unhold()
		}
	}
}

// refreshHold brings the attribute on_hold up to date (SD13).
func (m *machine) refreshHold() {
	held := slices.ContainsFunc(m.members, func(s *member) bool { return s.stream.OnHold() })
	m.attrs.set(func(v *attributeValues) { v.onHold = held })
}

// notifyHold tells which streams one side holds: on_hold if it holds any,
// partial if there is another one that it could hold and does not.
func (m *machine) notifyHold(by Originator) {
	held, free := m.heldBy(by)
	m.notify(SIPSessionDidChangeHoldState{Originator: by, OnHold: len(held) > 0, Partial: len(held) > 0 && free})
}

func (m *machine) heldBy(by Originator) (held []streams.MediaStream, free bool) {
	for _, s := range m.members {
		holds := s.stream.OnHoldByLocal
		if by == Remote {
			holds = s.stream.OnHoldByRemote
		}
		switch {
		case !s.stream.HoldSupported():
		case holds():
			held = append(held, s.stream)
		default:
			free = true
		}
	}
	return held, free
}

// glareDelay is the wait after a 491 (RFC 3261 section 14.1), in steps of 10 ms.
func (m *machine) glareDelay() time.Duration {
	const step = 10 * time.Millisecond
	if m.attrs.get().direction == streams.Outgoing {
		return 2100*time.Millisecond + time.Duration(m.out.random()%191)*step
	}
	return time.Duration(m.out.random()%201) * step
}
