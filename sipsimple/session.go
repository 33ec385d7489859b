package sipsimple

import (
	"slices"
	"sync"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// Session is one SIP session, seen from here: an INVITE dialog and its media
// streams, in either direction (seed: sipsimple.session.Session).
//
// Methods may be called from any goroutine and from observers. Each checks the
// state and its arguments, takes the state transition and returns; everything
// else that comes of it is told by notifications with the session as sender.
// Errors are *[IllegalStateError], *[IllegalDirectionError] and
// *[ArgumentError], and then nothing has changed. On nil, as a replaced session
// that there is not, methods do nothing, attributes are those of state null.
//
// Inside, a session is a pure state machine (machine.go) that runs on a serial
// executor of its own, one step at a time.
type Session struct {
	app   *Application
	attrs attributes
	box   mailbox.Mailbox

	step         sync.Mutex // held for one step of the machine, which never blocks
	machine      machine    // requires step
	surroundings shell      // requires step
	commands     []command  // requires step; claimed, not yet run
}

// NewSession creates a session in state null for an account of the
// application, not nil. Nothing is posted.
func NewSession(app *Application, acc *account.Account) *Session {
	s := &Session{app: app}
	s.attrs.values = attributeValues{state: Null, account: acc}
	s.surroundings = shell{app: app, session: s}
	s.machine = newMachine(&s.attrs, &s.surroundings)
	return s
}

// ConnectOptions are the rare arguments of [Session.Connect].
type ConnectOptions struct {
	Focus   bool    // put isfocus into our Contact (RFC 4579; seed: is_focus)
	Subject *string // Subject header; nil means none
}

// Connect calls the party to through the first of the routes that works,
// offering the streams (seed: connect; S10 to S22). Only in state null.
// A route to a name is looked up when its turn comes; nothing waits for that but
// this call.
//
// SIPSessionNewOutgoing comes first, then SIPSessionWillStart and
// SIPSessionDidStart, or SIPSessionDidFail. Streams must be new, distinct and
// not nil; opts may be nil.
func (s *Session) Connect(to core.Address, routes []core.Route, list []streams.MediaStream, opts *ConnectOptions) error {
	if opts == nil {
		opts = &ConnectOptions{}
	}
	c := connectCommand{to: *cloneAddress(&to), routes: slices.Clone(routes), streams: slices.Clone(list), focus: opts.Focus}
	if opts.Subject != nil {
		c.subject = new(*opts.Subject)
	}
	return s.command(c)
}

// SendRingIndication sends 180 (seed: send_ring_indication). In state incoming
// it answers the INVITE, in received_proposal the re-INVITE. It may be called
// again; it posts nothing here.
func (s *Session) SendRingIndication() error { return s.command(ringCommand{}) }

// AcceptOptions are the rare arguments of [Session.Accept].
type AcceptOptions struct {
	Focus bool // put isfocus into our Contact
}

// Accept answers an incoming session with 200 (seed: accept; S25 to S29). Only
// in state incoming. The streams are a subset of the proposed ones; those left
// out are refused. An empty list refuses the call with 488 (SD7). For an INVITE
// without SDP the application gives streams of its own, which are offered in
// the 200 (SD3). opts may be nil.
func (s *Session) Accept(list []streams.MediaStream, opts *AcceptOptions) error {
	if opts == nil {
		opts = &AcceptOptions{}
	}
	return s.command(acceptCommand{streams: slices.Clone(list), focus: opts.Focus})
}

// Reject refuses an incoming session (seed: reject; S30 to S34). Only in state
// incoming. Code 0 means 603; others must be 300 to 699. An empty reason means
// the standard phrase of the code.
func (s *Session) Reject(code int, reason string) error {
	return s.command(rejectCommand{code: code, reason: reason})
}

// End ends the session, whatever its state: CANCEL, 480 or BYE as the state
// demands (seed: end; session.md 7.13). It does nothing in null, terminating
// and terminated.
func (s *Session) End() { _ = s.command(endCommand{}) }

// AcceptProposal accepts streams that the peer proposes to add (seed:
// accept_proposal). Only in state received_proposal. Streams that were not
// proposed are ignored; an empty rest refuses the proposal with 488 (SD9).
func (s *Session) AcceptProposal(list []streams.MediaStream) error {
	return s.command(acceptProposalCommand{streams: slices.Clone(list)})
}

// RejectProposal refuses streams that the peer proposes to add (seed:
// reject_proposal). Only in state received_proposal. Code 0 means 488; an
// empty reason means the standard phrase.
func (s *Session) RejectProposal(code int, reason string) error {
	return s.command(rejectProposalCommand{code: code, reason: reason})
}

// AddStream proposes one more stream to the peer (seed: add_stream). Only in
// state connected. The stream must be new and not nil.
func (s *Session) AddStream(stream streams.MediaStream) error {
	return s.command(addStreamCommand{stream: stream})
}

// RemoveStream takes a stream out of the session, whatever the peer says to it
// (seed: remove_stream). Only in state connected. A stream that is not in the
// session is ignored.
func (s *Session) RemoveStream(stream streams.MediaStream) error {
	return s.command(removeStreamCommand{stream: stream})
}

// CancelProposal withdraws the proposal of [Session.AddStream] (seed:
// cancel_proposal). Only in state sending_proposal.
func (s *Session) CancelProposal() error { return s.command(cancelProposalCommand{}) }

// Hold puts every stream that can be held on hold, now or as soon as the
// session is free to say so (seed: hold). Never an error.
func (s *Session) Hold() { _ = s.command(holdCommand{hold: true}) }

// Unhold releases the hold of [Session.Hold] (seed: unhold). Never an error.
func (s *Session) Unhold() { _ = s.command(holdCommand{hold: false}) }

// command claims c's state transition in the caller's context and leaves the
// rest to the executor. Waiting for the step is short: steps never block.
func (s *Session) command(c command) error {
	err := s.claim(c)
	if err == nil {
		s.box.Post(func() { s.handle(nil) })
	}
	return err
}

func (s *Session) claim(c command) error {
	if s == nil {
		return ErrNoSession
	}
	s.step.Lock()
	defer s.step.Unlock()
	err := c.claim(&s.machine)
	if err == nil {
		s.commands = append(s.commands, c)
	}
	return err
}

// post hands an event to the machine.
func (s *Session) post(e event) { s.box.Post(func() { s.handle(e) }) }

// inbox takes the events of the session's invitation, which the core delivers
// on the session's executor.
type inbox struct{ session *Session }

// HandleInvitation implements [core.InvitationHandler].
func (i inbox) HandleInvitation(e core.InvitationEvent) { i.session.handle(e) }

// handle is one step: commands claimed meanwhile come first, so that the
// machine never acts on an event in a state that the application has left.
func (s *Session) handle(e event) {
	s.perform(func() {
		s.runCommands()
		if e != nil {
			s.machine.handle(e)
		}
	})
}

// runCommands requires step.
func (s *Session) runCommands() {
	for len(s.commands) > 0 {
		c := s.commands[0]
		s.commands = s.commands[1:]
		s.machine.handle(c)
	}
}

// expire is the step of a timer that ran out, unless it was stopped or started
// anew before its turn came.
func (s *Session) expire(t timer, number int) {
	s.perform(func() {
		s.runCommands()
		if s.surroundings.takeTimer(t, number) != nil {
			s.machine.handle(expired{timer: t})
		}
	})
}
