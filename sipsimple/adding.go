package sipsimple

import (
	"slices"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// adding is a proposal of ours: one more stream (3.8, 7.11).
type adding struct {
	member    *member
	sent      bool      // the re-INVITE has left
	cancelled bool      // CancelProposal was called, or the proposal rang too long
	starting  bool      // the peer has accepted
	failure   string    // why we withdrew it, if it was not the application's wish
	gone      []*member // other streams, whose m-lines the answer has refused
}

// add begins a proposal: the stream initialises first.
func (s *established) add(m *machine, stream streams.MediaStream) {
	op := &adding{}
	s.op = op
	m.setProposed([]streams.MediaStream{stream})
	added, err := m.initialize([]streams.MediaStream{stream}, streams.Outgoing)
	op.member = added[0]
	if err != nil {
		op.fail(m, s, streamFailure(err.Error()))
	}
}

func (op *adding) handle(m *machine, s *established, e event) {
	if o, final := outcomeOf(e); final {
		op.over(m, s, o)
		return
	}
	switch e := e.(type) {
	case core.Provisional: // PRO-18
		m.notifyProvisional(e, false)
	case core.ReinviteReceived: // while our stream initialises, PRO-20
		op.fail(m, s, "received stream proposal")
	case streamEvent:
		op.stream(m, s, e)
	case expired:
		switch e.timer {
		case initializeTimer:
			op.fail(m, s, streamInitializeTimedOut)
		case startTimer:
			op.fail(m, s, streamStartTimedOut)
		case inviteTimer: // PRO-16
			op.cancel(m, s)
		}
	case cancelProposalCommand:
		op.cancel(m, s)
	}
}

func (op *adding) stream(m *machine, s *established, e streamEvent) {
	switch {
	case e.stream != op.member.stream:
	case e.what == streamFailed && op.sent && !op.starting: // the answer is outstanding
		op.withdraw(m, streamFailure(e.reason))
	case e.what == streamFailed: // PRO-23, PRO-24
		op.fail(m, s, streamFailure(e.reason))
	case !op.sent && op.member.initialized:
		m.out.stopTimer(initializeTimer)
		op.propose(m, s)
	case op.starting && op.member.started:
		op.accepted(m, s)
	}
}

// propose sends the re-INVITE and tells of it. The new m-line takes the first
// dead slot, or a place at the end (SD10, PRO-38).
func (op *adding) propose(m *machine, s *established) {
	index := m.freeSlot()
	op.member.stream.SetIndex(index)
	line, err := op.member.stream.LocalMedia(true)
	if err == nil {
		err = m.reinvite(map[int]*psdp.MediaDescription{index: line})
	}
	if err != nil {
		op.fail(m, s, streamFailure(err.Error()))
		return
	}
	op.sent = true
	m.notify(SIPSessionGotProposal{Originator: Local, Streams: op.streams()})
}

// freeSlot is the index for a new m-line.
func (m *machine) freeSlot() int {
	local, remote := m.sdp.Active()
	for i, line := range local.MediaDescriptions {
		if !sdp.Alive(line) && !sdp.Alive(remote.MediaDescriptions[i]) {
			return i
		}
	}
	return len(local.MediaDescriptions)
}

func (op *adding) streams() Streams { return Streams{op.member.stream} }

// over is the final response.
func (op *adding) over(m *machine, s *established, o outcome) {
	if o.code == 481 { // PRO-30
		m.concluded(o)
		s.dead(m)
		return
	}
	if !o.ok() {
		m.concluded(o)
		switch {
		case o.code != 0:
		case op.cancelled:
			o.code, o.phrase = 487, core.Phrase(487)
		default:
			op.failure = o.phrase
		}
		op.undone(m, s, o.code, o.phrase)
		return
	}
	err := m.takeAnswer(o.sdp)
	m.concluded(o)
	if err != nil {
		m.sdp.Cancel()
		op.fail(m, s, err.Error())
		return
	}
	_, remote := m.sdp.Active()
	switch {
	case op.cancelled: // the 200 was faster: its slot is removed when we are idle (SD14, PRO-13)
		op.leaveFirst(m)
		op.undone(m, s, 487, core.Phrase(487))
	case !alive(op.member, remote): // PRO-28
		op.leaveFirst(m)
		op.rejected(m, s, o.code, o.phrase)
	default:
		op.start(m, s)
	}
}

// leaveFirst takes the new stream out and brings the others up to date.
func (op *adding) leaveFirst(m *machine) {
	m.release(op.member)
	op.gone = m.renegotiated()
}

func (op *adding) start(m *machine, s *established) {
	op.starting = true
	local, remote := m.sdp.Active()
	op.gone = m.updateExcept([]*member{op.member})
	m.out.startTimer(startTimer, startLimit)
	if err := op.member.stream.Start(local, remote, op.member.stream.Index()); err != nil {
		op.fail(m, s, streamFailure(err.Error()))
		return
	}
	if op.member.started {
		op.accepted(m, s)
	}
}

// accepted is the happy end: the stream runs.
func (op *adding) accepted(m *machine, s *established) {
	m.out.stopTimer(startTimer)
	m.setProposed(nil)
	m.publishStreams()
	m.hold.join(op.streams())
	s.connected(m)
	m.notify(SIPSessionGotAcceptProposal{Originator: Local, Streams: op.streams(), ProposedStreams: op.streams()})
	m.notify(SIPSessionDidRenegotiateStreams{Originator: Local, Action: Add, Streams: op.streams()})
	m.notifyRemoved(Remote, op.gone)
	s.done(m)
}

// undone ends a proposal that was withdrawn or refused.
func (op *adding) undone(m *machine, s *established, code int, phrase string) {
	if op.failure != "" {
		op.fail(m, s, op.failure)
		return
	}
	op.rejected(m, s, code, phrase)
}

// rejected ends a proposal that the peer, or CancelProposal, has undone.
func (op *adding) rejected(m *machine, s *established, code int, phrase string) {
	op.drop(m)
	s.connected(m)
	m.notify(SIPSessionGotRejectProposal{Originator: Local, Code: code, Reason: phrase, Streams: op.streams()})
	m.notifyRemoved(Remote, op.gone)
	s.done(m)
}

// fail ends a proposal that failed here. If the peer has accepted it, its slot
// is removed again as soon as the session is idle (SD27).
func (op *adding) fail(m *machine, s *established, reason string) {
	op.drop(m)
	s.connected(m)
	m.notify(SIPSessionHadProposalFailure{Originator: Local, FailureReason: reason, Streams: op.streams()})
	m.notifyRemoved(Remote, op.gone)
	s.done(m)
}

func (op *adding) drop(m *machine) {
	m.out.stopTimer(initializeTimer)
	m.out.stopTimer(startTimer)
	m.setProposed(nil)
	if indexOf(m.members, op.member.stream) >= 0 {
		m.release(op.member)
	}
	if len(op.gone) > 0 {
		m.publishStreams()
	}
}

// cancel withdraws the proposal; before anything was sent it is simply over
// (SD28).
func (op *adding) cancel(m *machine, s *established) {
	switch {
	case !op.sent:
		op.rejected(m, s, 487, core.Phrase(487))
	case !op.starting:
		op.withdraw(m, "")
	}
}

// withdraw cancels the open re-INVITE, once. The outcome ends the operation.
func (op *adding) withdraw(m *machine, failure string) {
	if op.cancelled {
		return
	}
	op.cancelled, op.failure = true, failure
	m.setState(CancellingProposal)
	m.inv.Cancel("")
}

// abandon: a proposal that the peer ends with the session has failed (7.13);
// one that was being cancelled, or that we end ourselves, just vanishes.
func (op *adding) abandon(m *machine, byPeer bool) {
	if byPeer && !op.cancelled {
		m.notify(SIPSessionHadProposalFailure{Originator: Local, FailureReason: sessionEnded, Streams: op.streams()})
	}
}

// sessionEnded is the failure_reason of proposals that end with their session.
const sessionEnded = "session ended"

// updateExcept gives all streams but some the new active pair. Those whose m-line
// is dead in it leave; it returns them.
func (m *machine) updateExcept(some []*member) (gone []*member) {
	local, remote := m.sdp.Active()
	for _, s := range slices.Clone(m.members) {
		switch {
		case indexOf(some, s.stream) >= 0:
		case alive(s, remote):
			s.stream.Update(local, remote, s.stream.Index())
		default:
			m.release(s)
			gone = append(gone, s)
		}
	}
	m.refreshHold()
	return gone
}
