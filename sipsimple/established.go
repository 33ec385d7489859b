package sipsimple

import (
	"errors"
	"slices"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// established is the stage of a session between DidStart and its end. It is
// idle, or one operation is in progress: one re-INVITE of ours or of the peer's
// (RFC 3261 section 14; the core answers 491 or 500 to a second one).
//
//	adding    adding.go     AddStream: we propose a stream
//	holding   holding.go    Hold, Unhold
//	removing  removing.go   RemoveStream, streams that failed, slots nobody uses
//	proposed  proposed.go   the peer proposes streams, the application decides
//	answering answering.go  every other re-INVITE of the peer, answered at once
type established struct {
	op   operation // nil when idle
	next command   // AddStream or RemoveStream that waits for op (SD2)

	failed  []*member // streams that failed and must be removed (SD30)
	unused  []int     // m-lines refused to be removed: the peer's view of them differs
	retries int       // of the operation that met glare (SD24)
	waiting bool      // for the retry timer

	transfer *transferring // the transfer in progress, nil without one
}

// operation is a change of an established session. It ends by [established.done].
type operation interface {
	handle(m *machine, s *established, e event)
	// abandon is called when the session ends under the operation; byPeer says
	// that the peer ended it.
	abandon(m *machine, byPeer bool)
}

// establish enters the stage, right after DidStart.
func (m *machine) establish() {
	s := &established{}
	m.become(s)
	s.idle(m)
}

func (s *established) handle(m *machine, e event) {
	if s.handleTransfer(m, e) {
		return
	}
	switch e := e.(type) {
	case endCommand: // 7.13, TRM-01
		s.end(m)
	case core.ByeReceived:
		s.abandon(m, true)
		s.endTransfer(m)
		m.endByPeer(e)
	case addStreamCommand, removeStreamCommand:
		s.next = e.(command)
		s.idle(m)
	case holdCommand:
		s.idle(m)
	case core.ReinviteReceived:
		s.reinvited(m, e)
	case streamEvent:
		s.stream(m, e)
	case cancelProposalCommand:
		s.cancelProposal(m, e)
	case expired:
		if e.timer == retryTimer {
			s.waiting = false
			s.idle(m)
			return
		}
		s.pass(m, e)
	default:
		s.pass(m, e)
	}
}

func (s *established) pass(m *machine, e event) {
	if s.op != nil {
		s.op.handle(m, s, e)
	}
}

// done ends the operation; its notifications have been posted, the state is
// connected. The next one starts.
func (s *established) done(m *machine) {
	s.op = nil
	s.idle(m)
}

// idle starts what waits, in this order: streams that failed, calls of the
// application, m-lines that no stream uses any more, the hold wish. The last
// two stand back while the time after a 491 runs.
func (s *established) idle(m *machine) {
	if s.op != nil || m.stage != stage(s) || m.state() == Terminating {
		return
	}
	switch {
	case len(s.failed) > 0:
		s.removeFailed(m)
	case s.next != nil:
		s.runNext(m)
	case s.waiting:
	case len(s.orphans(m)) > 0:
		s.remove(m, nil)
	case m.hold.due():
		s.changeHold(m)
	default:
		s.retries = 0
	}
}

// connected is the state after an operation, unless another one has been
// claimed meanwhile.
func (s *established) connected(m *machine) {
	if s.next == nil {
		m.setState(Connected)
	}
}

func (s *established) runNext(m *machine) {
	c := s.next
	s.next = nil
	switch c := c.(type) {
	case addStreamCommand:
		s.add(m, c.stream)
	case removeStreamCommand:
		s.removeByUser(m, c.stream)
	}
}

// stream hands an event to the operation, unless a stream of the session has
// failed: it is then removed, and the last one takes the session with it
// (7.12, REM-12, REM-13).
func (s *established) stream(m *machine, e streamEvent) {
	i := indexOf(m.members, e.stream)
	if e.what != streamFailed || i < 0 || !slices.Contains(m.attrs.get().streams, e.stream) {
		s.pass(m, e)
		return
	}
	if s.op == nil && len(m.members) == 1 {
		m.endByUser(s)
		return
	}
	if !slices.Contains(s.failed, m.members[i]) {
		s.failed = append(s.failed, m.members[i])
	}
	s.idle(m)
}

// cancelProposal is CancelProposal: of a proposal that has not begun, or of the
// operation.
func (s *established) cancelProposal(m *machine, c cancelProposalCommand) {
	waiting, ok := s.next.(addStreamCommand)
	if !ok {
		s.pass(m, c)
		return
	}
	s.next = nil
	if _, ours := s.op.(*removing); !ours { // of a stream that failed: the state goes with it
		m.setState(Connected)
	}
	m.notify(SIPSessionGotRejectProposal{
		Originator: Local, Code: 487, Reason: core.Phrase(487), Streams: Streams{waiting.stream},
	})
}

// end ends the session from here.
func (s *established) end(m *machine) {
	s.abandon(m, false)
	m.endByUser(s)
	if op, ok := s.op.(*proposed); ok && !op.answered { // after the BYE, which the peer shall see first (TRM-14)
		m.inv.Reject(487, "")
	}
}

// abandon lets go of everything when the session ends.
func (s *established) abandon(m *machine, byPeer bool) {
	if s.op != nil {
		s.op.abandon(m, byPeer)
	}
}

// dead is a 481 to a re-INVITE: the peer knows the dialog no more (7.13). The
// operation has reported its transaction.
func (s *established) dead(m *machine) {
	s.abandon(m, true)
	s.endTransfer(m)
	m.setState(Terminating)
	m.notify(SIPSessionWillEnd{Originator: Remote})
	m.releaseAll()
	m.inv.Bye(0, "")
	m.close(SIPSessionDidEnd{Originator: Remote, EndReason: userRequest})
}

// endByUser ends a started session from here.
func (m *machine) endByUser(s *established) {
	m.setState(Terminating)
	m.notify(SIPSessionWillEnd{Originator: Local})
	s.endTransfer(m)
	m.hangUp(0, "", SIPSessionDidEnd{Originator: Local, EndReason: userRequest})
}

// endByPeer ends a started session whose peer has sent BYE (7.13).
func (m *machine) endByPeer(e core.ByeReceived) {
	m.setState(Terminating)
	m.notify(SIPSessionWillEnd{Originator: Remote})
	m.releaseAll()
	m.notifyBye(e)
	m.close(SIPSessionDidEnd{Originator: Remote, EndReason: reasonOr(e.Reason)})
}

// setStreams publishes the active streams: the members that started.
func (m *machine) setStreams(list []streams.MediaStream) {
	m.attrs.set(func(v *attributeValues) { v.streams = list })
}

func (m *machine) setProposed(list []streams.MediaStream) {
	m.attrs.set(func(v *attributeValues) { v.proposed = list })
}

// reinvite sends a re-INVITE with our active description, in which lines of
// streams are replaced by lines and those without a stream are dead. All
// re-INVITEs of ours are limited like the first INVITE: the limit withdraws
// them.
func (m *machine) reinvite(lines map[int]*psdp.MediaDescription) error {
	active, _ := m.sdp.Active()
	offer := m.describe()
	for i, line := range active.MediaDescriptions {
		if lines[i] == nil && !m.uses(i) {
			line = sdp.RefusedLine(line)
		}
		offer.MediaDescriptions = append(offer.MediaDescriptions, line)
	}
	for i, line := range lines {
		if i == len(offer.MediaDescriptions) {
			offer.MediaDescriptions = append(offer.MediaDescriptions, nil)
		}
		offer.MediaDescriptions[i] = line
	}
	offer, err := m.sdp.SetLocalOffer(offer)
	if err != nil {
		return err
	}
	m.inv.Reinvite(sdp.Marshal(offer))
	if limit := m.out.settings().inviteTimeout; limit >= 0 {
		m.out.startTimer(inviteTimer, limit)
	}
	return nil
}

// uses says whether a stream of the session has the m-line.
func (m *machine) uses(index int) bool {
	return slices.ContainsFunc(m.members, func(s *member) bool { return s.stream.Index() == index })
}

// outcome is what became of a re-INVITE of ours. Without a code it has not left:
// the phrase is why, and there was no transaction (9.2).
type outcome struct {
	code   int
	phrase string
	ack    Ack
	sdp    []byte // of a 2xx
}

func (o outcome) ok() bool { return o.code/100 == 2 }

// outcomeOf reads the final events of an outgoing INVITE.
func outcomeOf(e event) (outcome, bool) {
	switch e := e.(type) {
	case core.Accepted:
		return outcome{e.Code, e.Phrase, AckReceived, e.SDP}, true
	case core.Rejected:
		return outcome{e.Code, e.Phrase, AckReceived, nil}, true
	case core.InviteTimeout:
		return outcome{408, core.Phrase(408), AckMissing, nil}, true
	case core.TransportFailed:
		if refused, ok := errors.AsType[*core.Error](e.Err); ok {
			return outcome{phrase: refused.Error()}, true
		}
		return outcome{503, transportError, AckMissing, nil}, true
	}
	return outcome{}, false
}

// concluded acknowledges and reports the outcome of a re-INVITE of ours and
// closes its offer.
func (m *machine) concluded(o outcome) {
	m.out.stopTimer(inviteTimer)
	if o.ok() {
		m.inv.Acknowledge(nil)
	} else {
		m.sdp.Cancel()
	}
	if o.code != 0 {
		m.notify(m.transaction(Local, o.code, o.phrase, o.ack))
	}
}

// glare starts the wait before a re-INVITE that met 491 is tried again, up to
// three times (SD24; RFC 3261 section 14.1): the caller of the call, who owns
// the Call-ID, waits longer. False means that it is not tried again.
func (s *established) glare(m *machine, o outcome) bool {
	if o.code != 491 || s.retries >= 3 {
		s.retries = 0
		return false
	}
	s.retries++
	s.waiting = true
	m.out.startTimer(retryTimer, m.glareDelay())
	return true
}
