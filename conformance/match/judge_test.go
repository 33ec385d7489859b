package match_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// The items of the tables below.

func one(name string) match.Item       { return match.Item{Kind: match.Single, Name: name, Source: name} }
func list(of ...match.Item) match.Item { return group(match.Sequence, of) }
func group(kind match.Kind, of []match.Item) match.Item {
	return match.Item{Kind: kind, Items: of}
}
func anyOrder(of ...match.Item) match.Item { return group(match.AnyOrder, of) }
func oneOf(of ...match.Item) match.Item    { return group(match.OneOf, of) }
func optional(of ...match.Item) match.Item { return group(match.Optional, of) }
func never(of ...match.Item) match.Item    { return group(match.Never, of) }
func repeat(of ...match.Item) match.Item   { return group(match.Repeat, of) }

func times(from, to int, item match.Item) match.Item {
	item.Times = match.Range{From: from, To: to, Set: true}
	return item
}

func lost(name string) match.Item {
	item := one(name)
	item.Lost = true
	return item
}

func at(item match.Item, label string, upto int, seconds ...int) match.Item {
	item.At = &match.Instant{Label: label, List: len(seconds) > 1, Upto: time.Duration(upto) * time.Second}
	for _, s := range seconds {
		item.At.Offset = append(item.At.Offset, time.Duration(s)*time.Second)
	}
	return item
}

func as(label string, item match.Item) match.Item {
	item.As = label
	return item
}

func after(label string, item match.Item) match.Item {
	item.After = &match.Instant{Label: label, Offset: []time.Duration{0}}
	return item
}

func before(label string, item match.Item) match.Item {
	item.Before = &match.Instant{Label: label, Offset: []time.Duration{0}}
	return item
}

func fields(item match.Item, exact bool, pairs ...string) match.Item {
	item.Exact = exact
	item.Fields = map[string]match.Matcher{}
	for i := 0; i < len(pairs); i += 2 {
		item.Fields[pairs[i]], _ = match.ParseMatcher(pairs[i+1], false, nil)
	}
	return item
}

func of(name string, item match.Item) match.Item {
	item.Of = name
	return item
}

func has(item match.Item, state string) match.Item {
	item.Has = map[string]match.Matcher{"state": match.Literal{Text: state}}
	return item
}

// dots is `...`.
var dots = match.Item{Kind: match.Anything, Source: "..."}

// read makes a log: one event a word, a second apart unless @ says when.
// "A" is a notification, "A=x" has the field f, "A#two" is of session two,
// "m'" is a copy of message m, "m!" was lost, "m'!" both; "m~" is extra.
func read(text string) *match.Log {
	log := &match.Log{}
	for i, word := range strings.Fields(text) {
		ev := match.Event{At: time.Duration(i) * time.Second, Fields: map[string]any{}}
		if word, when, ok := strings.Cut(word, "@"); ok {
			n, _ := strconv.ParseFloat(when, 64)
			ev.At = time.Duration(n * float64(time.Second))
			ev.Name = word
		} else {
			ev.Name = word
		}
		ev.Name, ev.Extra = strings.CutSuffix(ev.Name, "~")
		ev.Name, ev.Lost = strings.CutSuffix(ev.Name, "!")
		ev.Name, ev.Copy = strings.CutSuffix(ev.Name, "'")
		name, session, ok := strings.Cut(ev.Name, "#")
		if ok {
			ev.Is = func(name string) bool { return name == session }
		}
		name, f, ok := strings.Cut(name, "=")
		if ok {
			ev.Fields["f"] = f
		}
		ev.Name, ev.ID = name, name
		ev.Has = func(string) (any, error) { return "connected", nil }
		log.Add(ev)
	}
	return log
}

func TestJudge(t *testing.T) {
	a, b, c, d := one("A"), one("B"), one("C"), one("D")
	const more, done, bad = match.NeedMore, match.Done, match.Failed
	cases := []struct {
		what  string
		items []match.Item
		log   string
		want  match.Verdict
	}{
		{"nothing of nothing", nil, "", done},
		{"an empty list is exact", nil, "A", bad},
		{"sequence", []match.Item{a, b}, "A B", done},
		{"sequence so far", []match.Item{a, b}, "A", more},
		{"sequence out of order", []match.Item{a, b}, "B A", bad},
		{"sequence with a stranger", []match.Item{a, b}, "A C B", bad},
		{"sequence twice", []match.Item{a, b}, "A A B", bad},
		{"what comes later is left", []match.Item{a}, "A B", done},

		{"dots at the start", []match.Item{dots, c}, "A B C", done},
		{"dots over nothing", []match.Item{dots, a}, "A", done},
		{"dots in the middle", []match.Item{a, dots, c}, "A B B C", done},
		{"dots still waiting", []match.Item{dots, c}, "A B", more},
		{"dots end with their match", []match.Item{dots, b, c}, "A B A C", bad},
		{"dots at the end", []match.Item{a, dots}, "A B C", done},
		{"dots alone", []match.Item{dots}, "A B", done},
		{"dots alone over nothing", []match.Item{dots}, "", done},
		{"first match wins, no backtracking", []match.Item{dots, a, b}, "A A B", bad},
		{"dots twice", []match.Item{dots, b, dots, d}, "A B C D", done},
		{"dots to any_order", []match.Item{dots, anyOrder(b, c)}, "A C B", done},
		{"dots end with the first of any_order", []match.Item{dots, anyOrder(b, c)}, "A C A B", bad},

		{"any_order", []match.Item{anyOrder(a, b, c)}, "C A B", done},
		{"any_order so far", []match.Item{anyOrder(a, b)}, "B", more},
		{"any_order with a stranger", []match.Item{anyOrder(a, b)}, "B C", bad},
		{"any_order, one twice", []match.Item{anyOrder(a, b)}, "B B A", bad},
		{"any_order of lists", []match.Item{anyOrder(list(a, b), list(c, d))}, "A C B D", done},
		{"any_order keeps its lists in order", []match.Item{anyOrder(list(a, b), c)}, "B A C", bad},
		{"any_order of equals goes from the left", []match.Item{anyOrder(list(a, b), list(a, c))}, "A A B C", done},
		{"any_order, then more", []match.Item{anyOrder(a, b), c}, "B A C", done},
		{"any_order is not over early", []match.Item{anyOrder(a, b), c}, "B C A", bad},

		{"one_of the first", []match.Item{oneOf(a, b), c}, "A C", done},
		{"one_of the second", []match.Item{oneOf(a, b), c}, "B C", done},
		{"one_of both", []match.Item{oneOf(a, b), c}, "A B C", bad},
		{"one_of neither", []match.Item{oneOf(a, b), c}, "C", bad},
		{"one_of lists", []match.Item{oneOf(list(a, b), list(c, d))}, "C D", done},
		{"one_of must be finished", []match.Item{oneOf(list(a, b), c), d}, "A D", bad},
		{"one_of nothing yet", []match.Item{oneOf(a, b)}, "", more},

		{"optional there", []match.Item{a, optional(b), c}, "A B C", done},
		{"optional away", []match.Item{a, optional(b), c}, "A C", done},
		{"optional twice", []match.Item{a, optional(b), c}, "A B B C", bad},
		{"optional list must be finished", []match.Item{optional(a, b), c}, "A C", bad},
		{"optional at the end does not wait", []match.Item{a, optional(b)}, "A", done},
		{"optional at the end taken", []match.Item{a, optional(b), dots}, "A B C", done},
		{"optional after dots", []match.Item{dots, optional(b), c}, "A C", done},

		{"never holds where dots skip", []match.Item{never(b), dots, c}, "A B C", bad},
		{"never did not happen", []match.Item{never(b), dots, c}, "A C", done},
		{"never holds to the end of the list", []match.Item{a, never(b), dots, c, dots}, "A C B", bad},
		{"never holds from where it stands", []match.Item{dots, a, never(b), dots}, "B A C", done},
		{"never of a list is none of them", []match.Item{never(a, b), dots}, "C B", bad},

		{"times", []match.Item{times(2, 2, a), b}, "A A B", done},
		{"times too few", []match.Item{times(2, 2, a), b}, "A B", bad},
		{"times too many", []match.Item{times(2, 2, a), b}, "A A A B", bad},
		{"times from to, least", []match.Item{times(1, 2, a), b}, "A B", done},
		{"times from to, most", []match.Item{times(1, 2, a), b}, "A A B", done},
		{"times without end", []match.Item{times(1, -1, a), b}, "A A A A B", done},
		{"times 0", []match.Item{times(0, 0, a), b}, "B", done},
		{"times 0, but there", []match.Item{times(0, 0, a), b}, "A B", bad},
		{"times of a list", []match.Item{times(2, 2, list(a, b)), c}, "A B A B C", done},
		{"repeat", []match.Item{times(2, 2, repeat(a, b)), c}, "A B A B C", done},
		{"repeat once by default", []match.Item{repeat(a, b), c}, "A B C", done},
		{"repeat too few", []match.Item{times(2, 2, repeat(a, b)), c}, "A B C", bad},
		{"repeat too many", []match.Item{times(2, 2, repeat(a, b)), c}, "A B A B A B C", bad},
		{"repeat unfinished", []match.Item{times(1, 2, repeat(a, b)), c}, "A B A C", bad},
		{"repeat so far", []match.Item{times(2, 2, repeat(a, b))}, "A B A", more},
		{"repeat from to", []match.Item{times(1, 3, repeat(a, b)), c}, "A B A B C", done},
		{"repeat none", []match.Item{times(0, 3, repeat(a, b)), c}, "C", done},

		{"fields", []match.Item{fields(a, false, "f", "x")}, "A=x", done},
		{"fields differ", []match.Item{fields(a, false, "f", "x")}, "A=y", bad},
		{"fields not there", []match.Item{fields(a, false, "f", "x")}, "A", bad},
		{"unlisted fields are free", []match.Item{a}, "A=y", done},
		{"exact", []match.Item{fields(a, true, "f", "x")}, "A=x", done},
		{"exact and one more", []match.Item{fields(a, true)}, "A=x", bad},
		{"dots to fields", []match.Item{dots, fields(a, false, "f", "x")}, "A=y A=x", done},
		{"let and use", []match.Item{fields(a, false, "f", "let $v"), fields(b, false, "f", "$v + 1")}, "A=4 B=5", done},
		{"let and misuse", []match.Item{fields(a, false, "f", "let $v"), fields(b, false, "f", "$v + 1")}, "A=4 B=6", bad},
		{"let binds only what matches", []match.Item{dots, fields(of("two", a), false, "f", "let $v"), fields(b, false, "f", "$v")},
			"A=1 A=2#two B=2", done},

		{"of", []match.Item{of("one", a), of("two", a)}, "A#one A#two", done},
		{"of another", []match.Item{of("one", a)}, "A#two", bad},
		{"has", []match.Item{has(a, "connected")}, "A", done},
		{"has not", []match.Item{has(a, "terminated")}, "A", bad},

		{"at", []match.Item{at(a, "start", 0, 3)}, "A@3", done},
		{"at the same millisecond", []match.Item{at(a, "start", 0, 3)}, "A@3.0001", done},
		{"at another time", []match.Item{at(a, "start", 0, 3)}, "A@3.001", bad},
		{"at a window", []match.Item{at(a, "start", 4, 2)}, "A@3", done},
		{"at outside of a window", []match.Item{at(a, "start", 4, 2)}, "A@5", bad},
		{"at a label", []match.Item{as("x", a), at(b, "x", 0, 1)}, "A@3 B@4", done},
		{"at a label not seen", []match.Item{at(b, "x", 0, 1)}, "B@4", bad},
		{"after", []match.Item{as("x", a), after("x", b)}, "A B", done},
		{"after what did not happen", []match.Item{dots, after("x", b)}, "A B", more},
		{"before", []match.Item{as("x", a), before("x", b)}, "A@3 B@4", bad},
		{"before, in time", []match.Item{as("x", a), before("x", b)}, "A@3 B@3", done},
		{"an instant a copy", []match.Item{at(a, "start", 0, 0, 1, 3)}, "A@0 A'@1 A'@3", done},
		{"an instant a copy, one late", []match.Item{at(a, "start", 0, 0, 1, 3)}, "A@0 A'@1 A'@4", more},
		{"an instant a round", []match.Item{at(times(2, 2, repeat(a, b)), "start", 0, 0, 5)}, "A@0 B@1 A@5 B@6", done},
		{"an instant a round, one early", []match.Item{at(times(2, 2, repeat(a, b)), "start", 0, 0, 5)}, "A@0 B@1 A@4 B@6", bad},

		{"copies are skipped", []match.Item{a, b}, "A A' A' B A'", done},
		{"what is extra passes", []match.Item{a, b}, "C~ A C~ C~ B C~", done},
		{"what is extra is there for who wants it", []match.Item{a, c, b}, "A C~ B", done},
		{"what is extra does not stand for another", []match.Item{a, b}, "A C~", more},
		{"a copy is not a message", []match.Item{a, a}, "A A'", more},
		{"times counts copies", []match.Item{times(3, 3, a), b}, "A A' A' B", done},
		{"repeat wants copies", []match.Item{times(2, 2, repeat(a, b))}, "A B A' B'", done},
		{"more copies than counted are skipped", []match.Item{times(2, 2, a), b}, "A A' A' B", done},
		{"lost", []match.Item{lost("A"), b}, "A! B", done},
		{"lost, but it arrived", []match.Item{lost("A"), b}, "A B", bad},
		{"a plain line is the message, lost or not", []match.Item{a, b}, "A! A' B", done},
		{"lost copies, then the one that arrives", []match.Item{times(2, 2, lost("A")), a, b}, "A! A'! A' B", done},
		{"none lost", []match.Item{times(0, 0, lost("A")), a, b}, "A B", done},
	}
	for _, c := range cases {
		env := newEnvironment()
		judge := match.NewJudge(env, []match.View{{Name: "v", Log: read(c.log), Items: c.items}}, nil, nil)
		got := judge.Step()
		if got == match.Failed && judge.Failure() == nil {
			t.Errorf("%s: failed without saying why", c.what)
		}
		if got != c.want {
			t.Errorf("%s: %s: %v, want %v (%v)", c.what, c.log, got, c.want, judge.Failure())
		}
		stepByStep(t, c.what, c.items, c.log, c.want)
	}
}

// stepByStep judges the same log event by event: the verdict must not depend
// on how often one looks.
func stepByStep(t *testing.T, what string, items []match.Item, text string, want match.Verdict) {
	t.Helper()
	whole, log := read(text), &match.Log{}
	judge := match.NewJudge(newEnvironment(), []match.View{{Name: "v", Log: log, Items: items}}, nil, nil)
	got := judge.Step()
	for _, ev := range whole.Unconsumed() {
		log.Add(ev)
		got = judge.Step()
	}
	if got != want {
		t.Errorf("%s, event by event: %v, want %v", what, got, want)
	}
}
