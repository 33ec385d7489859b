package sipsimple

import (
	"slices"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// holding is the re-INVITE of Hold or Unhold (7.10).
type holding struct{ hold bool }

// changeHold makes the hold wish known to the peer.
func (s *established) changeHold(m *machine) {
	wanted := m.hold.wanted
	if !slices.ContainsFunc(m.members, func(s *member) bool { return s.stream.HoldSupported() }) {
		m.hold.settle(wanted) // nobody to tell (SD22, HLD-22)
		if wanted {
			m.notifyHold(Local)
		}
		return
	}
	m.setState(SendingProposal)
	op := &holding{hold: wanted}
	s.op = op
	lines := map[int]*psdp.MediaDescription{}
	for _, member := range m.members {
		line, err := member.stream.LocalMedia(true)
		if err != nil {
			op.fail(m, s)
			return
		}
		lines[member.stream.Index()] = line
	}
	if m.reinvite(lines) != nil {
		op.fail(m, s)
	}
}

func (op *holding) handle(m *machine, s *established, e event) {
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
	case cancelProposalCommand: // PRO-15
		m.wantHold(holdCommand{hold: m.hold.inForce})
		m.inv.Cancel("")
	}
}

func (op *holding) over(m *machine, s *established, o outcome) {
	switch {
	case o.ok() && m.takeAnswer(o.sdp) == nil:
		m.concluded(o)
		removed := m.renegotiated()
		m.hold.settle(op.hold)
		s.retries = 0
		s.connected(m)
		m.notifyHold(Local)
		m.notifyRemoved(Remote, removed)
		s.done(m)
	case o.code == 481:
		m.concluded(o)
		s.dead(m)
	default:
		m.concluded(o)
		m.sdp.Cancel() // of a 2xx whose answer is of no use
		if s.glare(m, o) {
			s.connected(m)
			s.done(m)
			return
		}
		op.fail(m, s)
	}
}

// fail gives the wish up, unless the application has changed it meanwhile
// (SD23): the streams take it back and the notification tells how things are.
func (op *holding) fail(m *machine, s *established) {
	if m.hold.wanted == op.hold {
		m.rollBackHold()
	}
	m.hold.settle(m.hold.inForce)
	s.connected(m)
	m.notifyHold(Local)
	s.done(m)
}

func (*holding) abandon(*machine, bool) {}

// renegotiated brings the streams up to a new agreement: those whose m-line
// lives are updated, the others leave. It returns the ones that left.
func (m *machine) renegotiated() []*member {
	before := slices.Clone(m.members)
	m.updateStreams()
	var removed []*member
	for _, s := range before {
		if !slices.Contains(m.members, s) {
			removed = append(removed, s)
		}
	}
	m.publishStreams()
	m.refreshHold()
	return removed
}

// publishStreams makes the attribute what the members are.
func (m *machine) publishStreams() { m.setStreams(streamsOf(m.members)) }

// notifyRemoved tells of streams that are gone, if there are any.
func (m *machine) notifyRemoved(by Originator, removed []*member) {
	if len(removed) > 0 {
		m.notify(SIPSessionDidRenegotiateStreams{Originator: by, Action: Remove, Streams: streamsOf(removed)})
	}
}
