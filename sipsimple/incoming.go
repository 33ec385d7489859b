package sipsimple

import (
	"net/netip"
	"slices"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// incomingCall is the event of a new session's INVITE, as the session manager
// hands it over: matched to an account, with the streams that could be made of
// it, and with what the invitation showed at that moment.
type incomingCall struct {
	inv           invitation
	offer         *psdp.SessionDescription // nil for an INVITE without SDP (SD3)
	streams       []streams.MediaStream    // each with its index; empty without SDP
	subject       *string
	local, remote core.Address
	agent         string
	transport     string
	peer          netip.Addr // where the INVITE came from
	dialog        core.DialogID
	replaced      *Session // that the INVITE's Replaces header names
	info          *TransferInfo
}

// alert opens an incoming call (section 5, steps 5 and 6). Nothing else
// happens until the application decides: there is no automatic 180.
func (m *machine) alert(call incomingCall) {
	m.inv = call.inv
	dialog, local, remote := call.dialog, call.local, call.remote // what is kept shall not keep the rest
	m.attrs.set(func(v *attributeValues) {
		v.direction = streams.Incoming
		v.transport = call.transport
		v.localIdentity, v.remoteIdentity = cloneAddress(&local), cloneAddress(&remote)
		v.userAgent = call.agent
		v.subject = call.subject
		v.dialog, v.replaced, v.info = &dialog, call.replaced, call.info
		v.proposed = append([]streams.MediaStream{}, call.streams...)
	})
	if m.out.opened() != nil || call.offer != nil && m.negotiation().SetRemoteOffer(call.offer) != nil {
		m.inv.Reject(503, "") // the application stops
		m.inv.Close()
		return
	}
	m.setState(Incoming)
	m.become(&alerting{offerless: call.offer == nil, offer: call.offer, peer: call.peer})
	m.notify(SIPSessionNewIncoming{Streams: slices.Clone(call.streams)})
}

// ringCommand is [Session.SendRingIndication].
type ringCommand struct{}

func (ringCommand) claim(m *machine) error {
	return m.requireState("SendRingIndication", Incoming, ReceivedProposal)
}

// acceptCommand is [Session.Accept].
type acceptCommand struct {
	streams []streams.MediaStream
	focus   bool
}

func (c acceptCommand) claim(m *machine) error {
	if err := m.requireState("Accept", Incoming); err != nil {
		return err
	}
	if err := checkStreams("Accept", c.streams); err != nil {
		return err
	}
	proposed := m.attrs.get().proposed
	if len(proposed) > 0 { // an INVITE without SDP proposes none: the application brings its own
		for _, stream := range c.streams {
			if !slices.Contains(proposed, stream) {
				return &ArgumentError{Method: "Accept", Argument: "streams", Reason: "contains a stream that was not proposed"}
			}
		}
	}
	m.setState(Accepting)
	return nil
}

// rejectCommand is [Session.Reject].
type rejectCommand struct {
	code   int
	reason string
}

func (c rejectCommand) claim(m *machine) error {
	if err := m.requireState("Reject", Incoming); err != nil {
		return err
	}
	if err := checkCode("Reject", c.code); err != nil {
		return err
	}
	m.setState(Terminating)
	return nil
}

// alerting is the stage of an incoming call that the application has not
// decided on.
type alerting struct {
	offerless bool
	offer     *psdp.SessionDescription
	peer      netip.Addr
}

func (s *alerting) handle(m *machine, e event) {
	switch e := e.(type) {
	case ringCommand: // 3.3
		m.inv.Progress(180, "", nil)
	case acceptCommand:
		s.accept(m, e)
	case rejectCommand: // 3.5
		m.refuse(refusal(codeOr(e.code, 603), e.reason, userRequest))
	case endCommand: // SD32, TRM-10
		m.refuse(refusal(480, "", userRequest))
	case core.Cancelled:
		m.failOnCancel(e.Reason)
	case core.Refused: // no PRACK came (RFC 3262 section 3)
		m.failOnRefusal(e)
	case core.ByeReceived: // illegal before an answer: treated as CANCEL (7.13)
		m.failOnCancel(e.Reason)
	}
}

// accept initialises the chosen streams (3.4). Those not chosen are never
// touched.
func (s *alerting) accept(m *machine, c acceptCommand) {
	if len(c.streams) == 0 { // SD7, FAI-49
		m.refuse(refusal(488, "", userRequest))
		return
	}
	direction := streams.Outgoing
	if !s.offerless {
		direction = streams.Incoming
		slices.SortFunc(c.streams, func(a, b streams.MediaStream) int { return a.Index() - b.Index() })
	}
	m.focus = c.focus
	m.attrs.set(func(v *attributeValues) { v.localFocus = c.focus })
	if err := m.facePeer(s.offer, s.peer); err != nil {
		m.refuse(refusal(500, "", err.Error()))
		return
	}
	m.become(&accepting{offerless: s.offerless})
	if _, err := m.initialize(c.streams, direction); err != nil {
		m.refuseStream(streamFailure(err.Error()))
	}
}

// failOnCancel ends an incoming call that the caller has cancelled: CANCEL has
// been answered 200 and the INVITE 487 (7.3).
func (m *machine) failOnCancel(reason string) {
	m.releaseAll()
	m.notify(m.transaction(Remote, 487, sessionCancelled, AckUnknown))
	m.fail(SIPSessionDidFail{Originator: Remote, Code: 487, Reason: sessionCancelled, FailureReason: reasonOr(reason)})
}

// failOnRefusal ends an incoming call that the core has refused by itself.
func (m *machine) failOnRefusal(e core.Refused) {
	m.releaseAll()
	m.notify(m.transaction(Remote, e.Code, e.Phrase, AckUnknown))
	m.fail(refusal(e.Code, e.Phrase, e.Reason))
}
