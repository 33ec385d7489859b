package sipsimple

import (
	"slices"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// connectCommand is [Session.Connect].
type connectCommand struct {
	to      core.Address
	routes  []core.Route
	streams []streams.MediaStream
	focus   bool
	subject *string

	// Of a call made for a transfer (7.14).
	headers []sip.Header
	info    *TransferInfo
}

func (c connectCommand) claim(m *machine) error {
	if err := m.requireState("Connect", Null); err != nil {
		return err
	}
	if err := checkStreams("Connect", c.streams); err != nil {
		return err
	}
	if len(c.streams) == 0 {
		return &ArgumentError{Method: "Connect", Argument: "streams", Reason: "is empty"}
	}
	if c.to.URI.Host == "" && c.to.URI.Scheme != "tel" {
		return &ArgumentError{Method: "Connect", Argument: "to", Reason: "is no SIP URI"}
	}
	if m.attrs.get().account == nil {
		return &ArgumentError{Method: "Connect", Argument: "account", Reason: "is nil"}
	}
	if err := m.out.opened(); err != nil {
		return err
	}
	m.setState(Outgoing)
	m.attrs.set(func(v *attributeValues) {
		v.direction = streams.Outgoing
		v.proposed = slices.Clone(c.streams)
		local := v.account.Address()
		v.localIdentity = &local
		v.remoteIdentity = cloneAddress(&c.to)
		v.subject, v.info, v.localFocus = c.subject, c.info, c.focus
		if len(c.routes) > 0 {
			v.transport = c.routes[0].WithDefaults().Transport
		}
	})
	return nil
}

// connect opens an outgoing call (3.2): the application hears of it before any
// packet (S12), then the streams initialise.
func (m *machine) connect(c connectCommand) {
	m.notify(SIPSessionNewOutgoing{Streams: slices.Clone(c.streams)})
	m.focus = c.focus
	s := &offering{call: c}
	if len(c.routes) == 0 {
		m.become(s)
		m.fail(noRoute)
		return
	}
	switch local, err := m.out.addressFacing(c.routes[0]); err {
	case nil:
		m.setLocalIP(local) // streams need it already to initialise
	case errLookingUp:
		m.become(&locating{call: c})
		return
	}
	m.open(s)
}

// open initialises the streams of an outgoing call.
func (m *machine) open(s *offering) {
	m.become(s)
	if _, err := m.initialize(s.call.streams, streams.Outgoing); err != nil {
		m.fail(localFailure(streamFailure(err.Error())))
	}
}

// offering is the stage of an outgoing call whose streams initialise. Nothing
// has been sent.
type offering struct{ call connectCommand }

func (s *offering) handle(m *machine, e event) {
	switch e := e.(type) {
	case streamEvent:
		switch {
		case e.what == streamFailed: // 7.6, FAI-42
			m.fail(localFailure(streamFailure(e.reason)))
		case allInitialized(m.members):
			m.out.stopTimer(initializeTimer)
			m.dial(s.call)
		}
	case expired:
		if e.timer == initializeTimer {
			m.fail(localFailure(streamInitializeTimedOut))
		}
	case endCommand: // 7.13, FAI-12
		m.fail(cancelled(userRequest))
	}
}

// Failures of a session that has not started (7.3, 7.4, 7.6).
var noRoute = SIPSessionDidFail{
	Originator: Local, Code: 480, Reason: core.Phrase(480), FailureReason: "No more routes to try",
}

// localFailure is a failure here that no SIP code explains.
func localFailure(reason string) SIPSessionDidFail {
	return SIPSessionDidFail{Originator: Local, FailureReason: reason}
}

// remoteFailure is a failure of the peer's that no SIP code explains.
func remoteFailure(reason string) SIPSessionDidFail {
	return SIPSessionDidFail{Originator: Remote, FailureReason: reason}
}

// cancelled is the end of every outgoing call that was given up before it was
// answered, whatever became of its INVITE (7.3).
func cancelled(reason string) SIPSessionDidFail {
	return SIPSessionDidFail{Originator: Local, Code: 487, Reason: sessionCancelled, FailureReason: reason}
}

// sessionCancelled is the phrase reported with 487; on the wire it is Request
// Terminated (9.2).
const sessionCancelled = "Session Cancelled"
