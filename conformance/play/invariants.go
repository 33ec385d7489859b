package play

import (
	"fmt"
	"slices"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// broken checks the log of every session against what holds for all of them
// (session.md 6.4), and what is sent against what holds for all messages
// (wirerules.go), whether the file asks for it or not.
//
// A run that was not played to its end (over is false) may have left answers open.
func (w *world) broken(over bool) []Failure {
	var list []Failure
	for _, p := range w.parties {
		for _, s := range p.allSessions() {
			check := life{party: p, session: s}
			for _, r := range p.bySession[s] {
				if r.stream == nil {
					check.next(r)
				}
			}
			list = append(list, check.failures...)
		}
	}
	return append(list, w.brokenSIP(over)...)
}

// life follows one session through its notifications.
type life struct {
	party    *party
	session  *session
	failures []Failure

	opened, willStart, didStart, willEnd, closed bool
	proposal                                     bool // one is open
	accepted                                     []string
	active                                       []streams.MediaStream // as the notifications told
	invited                                      bool                  // an INVITE transaction was successful
}

func (l *life) wrong(r *record, rule string) {
	what := fmt.Sprintf("%s: a rule of every session is broken", l.party.subject(l.session, nil))
	f := failure(r.event.At, l.party.def.Pos, what, rule, "at        "+r.event.String())
	l.failures = append(l.failures, *f)
}

// next judges one more notification. The numbers are those of the rules.
func (l *life) next(r *record) {
	if l.closed { // 8
		l.wrong(r, "nothing comes after the closing notification")
		return
	}
	first := isData[sipsimple.SIPSessionNewIncoming](r) || isData[sipsimple.SIPSessionNewOutgoing](r)
	if first == l.opened { // 1
		l.wrong(r, "a session begins with SIPSessionNewIncoming or SIPSessionNewOutgoing, once")
	}
	l.opened = true
	if l.accepted != nil && !isData[sipsimple.SIPSessionDidRenegotiateStreams](r) { // 5
		l.wrong(r, "SIPSessionGotAcceptProposal is followed by SIPSessionDidRenegotiateStreams")
		l.accepted = nil
	}
	switch data := r.data.(type) {
	case sipsimple.SIPSessionWillStart:
		l.once(r, &l.willStart, "SIPSessionWillStart comes once")
	case sipsimple.SIPSessionDidStart:
		l.once(r, &l.didStart, "SIPSessionDidStart comes once")
		if !l.willStart { // 2
			l.wrong(r, "SIPSessionWillStart comes before SIPSessionDidStart")
		}
		if !l.invited { // 7
			l.wrong(r, "the transaction comes before the SIPSessionDidStart that it causes")
		}
		l.active = slices.Clone(data.Streams)
	case sipsimple.SIPSessionDidProcessTransaction:
		l.invited = l.invited || data.Method == "INVITE" && data.Code/100 == 2
	case sipsimple.SIPSessionWillEnd:
		l.once(r, &l.willEnd, "SIPSessionWillEnd comes once") // 3
		l.proposal = false
	case sipsimple.SIPSessionDidEnd:
		l.closed = true
		if !l.didStart || !l.willEnd { // 2, 3
			l.wrong(r, "SIPSessionDidEnd closes a session that has started, after SIPSessionWillEnd")
		}
	case sipsimple.SIPSessionDidFail:
		l.closed = true
		if l.didStart || l.willEnd { // 2, 3
			l.wrong(r, "SIPSessionDidFail closes a session that has not started, without SIPSessionWillEnd")
		}
	case sipsimple.SIPSessionGotProposal:
		if l.proposal { // 4
			l.wrong(r, "a proposal comes after the one before is decided")
		}
		l.proposal = true
	case sipsimple.SIPSessionGotRejectProposal: // cancelled before anything was sent: SD28
		l.decided(r, data.Originator == sipsimple.Local && data.Code == 487)
	case sipsimple.SIPSessionHadProposalFailure: // our stream did not initialise: session.md 7.11
		l.decided(r, data.Originator == sipsimple.Local)
	case sipsimple.SIPSessionGotAcceptProposal:
		l.decided(r, false)
		l.accepted = namesOf(l.party, l.session, data.Streams)
	case sipsimple.SIPSessionDidRenegotiateStreams:
		l.renegotiated(r, data)
	}
}

func isData[D any](r *record) bool { _, ok := r.data.(D); return ok }

func (l *life) once(r *record, flag *bool, rule string) {
	if *flag {
		l.wrong(r, rule)
	}
	*flag = true
}

// decided ends a proposal: rule 4. One of ours whose re-INVITE never left may
// end without having been told.
func (l *life) decided(r *record, unsent bool) {
	if !l.proposal && !unsent {
		l.wrong(r, "a proposal is decided once, after SIPSessionGotProposal")
	}
	l.proposal = false
}

func (l *life) renegotiated(r *record, data sipsimple.SIPSessionDidRenegotiateStreams) {
	names := namesOf(l.party, l.session, data.Streams)
	if l.accepted != nil && (data.Action != sipsimple.Add || fmt.Sprint(names) != fmt.Sprint(l.accepted)) { // 5
		l.wrong(r, "what is added is what was accepted")
	}
	l.accepted = nil
	for _, st := range data.Streams {
		i := slices.Index(l.active, st)
		switch {
		case data.Action == sipsimple.Add && i < 0:
			l.active = append(l.active, st)
		case data.Action == sipsimple.Remove && i >= 0 && !slices.Contains(r.active, st):
			l.active = slices.Delete(l.active, i, i+1)
		default: // 6
			l.wrong(r, "what is removed was there before and is not afterwards, and the other way round for what is added")
		}
	}
}

func namesOf(p *party, s *session, list sipsimple.Streams) []string {
	names := []string{}
	for _, st := range list {
		names = append(names, match.Format(p.value(st, s)))
	}
	return names
}
