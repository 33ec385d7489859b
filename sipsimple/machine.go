package sipsimple

import (
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// machine is the state machine of a session: no goroutine, no clock, no I/O.
// What comes in is an [event], one at a time; what goes out are calls of its
// invitation, of its streams and of its surroundings, none of which blocks or
// calls back.
//
// A session is always in one stage. A stage is a type whose handle method is
// the table of what each event means there, so that the rule for any case is
// found by the stage first and the event second:
//
//	outgoing                        incoming
//	offering    outgoing.go         alerting    incoming.go    the application decides
//	inviting    inviting.go         accepting   accepting.go   the chosen streams initialise
//	starting    starting.go         answered    answered.go    200 sent: streams start, ACK comes
//	cancelling  cancelling.go       rejecting   rejecting.go   3xx-6xx sent, ACK comes
//	                                unacknowledged answered.go given up, BYE waits for the ACK
//
//	established established.go      hangingUp   ending.go      BYE sent
//	                                closing     ending.go      the streams end
//	                                closed      ending.go      nothing more happens
//
// A stage is finer than a [State]: the state is what the application sees and
// its methods are bound to; a method changes it before the machine has run.
//
// References like SD5 and 7.4 in comments are decisions and sections of the
// behaviour specification; S and a number are rows of the seed.
type machine struct {
	attrs *attributes
	out   surroundings
	inv   invitation // nil until the INVITE is to leave
	stage stage

	members []*member           // the streams of the session, in m-line order
	leaving []*member           // streams told to end that have not yet said so
	sdp     *sdp.Negotiation    // nil until the first offer
	focus   bool                // our Contact has isfocus
	hold    holdWish            // what the application wants
	early   *core.ReferReceived // asked for before the streams have started, see mayRefer

	conference conference // with a focus at the other end
	told       told       // what has been notified
}

// stage is one row of the machine's table.
type stage interface {
	handle(m *machine, e event)
}

// event is anything that happens to a session: a [command], an event of the
// invitation (package core), one of its streams (members.go), or [expired].
type event any

// expired is the event of a timer that ran out.
type expired struct{ timer timer }

// timer names a timer. Starting one that runs restarts it.
type timer string

// The timers of a session (session.md 9.1).
const (
	inviteTimer     timer = "invite"     // the initial INVITE until answered (setting sip.invite_timeout)
	initializeTimer timer = "initialize" // streams until initialised
	startTimer      timer = "start"      // streams until started
	dialogTimer     timer = "dialog"     // CANCEL, refusal or BYE until its outcome is known
	leaveTimer      timer = "leave"      // streams until ended
	retryTimer      timer = "retry"      // after a 491 (SD24)
	hangUpTimer     timer = "hang up"    // after a transfer, for the transferor's BYE (SD37)
	conferenceTimer timer = "conference" // before the next subscription to the conference (7.16)
)

// timers are all of them.
var timers = []timer{inviteTimer, initializeTimer, startTimer, dialogTimer, leaveTimer, retryTimer, hangUpTimer, conferenceTimer}

const (
	initializeLimit = 45 * time.Second // streams.md 2.7
	startLimit      = 15 * time.Second
	dialogLimit     = time.Second
	leaveLimit      = 1500 * time.Millisecond // an MSRP connection is closed after 1 s at the latest
)

// userRequest is the reason of everything that a user asked for, here or at
// the other end, and of whatever the peer does not explain (9.2).
const userRequest = "user_request"

// surroundings is all that the machine acts upon besides its invitation and its
// streams. The shell (shell.go) is one, tests have another.
type surroundings interface {
	notify(data notification.Data)
	startTimer(t timer, d time.Duration)
	stopTimer(t timer)
	now() time.Time

	// owner is what streams know of the session.
	owner() streams.Session
	// watch and unwatch begin and end the events of a stream.
	watch(stream streams.MediaStream)
	unwatch(stream streams.MediaStream)

	settings() settings
	// newInvitation makes the invitation of an outgoing session.
	newInvitation(p core.OutgoingParams) invitation
	// addressFacing is our address as seen from the route. The text of the error
	// is the failure_reason. For a route with a name the error is errLookingUp,
	// and located tells.
	addressFacing(route core.Route) (netip.Addr, error)
	// random draws a number.
	random() uint32
	// streamsFor asks the stream types for each of the m-lines of an offer (3.6).
	// What nobody can use is left out.
	streamsFor(offer *psdp.SessionDescription, indexes []int) []streams.MediaStream
	// soon brings an event when the observers have had their turn with everything
	// notified so far: they find the session as it was then.
	soon(e event)
	// placeCall makes the call that a transfer asks for; callProgress events tell
	// how it gets on.
	placeCall(call transferCall)
	// replace ends another session, whose place this one has taken.
	replace(other *Session)
	// findRoutes looks up the way to a URI; routesFound tells. subscribe sends a
	// SUBSCRIBE or a REFER outside the dialog; subscriptionEvents tell.
	findRoutes(uri sip.Uri, request int)
	subscribe(p core.SubscriptionParams, request int) subscription
	// try runs f and survives its panic; it reports whether f returned.
	try(f func()) bool
	// opened is called when the session becomes active; an error forbids it.
	// closed is called when it has posted its last notification.
	opened() error
	closed()
}

// settings are those of the application that a session depends on.
type settings struct {
	inviteTimeout time.Duration // negative: none
	userAgent     string
}

// invitation is what the machine asks of a [core.Invitation].
type invitation interface {
	Invite(attempt core.Attempt)
	Acknowledge(sdp []byte)
	Reinvite(sdp []byte)
	Cancel(reason string)
	Bye(reasonCode int, reasonText string)
	Close()

	Progress(code int, phrase string, sdp []byte)
	Accept(answer core.Answer)
	Reject(code int, phrase string, headers ...sip.Header)

	Refer(target core.Address, replaces *core.DialogID)
	NotifyRefer(code int, phrase string, final bool)

	Local() core.Address
	Remote() core.Address
	Dialog() core.DialogID
	PeerAgent() string
	PeerFocus() bool
}

func newMachine(attrs *attributes, out surroundings) machine {
	return machine{attrs: attrs, out: out, stage: &unborn{}}
}

// handle runs one event to its end.
func (m *machine) handle(e event) {
	m.noteFocus()
	switch e := e.(type) {
	case streamEvent:
		if !m.noteStream(e) {
			return // of a stream that is no longer ours (EDG-33)
		}
	case holdCommand:
		m.wantHold(e)
	case abandonCommand:
		m.abandon()
		return
	case core.ReferReceived:
		if !m.mayRefer(e) {
			return
		}
	case core.InternalError:
		m.crash()
		return
	}
	if !m.conference.handle(m, e) {
		m.stage.handle(m, e)
	}
	if _, ok := m.stage.(*established); ok && m.early != nil {
		refer := *m.early
		m.early = nil
		m.stage.handle(m, refer)
	}
	m.conference.follow(m)
}

// mayRefer tells whether the peer may ask for a transfer now. One that does when
// the dialog stands and streams still start, which may have started at its end,
// has to wait for ours.
func (m *machine) mayRefer(e core.ReferReceived) bool {
	switch m.stage.(type) {
	case *established:
		return true
	case *answered, *starting:
		if m.early == nil {
			m.early = &e
			return false
		}
	}
	m.inv.NotifyRefer(480, "", true) // too early, or too late
	return false
}

// noteFocus keeps what the latest Contact of the peer says: streams ask for it
// when they start.
func (m *machine) noteFocus() {
	if m.inv == nil {
		return
	}
	if focus := m.inv.PeerFocus(); focus != m.attrs.get().remoteFocus {
		m.attrs.set(func(v *attributeValues) { v.remoteFocus = focus })
	}
}

func (m *machine) become(s stage) { m.stage = s }

func (m *machine) state() State { return m.attrs.get().state }

// setState changes the state, before the notification that announces it (SD4).
// What the diagram forbids does not happen: the application may have ended the
// session while an event that would continue it was waiting.
func (m *machine) setState(to State) {
	m.attrs.set(func(v *attributeValues) {
		if v.state.canBecome(to) {
			v.state = to
		}
	})
}

// notify posts a notification. Operations of a conference in flight are
// reported as soon as the session is about to end (7.16).
func (m *machine) notify(data notification.Data) {
	m.told.note(data)
	m.out.notify(data)
	if _, ok := data.(SIPSessionWillEnd); ok {
		m.conference.abort(m)
	}
}

// unborn is the stage before Connect or an INVITE.
type unborn struct{}

func (*unborn) handle(m *machine, e event) {
	switch e := e.(type) {
	case connectCommand:
		m.connect(e)
	case incomingCall:
		m.alert(e)
	}
}
