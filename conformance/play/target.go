package play

import (
	"fmt"
	"slices"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// neverWaits tells whether a call is made at once, whatever the state.
func neverWaits(subject scenario.Subject, call string) bool {
	return slices.Contains([]string{"new", "end", "hold", "unhold"}, call) || ofApplication(subject, call)
}

// ofApplication tells whether a call is made on the application of its subject.
func ofApplication(subject scenario.Subject, call string) bool {
	return scenario.OfApplication(call) || call == "post" && subject.Stream == ""
}

// allowedIn is what each call waits for.
var allowedIn = map[string][]sipsimple.State{
	"call":            {sipsimple.Null},
	"ring":            {sipsimple.Incoming, sipsimple.ReceivedProposal},
	"accept":          {sipsimple.Incoming},
	"reject":          {sipsimple.Incoming},
	"add_stream":      {sipsimple.Connected},
	"remove_stream":   {sipsimple.Connected},
	"accept_proposal": {sipsimple.ReceivedProposal},
	"reject_proposal": {sipsimple.ReceivedProposal},
	"cancel_proposal": {sipsimple.SendingProposal},
	"transfer":        {sipsimple.Connected},

	"add_participant":    {sipsimple.Connected},
	"remove_participant": {sipsimple.Connected},
}

// target is the session or stream that a call is made on, as far as it is there.
type target struct {
	party   *party
	call    string
	session *session
	stream  *stream
	err     error        // why there is none
	routes  []core.Route // that were looked up for a call, nil = none were
}

// find looks for the target of a call at this moment.
func (p *party) find(subject scenario.Subject, call string) *target {
	t := &target{party: p, call: call}
	switch {
	case call == "new" || ofApplication(subject, call):
		return t
	case call == "call" && subject.Session == "": // makes a session
		return t
	}
	t.session, t.err = p.session(subject.Session)
	if subject.Session == "" {
		if s := p.onlyOneAllowed(call); s != nil {
			t.session, t.err = s, nil
		}
	}
	if subject.Stream != "" {
		t.stream = p.streamNamed(subject.Stream, t.session)
		if t.stream == nil {
			t.err = fmt.Errorf("%s has no stream %s", p.def.Name, subject.Stream)
		} else {
			t.err = nil
		}
	}
	return t
}

// onlyOneAllowed is the one session whose state allows the call.
func (p *party) onlyOneAllowed(call string) *session {
	states, ok := allowedIn[call]
	if !ok {
		return nil
	}
	var found *session
	for _, s := range p.allSessions() {
		if slices.Contains(states, s.session.State()) {
			if found != nil {
				return nil
			}
			found = s
		}
	}
	return found
}

// ready tells whether the call is allowed now.
func (t *target) ready() bool {
	if t.call == "call" && t.session == nil {
		return t.err == nil && t.party.app.Running()
	}
	if t.err != nil || t.session == nil && t.stream == nil {
		return false
	}
	if t.stream != nil && needsMedia(t.call) {
		return t.stream.isEstablished()
	}
	if t.stream != nil {
		return true
	}
	if t.call == "accept_transfer" || t.call == "reject_transfer" {
		return t.session.transferPending()
	}
	states, ok := allowedIn[t.call]
	return !ok || slices.Contains(states, t.session.session.State())
}

// started tells whether the stream is as far as the call needs it.
func (t *target) started() bool {
	if t.stream == nil || !slices.Contains([]string{"send", "composing", "cancel"}, t.call) {
		return true
	}
	return t.stream.started()
}

// why says what the call is waiting for.
func (t *target) why() string {
	switch {
	case t.err != nil:
		return "waiting to " + t.call + ": " + t.err.Error()
	case t.stream != nil && needsMedia(t.call):
		return "waiting to " + t.call + ": the sound of the stream has not started"
	case t.session == nil:
		return "waiting to " + t.call + ": the application of " + t.party.def.Name + " does not run"
	case t.stream != nil && !t.started():
		return "waiting to " + t.call + ": the stream has not started"
	case t.call == "accept_transfer" || t.call == "reject_transfer":
		return "waiting to " + t.call + ": nobody has asked for a transfer"
	}
	return fmt.Sprintf("waiting to %s: that is allowed in state %v, and the session is %s",
		t.call, allowedIn[t.call], t.session.session.State())
}

// streamNamed is the last stream with that name, of a session if it is given.
func (p *party) streamNamed(name string, s *session) *stream {
	for _, st := range slices.Backward(p.allStreams()) {
		if slices.Contains(st.Names(), name) && (s == nil || st.session == s) {
			return st
		}
	}
	return nil
}
