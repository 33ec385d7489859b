package sipsimple

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// ConferenceHandler is the conference of a session whose peer is a focus (RFC
// 4579; seed: Session.conference, session.md 7.16). While such a session is
// established it follows the state of the conference (RFC 4575), which
// SIPSessionGotConferenceInfo tells. Its methods may be called on nil.
type ConferenceHandler struct{ session *Session }

// Session is the session that the handler belongs to, nil of a nil handler.
func (h *ConferenceHandler) Session() *Session {
	if h == nil {
		return nil
	}
	return h.session
}

// Active says whether the session is established and its peer is a focus.
func (h *ConferenceHandler) Active() bool {
	return h != nil && h.session.attrs.get().conference.active
}

// Subscribed says whether the focus has taken our subscription to the state of
// the conference.
func (h *ConferenceHandler) Subscribed() bool {
	return h != nil && h.session.attrs.get().conference.subscribed
}

// AddParticipant asks the focus to invite somebody (RFC 4579 section 5.5); a
// URI without scheme is completed with sip:. What becomes of it is told by
// SIPConferenceGotAddParticipantProgress and at last SIPConferenceDidAddParticipant
// or SIPConferenceDidNotAddParticipant, at the latest when the session ends. The
// error is an *[IllegalStateError], of a session that is not active.
func (h *ConferenceHandler) AddParticipant(participant string) error {
	return h.command("AddParticipant", participant, false)
}

// RemoveParticipant asks the focus to send somebody away (RFC 4579 section
// 5.11), like AddParticipant.
func (h *ConferenceHandler) RemoveParticipant(participant string) error {
	return h.command("RemoveParticipant", participant, true)
}

func (h *ConferenceHandler) command(method, participant string, remove bool) error {
	if h == nil {
		return &IllegalStateError{Method: method, State: Null}
	}
	return h.session.command(participantCommand{method: method, participant: participant, remove: remove})
}

// conferenceValues are the attributes of a conference.
type conferenceValues struct{ active, subscribed bool }

// participantCommand is AddParticipant and RemoveParticipant.
type participantCommand struct {
	method      string
	participant string
	remove      bool
}

func (c participantCommand) claim(m *machine) error {
	return m.requireState(c.method, append(slices.Clone(startedStates), Outgoing, Incoming, Accepting)...)
}

// networkChanged is an event: our address or our name servers are others than
// before, or we have woken up.
type networkChanged struct{}

// conference is the part of the machine that deals with the focus at the other
// end: one subscription (conference_watch.go) and any number of operations on
// participants (conference_participant.go). It runs beside stages and
// operations and changes nothing of theirs.
type conference struct {
	watch    *conferenceWatch // nil while the peer is no focus
	ops      []*participantOp // in the order in which they began
	requests map[int]*focusRequest
	numbered int
	aborted  bool // the session ends: nothing begins any more
}

// handle takes the events of the conference. It says whether the event was one.
func (c *conference) handle(m *machine, e event) bool {
	switch e := e.(type) {
	case participantCommand:
		c.begin(m, e)
	case routesFound:
		if r := c.requests[e.request]; r != nil {
			r.found(m, e)
		}
	case subscriptionEvent:
		if r := c.requests[e.request]; r != nil {
			r.event(m, e.event)
		}
	case networkChanged:
		if c.watch != nil {
			m.out.stopTimer(conferenceTimer)
			c.watch.anew(m)
		}
	case expired:
		if e.timer != conferenceTimer {
			return false
		}
		if c.watch != nil {
			c.watch.subscribe(m)
		}
	default:
		return false
	}
	return true
}

// follow starts and stops the subscription as the session is established and as
// the latest Contact of the peer says (7.16). It is called after every event;
// an operation in progress is waited for (CNF-17).
func (c *conference) follow(m *machine) {
	s, ok := m.stage.(*established)
	if !ok || s.op != nil || m.state() == Terminating || c.aborted {
		return
	}
	switch focus := m.inv.PeerFocus(); {
	case focus && c.watch == nil:
		c.watch = &conferenceWatch{}
		m.setConference(conferenceValues{active: true})
		c.watch.subscribe(m)
	case !focus && c.watch != nil:
		c.unwatch(m)
	}
}

// unwatch ends the subscription. The core says so to the focus, silently.
func (c *conference) unwatch(m *machine) {
	if c.watch == nil {
		return
	}
	m.out.stopTimer(conferenceTimer)
	c.watch.drop(m)
	c.watch = nil
	m.setConference(conferenceValues{})
}

// abort reports the operations in flight when the session is about to end (7.16
// and 6.4, rule 8).
func (c *conference) abort(m *machine) {
	c.aborted = true
	for len(c.ops) > 0 {
		c.ops[0].failed(m, 0, "error")
	}
}

// stop ends everything, right before the last notification of the session.
func (c *conference) stop(m *machine) {
	c.abort(m)
	c.unwatch(m)
}

func (m *machine) setConference(values conferenceValues) {
	m.attrs.set(func(v *attributeValues) { v.conference = values })
}

// schemeOf is the scheme that a text begins with, "" if it begins with a user or
// a host: what is before a colon then has an @, a dot or a bracket.
func schemeOf(text string) string {
	scheme, _, ok := strings.Cut(text, ":")
	if !ok || strings.ContainsAny(scheme, "@.[") {
		return ""
	}
	return scheme
}

// participantURI reads what the application calls a participant.
func participantURI(text string) (sip.Uri, bool) {
	text = strings.TrimSpace(text)
	switch scheme := schemeOf(text); {
	case scheme == "":
		text = "sip:" + text
	case !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips"):
		return sip.Uri{}, false
	}
	var uri sip.Uri
	if strings.ContainsAny(text, " \t\r\n<>\"") || sip.ParseUri(text, &uri) != nil || uri.Host == "" || uri.Wildcard {
		return sip.Uri{}, false
	}
	return uri, true
}
