package sipsimple

import (
	"slices"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// removing is a re-INVITE that tells the peer which m-lines are dead (3.9,
// 7.12). Its streams left the session when it began and end when it is over,
// whatever the peer says to it (S52).
type removing struct {
	members []*member
	gone    []*member // other streams, whose m-lines the answer has refused
}

// removeByUser is RemoveStream.
func (s *established) removeByUser(m *machine, stream streams.MediaStream) {
	i := indexOf(m.members, stream)
	if i < 0 { // REM-06
		s.connected(m)
		s.idle(m)
		return
	}
	s.remove(m, m.members[i:i+1])
}

// removeFailed removes the streams that failed. If none is left the session
// ends (REM-13).
func (s *established) removeFailed(m *machine) {
	failed := slices.DeleteFunc(s.failed, func(f *member) bool { return !slices.Contains(m.members, f) })
	s.failed = nil
	switch {
	case len(failed) == 0:
		s.idle(m)
	case len(failed) == len(m.members):
		m.endByUser(s)
	default:
		s.remove(m, failed)
	}
}

// remove begins a removal. Without members it is only about orphans: m-lines
// that are alive between the two parties and have no stream any more, because a
// stream failed to start (SD27), a cancelled proposal was accepted (SD14), or an
// earlier removal met glare (SD24).
func (s *established) remove(m *machine, members []*member) {
	m.setState(SendingProposal)
	op := &removing{members: slices.Clone(members)}
	s.op = op
	for _, gone := range op.members {
		m.leave(gone)
		gone.stream.Deactivate()
	}
	m.publishStreams()
	m.refreshHold()
	if m.reinvite(nil) != nil { // cannot be told
		s.unused = append(s.unused, s.orphans(m)...)
		op.finish(m, s)
	}
}

// orphans are the m-lines to be removed that the peer has not refused to.
func (s *established) orphans(m *machine) []int {
	local, _ := m.sdp.Active()
	var list []int
	for i, line := range local.MediaDescriptions {
		if sdp.Alive(line) && !m.uses(i) && !slices.Contains(s.unused, i) {
			list = append(list, i)
		}
	}
	return list
}

func (op *removing) handle(m *machine, s *established, e event) {
	if o, final := outcomeOf(e); final {
		op.over(m, s, o)
		return
	}
	switch e := e.(type) {
	case core.Provisional:
		m.notifyProvisional(e, false)
	case expired:
		if e.timer == inviteTimer {
			m.inv.Cancel("")
		}
	}
}

func (op *removing) over(m *machine, s *established, o outcome) {
	_, before := m.sdp.Active()
	ok := o.ok() && m.takeAnswer(o.sdp) == nil
	m.concluded(o)
	switch {
	case o.code == 481:
		s.dead(m)
		return
	case ok:
		s.retries, s.unused = 0, nil
		op.gone = m.renegotiatedSince(before)
	default:
		m.sdp.Cancel()
		if !s.glare(m, o) { // refused for good: the two views differ from now on (S52, REM-03)
			s.unused = append(s.unused, s.orphans(m)...)
		}
	}
	op.finish(m, s)
}

// renegotiatedSince brings only those streams up to date of which the peer says
// something else than before: to the others nothing has happened (streams.md
// 2.2). It returns those that left.
func (m *machine) renegotiatedSince(before *psdp.SessionDescription) []*member {
	_, now := m.sdp.Active()
	var same []*member
	for _, s := range m.members {
		if sdp.SameMedia(before, now, s.stream.Index()) {
			same = append(same, s)
		}
	}
	gone := m.updateExcept(same)
	m.publishStreams()
	return gone
}

func (op *removing) finish(m *machine, s *established) {
	op.end(m)
	s.connected(m)
	m.notifyRemoved(Local, op.members)
	m.notifyRemoved(Remote, op.gone)
	s.done(m)
}

func (op *removing) end(m *machine) {
	for _, gone := range op.members {
		m.endStream(gone)
	}
}

// abandon: the removed streams end with the session.
func (op *removing) abandon(m *machine, _ bool) { op.end(m) }
