package sipsimple

import (
	"slices"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// proposed is a re-INVITE of the peer that adds streams: the application
// decides (3.6, 3.7, 7.11).
type proposed struct {
	streams  Streams   // proposed
	accepted []*member // chosen by the application; nil before
	answered bool      // our 200 has left
	acked    bool
	started  bool            // accepted streams run, and the application knows
	before   sdp.Negotiation // what was agreed before our answer
}

// receiveProposal tells the application, or refuses what nobody can use.
func (s *established) receiveProposal(m *machine, offer *psdp.SessionDescription, added []int) {
	list := m.out.streamsFor(offer, added)
	if len(list) == 0 { // PRO-07
		m.refuseOffer("no usable stream")
		return
	}
	m.inv.Progress(100, "", nil)
	s.op = &proposed{streams: list}
	m.setState(ReceivedProposal)
	m.setProposed(slices.Clone(list))
	m.notify(SIPSessionGotProposal{Originator: Remote, Streams: slices.Clone(list)})
}

func (op *proposed) handle(m *machine, s *established, e event) {
	switch e := e.(type) {
	case ringCommand: // PRO-18
		m.inv.Progress(180, "", nil)
	case acceptProposalCommand:
		op.accept(m, s, e)
	case rejectProposalCommand:
		op.reject(m, s, codeOr(e.code, 488), e.reason)
	case core.Cancelled: // PRO-08, PRO-14
		op.cancelled(m, s)
	case core.Refused: // no PRACK came
		m.sdp.Cancel()
		m.notify(m.transaction(Remote, e.Code, e.Phrase, AckUnknown))
		op.rejected(m, s, e.Code, e.Phrase)
	case core.Acknowledged:
		op.acked = true
		op.finish(m, s)
	case core.AckTimeout:
		s.abandon(m, false)
		s.unacknowledged(m)
	case streamEvent:
		op.stream(m, s, e)
	case expired:
		switch e.timer {
		case initializeTimer:
			op.fail(m, s, streamInitializeTimedOut)
		case startTimer:
			op.fail(m, s, streamStartTimedOut)
		}
	}
}

// accept initialises the chosen streams. Streams that were not proposed are
// ignored; nothing chosen refuses the proposal (SD9, PRO-04).
func (op *proposed) accept(m *machine, s *established, c acceptProposalCommand) {
	if op.accepted != nil {
		return
	}
	chosen := slices.DeleteFunc(slices.Clone(op.streams), func(stream streams.MediaStream) bool {
		return !slices.Contains(c.streams, stream)
	})
	if len(chosen) == 0 {
		op.reject(m, s, 488, "")
		return
	}
	var err error
	if op.accepted, err = m.initialize(chosen, streams.Incoming); err != nil {
		op.fail(m, s, streamFailure(err.Error()))
	}
}

func (op *proposed) stream(m *machine, s *established, e streamEvent) {
	switch {
	case indexOf(op.accepted, e.stream) < 0 || op.started:
	case e.what == streamFailed: // PRO-26, PRO-27
		op.fail(m, s, streamFailure(e.reason))
	case !op.answered && allInitialized(op.accepted):
		m.out.stopTimer(initializeTimer)
		op.answer(m, s)
	case op.answered && allStarted(op.accepted):
		op.running(m, s)
	}
}

// answer sends the 200; the streams start.
func (op *proposed) answer(m *machine, s *established) {
	held, _ := m.heldBy(Remote)
	op.before = *m.sdp
	body, err := m.makeAnswer()
	if err != nil {
		op.fail(m, s, err.Error())
		return
	}
	op.answered = true
	m.inv.Accept(core.Answer{SDP: body, Focus: m.focus})
	m.notify(m.transaction(Remote, 200, core.Phrase(200), AckUnknown))
	m.updateExcept(op.accepted)
	m.notifyRemoteHold(held) // PRO-36
	m.out.startTimer(startTimer, startLimit)
	local, remote := m.sdp.Active()
	for _, fresh := range op.accepted {
		if err := fresh.stream.Start(local, remote, fresh.stream.Index()); err != nil {
			op.fail(m, s, streamFailure(err.Error()))
			return
		}
	}
}

// running is the happy end, but for the ACK, which holds back what comes next.
func (op *proposed) running(m *machine, s *established) {
	op.started = true
	m.out.stopTimer(startTimer)
	m.setProposed(nil)
	m.publishStreams()
	m.refreshHold()
	list := Streams(streamsOf(op.accepted))
	m.hold.join(list)
	s.connected(m)
	m.notify(SIPSessionGotAcceptProposal{Originator: Remote, Streams: list, ProposedStreams: op.streams})
	m.notify(SIPSessionDidRenegotiateStreams{Originator: Remote, Action: Add, Streams: slices.Clone(list)})
	op.finish(m, s)
}

// finish ends an accepted proposal once all of it is over.
func (op *proposed) finish(m *machine, s *established) {
	if op.acked && (op.started || op.accepted == nil) {
		s.done(m)
	}
}

// reject refuses the proposal (3.7).
func (op *proposed) reject(m *machine, s *established, code int, phrase string) {
	if op.accepted != nil {
		return
	}
	if phrase == "" {
		phrase = core.Phrase(code)
	}
	m.sdp.Cancel()
	m.inv.Reject(code, phrase)
	m.notify(m.transaction(Remote, code, phrase, AckUnknown))
	op.rejected(m, s, code, phrase)
}

func (op *proposed) rejected(m *machine, s *established, code int, phrase string) {
	op.drop(m)
	s.connected(m)
	m.notify(SIPSessionGotRejectProposal{Originator: Remote, Code: code, Reason: phrase, Streams: op.streams})
	s.done(m)
}

// cancelled: the peer has withdrawn its proposal. If our 200 lost the race
// against its CANCEL, what was agreed before is so again.
func (op *proposed) cancelled(m *machine, s *established) {
	if op.started {
		return // told already; the next re-INVITE of either side settles it
	}
	if op.answered {
		op.drop(m)
		m.sdp = &op.before
	}
	m.sdp.Cancel()
	m.notify(m.transaction(Remote, 487, core.Phrase(487), AckUnknown))
	if op.answered {
		m.updateStreams()
	}
	op.rejected(m, s, 487, core.Phrase(487))
}

// fail ends a proposal that failed here: refused with 488 if that is still
// possible, else its slots are removed again when the transaction is over
// (SD27).
func (op *proposed) fail(m *machine, s *established, reason string) {
	if !op.answered {
		m.sdp.Cancel()
		m.inv.Reject(488, "")
		m.notify(m.transaction(Remote, 488, core.Phrase(488), AckUnknown))
	}
	op.drop(m)
	s.connected(m)
	m.notify(SIPSessionHadProposalFailure{Originator: Remote, FailureReason: reason, Streams: op.streams})
	switch {
	case op.answered && !op.acked:
		s.op = &answering{}
	default:
		s.done(m)
	}
}

// drop ends the streams of the proposal.
func (op *proposed) drop(m *machine) {
	m.out.stopTimer(initializeTimer)
	m.out.stopTimer(startTimer)
	m.setProposed(nil)
	for _, fresh := range op.accepted {
		if indexOf(m.members, fresh.stream) >= 0 {
			m.release(fresh)
		}
	}
	op.accepted = nil
}

// abandon: a proposal that the application has accepted fails with its session
// if the peer ends that; any other just vanishes (7.13).
func (op *proposed) abandon(m *machine, byPeer bool) {
	if byPeer && op.accepted != nil && !op.started {
		m.notify(SIPSessionHadProposalFailure{Originator: Remote, FailureReason: sessionEnded, Streams: op.streams})
	}
}
