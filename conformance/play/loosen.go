package play

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// This is the one place that says what a scenario does not mean any more when
// its links lose, duplicate and reorder messages (see Under), and why. Whatever
// is not listed here is judged as the file says it: the notifications of every
// party, each once and in order, the attributes, the sound, the rules that hold
// for every session (invariants.go) and for all SIP (wirerules.go; copies need no
// ACK of their own), and how everything ends (finally).
//
//  1. The wire is not judged. Which copy of a message arrives is chance; that the
//     outcome is the same is what we want to know.
//  2. Instants (at, before, within, budget) become an order: a lost message costs
//     a repetition, 0.5 s to 4 s each. A step is still not done too early.
//  3. Provisional notifications are not judged: an unreliable provisional response
//     is never repeated by itself (RFC 3261 section 17.2.1), so it may be lost;
//     and it is sent again for every copy of the INVITE, so it may come twice,
//     which nobody can tell from ringing twice (SET-08). A NOTIFY of a transfer
//     comes through, but what there is to tell comes from those responses.
//  4. SIPSessionDidProcessTransaction may say 408 of a request of ours: end() and
//     a CANCEL wait 1 s for the answer (session.md 9.1), and two losses take
//     longer. ack_received may be anything: a refusal waits 1 s for its ACK (SD8).
//  5. Who hangs up after a transfer is open: if the final NOTIFY or the BYE takes
//     longer than 2 s the transferee does it as well (SD37), and either may win.
//     A script that does not expect its BYE answers it.
//  6. What a transfer failed with may be another provisional code than the one
//     that came last, or 408 (rule 3; the wait of 1 s for the last NOTIFY).
//  7. A script receives what it waits for, whatever came before it. At the end
//     nothing may be left unread, as always.
//  8. A BYE may overtake the ACK, or the ACK be lost before it: the callee then
//     fails without having heard what became of its 200 (SD35, 6.3).
//  9. A re-INVITE waits until the handshakes before it are over: its sender cannot
//     know that its last ACK was lost, and would be refused (EDG-20), which is not
//     retried for a proposal (SD24). Where it must go at once (a hold that was
//     queued), the refusal with 491 or 500 and its repetition are not judged.
//  10. How clean a sound is (snr, lost_frames) is not judged, only whose it is: a stream that
//     begins at another instant may take in one frame more, which its jitter
//     buffer leaves out within the first second.
//  11. Waiting takes as long as it takes: steps wait longer, a check waits until
//     it is true, and the rest at the end is longer.
//  12. With MSRP, VNC or ICE what streams tell and what SIP tells are two lists, each
//     in its order; how one lies in the other is not judged. Nothing is lost beside
//     SIP: the first messages of a chat are there when the ACK still has to be
//     repeated, and the session starts after them.
//  13. A party that is to be hung up on may do it itself, after its stream has
//     failed because the connection was closed: a stream that fails closes it
//     before the BYE leaves, and who hangs up 1 s later at the latest (see
//     streams.Connected), and a BYE may need longer.

// provisional tells the notifications of rule 3.
func provisional(name string, fields map[string]any) bool {
	switch name {
	case "SIPSessionGotRingIndication", "SIPSessionGotProvisionalResponse":
		return true
	case "SIPSessionTransferGotProgress":
		code, ok := fields["code"].(int)
		return ok && code < 200
	}
	return false
}

// notJudged tells the notifications of rules 3 and 9 in a case on bad links.
func (w *world) notJudged(e *match.Event) bool {
	if w.c.Faults == "" {
		return false
	}
	retried := e.Name == "SIPSessionDidProcessTransaction" && e.Fields["originator"] == "local" &&
		e.Fields["method"] == "INVITE" && (e.Fields["code"] == 491 || e.Fields["code"] == 500)
	return provisional(e.Name, e.Fields) || retried && !w.namesRefusal
}

// namesRefusal tells a case that expects such a refusal itself: there it is
// judged.
func namesRefusal(steps []scenario.Step) bool {
	found := false
	var look func(list []match.Item)
	look = func(list []match.Item) {
		for i := range list {
			code := list[i].Fields["code"]
			found = found || isTransaction(&list[i], "local", "INVITE") && code != nil && (code.Match(491, nil) || code.Match(500, nil))
			look(list[i].Items)
		}
	}
	eachStep(steps, func(s *scenario.Step) {
		if v, ok := s.Verb.(*scenario.Expect); ok {
			for _, view := range v.Views {
				look(view.Items)
			}
		}
	})
	return found
}

// isProvisional tells an item that is about such a notification only.
func isProvisional(item *match.Item) bool {
	if item.Name != "SIPSessionTransferGotProgress" {
		return provisional(item.Name, nil)
	}
	return item.Fields["code"] != nil && waitsForProvisional(item.Fields["code"])
}

func waitsForProvisional(code match.Matcher) bool {
	for c := 100; c < 200; c++ {
		if code.Match(c, nil) {
			return true
		}
	}
	return false
}

const (
	faultyLimit  = 5 * time.Minute
	faultySettle = 100 * time.Second // 64*T1 for each of the three requests that may follow one another
)

// loosen applies the rules to a copy of a case.
func loosen(c *scenario.Case) {
	l := loosening{transfers: hasTransfer(c.Steps), beside: besideSIP(c)}
	c.Steps = l.steps(c.Steps)
	if l.transfers {
		c.Parties = answeringBye(c) // rule 5
	}
	c.Limit, c.Settle, c.Budget = max(c.Limit, faultyLimit), max(c.Settle, faultySettle), scenario.Budget{} // rule 11
}

// answeringBye are the parties, where a script that never receives a BYE answers
// it by itself.
func answeringBye(c *scenario.Case) []*scenario.Party {
	expects := map[string]bool{}
	eachStep(c.Steps, func(s *scenario.Step) {
		if v, ok := s.Verb.(*scenario.Script); ok && v.Receive != nil {
			method, code := v.Receive.Fields["method"], v.Receive.Fields["code"]
			isRequest := code == nil || code.Match(match.Absent{}, nil)
			expects[v.Party] = expects[v.Party] || isRequest && method != nil && method.Match("BYE", nil)
		}
	})
	list := slices.Clone(c.Parties)
	for i, p := range list {
		if p.Scripted && !expects[p.Name] && !slices.Contains(p.Auto, "BYE") {
			answering := *p
			answering.Auto = append(slices.Clone(p.Auto), "BYE")
			list[i] = &answering
		}
	}
	return list
}

type loosening struct {
	transfers bool // rule 5
	beside    bool // rule 12
}

func (l loosening) steps(list []scenario.Step) []scenario.Step {
	list = slices.Clone(list)
	for i := range list {
		s := &list[i]
		s.Before, s.Within = nil, 0 // rule 2
		if s.At != nil && s.After == nil && l.acts(s) {
			s.After = s.At
		}
		s.At = nil
		s.Verb = l.verb(s)
	}
	return list
}

// acts tells a step that does something from one that sees something.
func (l loosening) acts(s *scenario.Step) bool {
	switch v := s.Verb.(type) {
	case *scenario.Expect:
		return false
	case *scenario.Script:
		return v.Name != "receive"
	}
	return true
}

func (l loosening) verb(s *scenario.Step) scenario.Verb {
	switch v := s.Verb.(type) {
	case *scenario.Script:
		if !l.transfers || v.Receive == nil {
			return v
		}
		fields := v.Receive.Fields
		if method, code := fields["method"], fields["code"]; method != nil && code != nil && method.Match("BYE", nil) && code.Match(200, nil) {
			loose, item := *v, *v.Receive // rule 5: the other BYE was faster
			item.Fields = maps.Clone(fields)
			item.Fields["code"] = instead{code, 481}
			loose.Receive = &item
			return &loose
		}
	case *scenario.Expect:
		loose := &scenario.Expect{Views: slices.Clone(v.Views)} // rule 1
		if l.beside {
			loose.Views = inTwo(v.Views, s.For > 0) // rule 12
		}
		for i := range loose.Views {
			loose.Views[i].Items = l.items(loose.Views[i].Items)
		}
		return loose
	case *scenario.CheckNow:
		s.Within = faultyLimit // rule 11
	case *scenario.Listen:
		loose := *v
		loose.Sentences = slices.Clone(v.Sentences)
		for i := range loose.Sentences { // rule 10
			fields := maps.Clone(v.Sentences[i].Fields)
			delete(fields, "snr")
			delete(fields, "lost_frames")
			loose.Sentences[i].Fields = fields
		}
		return &loose
	case *scenario.When:
		loose := *v
		l.item(&loose.Item)
		return &loose
	case *scenario.Together:
		return &scenario.Together{Steps: l.steps(v.Steps)}
	case *scenario.Part:
		loose := *v
		loose.Steps = l.steps(v.Steps)
		return &loose
	case *scenario.RepeatSteps:
		loose := &scenario.RepeatSteps{}
		for _, round := range v.Rounds {
			loose.Rounds = append(loose.Rounds, l.steps(round))
		}
		return loose
	}
	return s.Verb
}

// items loosens a list. What is left of nothing but provisional notifications
// is nothing.
func (l loosening) items(list []match.Item) []match.Item {
	loose := []match.Item{}
	for _, item := range list {
		if item.Kind == match.Single && isProvisional(&item) {
			continue // rule 3
		}
		if had := len(item.Items); had > 0 {
			if item.Items = l.items(item.Items); len(item.Items) == 0 {
				continue
			}
		}
		l.item(&item)
		loose = append(loose, item)
	}
	return overtaken(loose)
}

// changes tells a step that rule 9 is about.
func changes(s *scenario.Step) bool {
	switch v := s.Verb.(type) {
	case *scenario.Call:
		return slices.Contains([]string{"hold", "unhold", "add_stream", "remove_stream", "accept_proposal", "transfer"}, v.Name)
	case *scenario.Script:
		return v.Name == "request" && v.Arg == "INVITE" && v.Params["to"] == nil && v.Params["like"] == nil
	}
	return false
}

// overtaken is rule 8, for a list with the whole life of a callee: nobody has
// waited for its start, so it may not come to that.
func overtaken(list []match.Item) []match.Item {
	begin := slices.IndexFunc(list, func(i match.Item) bool { return i.Name == "SIPSessionNewIncoming" })
	if begin < 0 {
		return list
	}
	of := list[begin].Of
	find := func(is func(*match.Item) bool) int {
		return slices.IndexFunc(list, func(i match.Item) bool { return i.Of == of && is(&i) })
	}
	invite := find(func(i *match.Item) bool { return isTransaction(i, "remote", "INVITE") })
	bye := find(func(i *match.Item) bool { return isTransaction(i, "remote", "BYE") })
	end := find(func(i *match.Item) bool { return i.Name == "SIPSessionDidEnd" })
	fail := find(func(i *match.Item) bool { return i.Name == "SIPSessionDidFail" })
	failed := match.Item{Name: "SIPSessionDidFail", Of: of, Pos: list[begin].Pos, Source: "SIPSessionDidFail"}
	switch {
	case invite >= 0 && bye > invite && end > bye:
		short := []match.Item{list[bye], failed}
		return append(list[:invite:invite], either(list[invite:end+1], short), tail(list, end))
	case invite >= 0 && bye > invite && fail > bye:
		return append(list[:invite:invite], append([]match.Item{optional(list[invite])}, list[invite+1:]...)...)
	case end >= 0 && invite < 0:
		return append(list[:end:end], either(list[end:end+1], []match.Item{failed}), tail(list, end))
	}
	return list
}

func either(one, other []match.Item) match.Item {
	return match.Item{Pos: one[0].Pos, Kind: match.OneOf, Items: []match.Item{sequence(one), sequence(other)}, Source: one[0].Source}
}

func optional(item match.Item) match.Item {
	return match.Item{Pos: item.Pos, Kind: match.Optional, Items: []match.Item{item}, Source: item.Source}
}

// tail is what follows an item.
func tail(list []match.Item, i int) match.Item { return sequence(list[i+1:]) }

func sequence(list []match.Item) match.Item { return match.Item{Kind: match.Sequence, Items: list} }

func isTransaction(item *match.Item, originator, method string) bool {
	return item.Name == "SIPSessionDidProcessTransaction" && by(item, originator) && isMethod(item, method)
}

func by(item *match.Item, originator string) bool { return fieldIs(item, "originator", originator) }
func isMethod(item *match.Item, name string) bool { return fieldIs(item, "method", name) }

// fieldIs tells an item that says something of a field, which this value is.
func fieldIs(item *match.Item, field, value string) bool {
	m := item.Fields[field]
	return m != nil && m.Match(value, nil)
}

func (l loosening) item(item *match.Item) {
	item.At, item.Before = nil, nil // rule 2
	if item.After != nil && len(item.After.Offset) > 0 {
		item.After = nil
	}
	fields := maps.Clone(item.Fields)
	free := func(names ...string) {
		for _, name := range names {
			if fields[name] != nil {
				fields[name] = match.Any
			}
		}
	}
	switch item.Name {
	case "SIPSessionDidProcessTransaction": // rule 4
		free("ack_received", "reason")
		if code := fields["code"]; code != nil {
			fields["code"] = instead{code, 408}
		}
		if l.transfers || l.beside && isMethod(item, "BYE") { // rules 5, 13
			free("originator")
		}
	case "SIPSessionTransferDidFail": // rule 6
		if code := fields["code"]; code != nil && waitsForProvisional(code) {
			fields["code"] = provisionalCode{code}
			free("reason")
		}
	case "SIPSessionWillEnd", "SIPSessionDidEnd":
		if l.transfers || l.beside && !by(item, "local") { // rules 5, 13
			free("originator")
		}
	}
	item.Fields = fields
}

// instead is a code, or another one instead.
type instead struct {
	match.Matcher
	other int
}

// Match implements [match.Matcher].
func (m instead) Match(got any, env match.Env) bool {
	return got == m.other || m.Matcher.Match(got, env)
}

// String is the matcher as written, and what may stand for it.
func (m instead) String() string { return fmt.Sprintf("%s | %d", m.Matcher, m.other) }

// provisionalCode is any provisional code, or 408.
type provisionalCode struct{ match.Matcher }

// Match implements [match.Matcher].
func (m provisionalCode) Match(got any, _ match.Env) bool {
	code, ok := got.(int)
	return ok && (code == 408 || code/100 == 1)
}

// String is the matcher as written, and what may stand for it.
func (m provisionalCode) String() string { return m.Matcher.String() + " | 1xx | 408" }

// hasTransfer tells whether somebody asks for a transfer.
func hasTransfer(steps []scenario.Step) bool {
	found := false
	eachStep(steps, func(s *scenario.Step) {
		switch v := s.Verb.(type) {
		case *scenario.Call:
			found = found || v.Name == "transfer"
		case *scenario.Script:
			found = found || v.Arg == "REFER"
		}
	})
	return found
}
