package play

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// WithPhones is a case in which phones under test take the places of parties:
// what only a party of ours can tell is left out of it. That is everything that
// the file expects of notifications and attributes of those parties, and of what
// they hear; leftOut is how many such expectations there were. What the others
// post, the wire, and what the others hear stay as they are, but for the words
// that come with a code and for a 100, which are the phone's own affair. A case that is about
// more of such a party than a phone has is to be skipped, and says why.
func WithPhones(c *scenario.Case, names ...string) (changed *scenario.Case, leftOut int) {
	with := *c
	t := &takeOver{phones: map[string]bool{}, lost: map[string]bool{}}
	for _, name := range names {
		t.phones[name] = true
		t.replaceable(c, name)
	}
	if with.Skip != "" {
		return &with, 0
	}
	with.Streams = t.realStreams(c)
	with.Steps = t.steps(c.Steps)
	with.Finally = t.checks(c.Finally)
	t.lookAtLabels(with.Steps)
	with.Skip = t.reason
	return &with, t.leftOut
}

// takeOver is the work of WithPhones.
type takeOver struct {
	phones  map[string]bool
	lost    map[string]bool // labels of what was left out
	open    bool            // the window of the next wire is longer than the file means, for an expect was left out
	leftOut int
	reason  string // why the case is skipped
}

func (t *takeOver) skip(at match.Pos, format string, args ...any) {
	if t.reason != "" {
		return
	}
	if t.reason = fmt.Sprintf(format, args...); at.Line > 0 {
		t.reason += " (" + at.String() + ")"
	}
}

// replaceable says no to a party that is more than a phone.
func (t *takeOver) replaceable(c *scenario.Case, name string) {
	i := slices.IndexFunc(c.Parties, func(p *scenario.Party) bool { return p.Name == name })
	if i < 0 {
		t.skip(match.Pos{}, "there is no party %s", name)
		return
	}
	p := c.Parties[i]
	special := map[string]bool{
		"scripted": p.Scripted, "server": p.Server != nil, "start": p.Manual, "storage": p.Storage != nil, "settings": p.Settings != nil,
		"account": p.Account != nil, "accounts": p.Accounts != nil, "streams": p.Streams != nil, "tls": p.TLS != nil, "host": p.Host != "",
		"plays: a file": p.PlaysWAV != "",
	}
	for _, key := range sortedKeys(special) {
		if special[key] {
			t.skip(p.Pos, "a phone cannot be %s, which has %s", name, key)
		}
	}
	switch {
	case c.Knobs.Transport == "tls":
		t.skip(match.Pos{}, "a phone under test has no certificate that the parties trust")
	case c.Knobs.IP == 6:
		t.skip(match.Pos{}, "phones under test have IPv4 addresses")
	}
}

// realStreams are the streams of the file, real ones in the place of stand-ins:
// a phone has no stand-in at the other end.
func (t *takeOver) realStreams(c *scenario.Case) map[string]*scenario.StreamDef {
	changed := maps.Clone(c.Streams)
	for _, name := range sortedKeys(c.Streams) {
		def := *c.Streams[name]
		if def.Double == nil {
			continue
		}
		if def.Type != "audio" || def.Hold != nil || *def.Double != (scenario.Double{}) {
			t.skip(match.Pos{}, "the stream %s is a stand-in whose behaviour the file dictates", name)
		}
		def.Double = nil
		changed[name] = &def
	}
	return changed
}

// steps are the steps without what is left out.
func (t *takeOver) steps(steps []scenario.Step) []scenario.Step {
	var kept []scenario.Step
	for _, s := range steps {
		if t.step(&s) {
			kept = append(kept, s)
		} else if s.As != "" {
			t.lost[s.As] = true
		}
	}
	return kept
}

// step changes a step; false is that nothing of it is left.
func (t *takeOver) step(s *scenario.Step) bool {
	switch v := s.Verb.(type) {
	case *scenario.Call:
		t.call(s, v)
	case *scenario.Expect:
		kept := t.expect(v)
		s.Verb = kept
		return len(kept.Views) > 0 || kept.Wire != nil || s.For > 0
	case *scenario.CheckNow:
		kept := t.checks(v.Checks)
		s.Verb = &scenario.CheckNow{Checks: kept}
		return len(kept) > 0
	case *scenario.Listen:
		kept := *v
		kept.Sentences = slices.DeleteFunc(slices.Clone(v.Sentences), func(s scenario.Sentence) bool { return t.loses(s.Hearer) })
		s.Verb = &kept
	case *scenario.When:
		if t.phones[v.Party.Party] {
			t.skip(s.Pos, "a phone does nothing inside an observer: when")
		}
	case *scenario.Together:
		s.Verb = &scenario.Together{Steps: t.steps(v.Steps)}
	case *scenario.Part:
		kept := *v
		kept.Steps = t.steps(v.Steps)
		s.Verb = &kept
	case *scenario.RepeatSteps:
		kept := &scenario.RepeatSteps{}
		for _, round := range v.Rounds {
			kept.Rounds = append(kept.Rounds, t.steps(round))
		}
		s.Verb = kept
	}
	return true
}

// expect leaves out what is expected of phones. Where nothing waits for a phone
// any more the next look at the wire sees older messages, too: it skips them.
func (t *takeOver) expect(v *scenario.Expect) *scenario.Expect {
	kept := *v
	kept.Views = slices.DeleteFunc(slices.Clone(v.Views), t.losesView)
	for i := range kept.Views {
		kept.Views[i].Items = anyPhrase(kept.Views[i].Items)
	}
	if v.Wire != nil {
		wire := *v.Wire
		wire.Order = t.withoutTrying(wire.Order)
		if t.open {
			wire.Order = slices.Insert(wire.Order, 0, match.Item{Pos: wire.Pos, Kind: match.Anything, Times: match.Range{From: 1, To: 1}, Source: "..."})
		}
		kept.Wire, t.open = &wire, false
	}
	t.open = t.open || len(kept.Views) < len(v.Views)
	return &kept
}

// anyPhrase leaves open which words come with a code: that is up to the phone
// (RFC 3261 section 7.2).
func anyPhrase(items []match.Item) []match.Item {
	changed := slices.Clone(items)
	for i := range changed {
		item := &changed[i]
		item.Items = anyPhrase(item.Items)
		if item.Fields["reason"] == nil || item.Fields["code"] == nil {
			continue
		}
		item.Fields = maps.Clone(item.Fields)
		item.Fields["reason"] = whatever{}
	}
	return changed
}

// whatever matches anything.
type whatever struct{}

func (whatever) Match(any, match.Env) bool { return true }
func (whatever) String() string            { return "any" }

// withoutTrying makes the 100 of a phone optional: it need not send one if it
// answers within 200 ms (RFC 3261 section 17.2.1).
func (t *takeOver) withoutTrying(items []match.Item) []match.Item {
	changed := slices.Clone(items)
	for i := range changed {
		item := &changed[i]
		item.Items = t.withoutTrying(item.Items)
		from, _, _ := strings.Cut(item.Name, " ")
		if code := item.Fields["code"]; item.Kind == match.Single && t.phones[from] && code != nil && code.Match(100, nil) {
			changed[i] = match.Item{Pos: item.Pos, Kind: match.Optional, Items: []match.Item{*item}, Times: item.Times, Source: item.Source}
		}
	}
	return changed
}

// call looks whether a phone could do this.
func (t *takeOver) call(s *scenario.Step, v *scenario.Call) {
	if !slices.ContainsFunc(v.Subjects, func(who scenario.Subject) bool { return t.phones[who.Party] }) {
		return
	}
	if s.Session != "" && v.Name != "call" {
		t.lost["#"+s.Session] = true
	}
	for _, key := range slices.Sorted(maps.Keys(v.Params)) {
		if !slices.Contains([]string{"streams", "reason"}, key) {
			t.skip(s.Pos, "a phone does not know %s", key)
		}
	}
	switch {
	case s.Error != nil:
		t.skip(s.Pos, "a phone has no API that could refuse a call")
	case strings.HasSuffix(v.Name, "transfer"):
		t.skip(s.Pos, "a phone cannot look up the names of parties, which a transfer tells it")
	case slices.Contains([]string{"new", "start", "stop", "set", "post", "fail"}, v.Name):
		t.skip(s.Pos, "a phone cannot be told to %s", v.Name)
	}
}

// loses tells whether something is about a phone, and counts it.
func (t *takeOver) loses(party string) bool {
	if t.phones[party] {
		t.leftOut++
	}
	return t.phones[party]
}

func (t *takeOver) losesView(v scenario.View) bool {
	if !t.phones[v.Subject.Party] {
		return false
	}
	eachItem(v.Items, func(i *match.Item) {
		if i.Kind == match.Single {
			t.leftOut++
		}
		if i.As != "" {
			t.lost[i.As] = true
		}
	})
	return true
}

func (t *takeOver) checks(list []scenario.AttributeCheck) []scenario.AttributeCheck {
	return slices.DeleteFunc(slices.Clone(list), func(c scenario.AttributeCheck) bool { return t.loses(c.Subject.Party) })
}

// lookAtLabels finds what is told relative to something that was left out.
func (t *takeOver) lookAtLabels(steps []scenario.Step) {
	at := func(pos match.Pos, instants ...*match.Instant) {
		for _, i := range instants {
			if i != nil && t.lost[i.Label] {
				t.skip(pos, "%s is something that only a party of ours can tell", i.Label)
			}
		}
	}
	items := func(list []match.Item) {
		eachItem(list, func(i *match.Item) { at(i.Pos, i.At, i.After, i.Before) })
	}
	subject := func(pos match.Pos, who scenario.Subject) {
		if t.lost["#"+who.Session] {
			t.skip(pos, "%s is a call that the phone was to name", who.Session)
		}
	}
	eachStep(steps, func(s *scenario.Step) {
		at(s.Pos, s.At, s.After, s.Before)
		switch v := s.Verb.(type) {
		case *scenario.Expect:
			for _, view := range v.Views {
				subject(view.Pos, view.Subject)
				items(view.Items)
			}
			if v.Wire != nil {
				items(v.Wire.Order)
			}
		case *scenario.Call:
			for _, who := range v.Subjects {
				subject(s.Pos, who)
			}
		case *scenario.CheckNow:
			for _, c := range v.Checks {
				subject(c.Pos, c.Subject)
			}
		}
	})
}

// eachItem visits items and those inside them.
func eachItem(list []match.Item, visit func(*match.Item)) {
	for i := range list {
		visit(&list[i])
		eachItem(list[i].Items, visit)
	}
}
