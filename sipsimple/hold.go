package sipsimple

import (
	"slices"
)

// holdCommand is [Session.Hold] and [Session.Unhold].
type holdCommand struct{ hold bool }

func (holdCommand) claim(*machine) error { return nil }

// holdWish is what the application wants and what has been agreed (SD21):
// whenever the session is connected and idle and the two differ, a re-INVITE
// leaves.
type holdWish struct{ wanted, inForce bool }

// wantHold takes the wish. Streams stop or resume at once; what is told to the
// peer, and when, is the stage's business.
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

// refreshHold brings the attribute on_hold up to date (SD13).
func (m *machine) refreshHold() {
	held := slices.ContainsFunc(m.members, func(s *member) bool { return s.stream.OnHold() })
	m.attrs.set(func(v *attributeValues) { v.onHold = held })
}
