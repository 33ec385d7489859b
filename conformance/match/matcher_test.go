package match_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// environment is a plain [match.Env].
type environment struct {
	vars   map[string]any
	labels map[string]time.Duration
}

func newEnvironment() *environment {
	return &environment{vars: map[string]any{"bound": "7", "word": "tea"}, labels: map[string]time.Duration{"start": 0}}
}

func (e *environment) Lookup(name string) (any, bool) { v, ok := e.vars[name]; return v, ok }
func (e *environment) Bind(name string, value any)    { e.vars[name] = value }
func (e *environment) Instant(label string) (time.Duration, bool) {
	at, ok := e.labels[label]
	return at, ok
}
func (e *environment) Label(name string, at time.Duration, _ match.Event) { e.labels[name] = at }
func (e *environment) Subject(kind, subject string) (any, error) {
	if subject != "carol#two" {
		return nil, errors.New("no such session")
	}
	return map[string]any{"dialog": "id;to-tag=1;from-tag=2", "contact": "sip:c@h"}[kind], nil
}

type stream struct{ name, kind string }

func (s stream) Names() []string { return []string{s.name, s.kind} }

type header map[string]any

func (h header) String() string { return "<sip:carol@host>" }
func (h header) Part(name string) any {
	if v, ok := h[name]; ok {
		return v
	}
	return match.Absent{}
}

type received bool

func (r received) Identical() bool { return bool(r) }

func TestMatchers(t *testing.T) {
	known := map[string]any{
		"code": "486", "re": "not /focus/", "list": []any{"a", "c"}, "ms": "20ms", "transport": "udp", "nothing": nil,
		"map": map[string]any{"on_hold": "true"},
	}
	resolve := func(name string) (any, bool) { v, ok := known[name]; return v, ok }
	a, c := stream{"a", "audio"}, stream{"c", "chat"}
	cases := []struct {
		text string
		got  any
		want bool
	}{
		{`OK`, "OK", true}, {`OK`, "ok", false}, {`200`, 200, true}, {`200`, 201, false}, {`200`, "200", true},
		{`true`, true, true}, {`true`, false, false}, {`false`, nil, false}, {`OK`, match.Absent{}, false},
		{`32s`, 32 * time.Second, true}, {`32000ms`, 32 * time.Second, true}, {`0.5s`, 500 * time.Millisecond, true},
		{`440 Hz`, 440.0, true}, {`440 Hz`, 441.0, false}, {`010`, "010", true}, {`1:30`, "1:30", true},
		{`"null"`, "null", true}, {`"null"`, nil, false}, {`"200"`, "200", true}, {`"200"`, 200, true},
		{`"any"`, "x", false}, {`"/x/"`, "axb", true}, {`"2xx"`, 200, false}, {`""`, "", true},
		{`/carol@/`, "sip:carol@host", true}, {`/^b/`, "ab", false}, {`/a | b/`, "a | b", true},
		{`/a/ | /b/`, "b", true}, {`/a/ | /b/`, "c", false}, {`/x/`, nil, false}, {`/x/`, match.Absent{}, false},
		{`180..189`, 183, true}, {`180..189`, 190, false}, {`30dB..`, 31.5, true}, {`30dB..`, 29.9, false},
		{`..20ms`, 20 * time.Millisecond, true}, {`..20ms`, 21 * time.Millisecond, false}, {`1..2`, "2", true},
		{`..1kB`, 1000, true}, {`..1kB`, 1001, false}, {`1s..`, 1e9, true}, {`1Hz..`, time.Second, false},
		{`2..4s`, 3 * time.Second, true}, {`..5%`, 4, true}, {`3..`, nil, false},
		{`2xx`, 204, true}, {`2xx`, 302, false}, {`2xx`, "200", true},
		{`any`, nil, true}, {`any`, match.Absent{}, false}, {`set`, nil, false}, {`set`, 0, true},
		{`null`, nil, true}, {`null`, match.Absent{}, false}, {`absent`, match.Absent{}, true}, {`absent`, nil, false},
		{`not 200`, 404, true}, {`not 200`, 200, false}, {`not null`, nil, false}, {`not absent`, "x", true},
		{`486 | 603`, 603, true}, {`486 | 6xx`, 604, true}, {`486 | 603`, 600, false}, {`null | user_request`, nil, true},
		{`not /a/ | b`, "a", false}, {`not /a/ | ab`, "ab", true},
		{`$code`, 486, true}, {`$code`, 487, false}, {`$re`, "isfocus", false}, {`$re`, "x", true},
		{`$nothing`, nil, true}, {`$code + 1`, 487, true}, {`$code - 1`, 485, true}, {`$ms + 1`, 1020 * time.Millisecond, true},
		{`$list`, []any{a, c}, true}, {`$list`, []any{c, a}, false}, {`$list`, []any{a}, false},
		{`$map`, map[string]any{"on_hold": true, "x": 1}, true}, {`$map`, map[string]any{}, false},
		{`$bound`, 7, true}, {`$bound + 1`, 8, true}, {`$bound + 1`, 7, false}, {`not $bound`, 8, true}, {`$unbound`, 1, false},
		{`"/SIP.2.0.${transport}/"`, "SIP/2.0/udp", true}, {`${code} Busy`, "486 Busy", true},
		{`"${word} time"`, "tea time", true}, {`/${word}$/`, "green tea", true}, {`"${unbound}"`, "x", false},
		{`a`, a, true}, {`audio`, a, true}, {`chat`, a, false}, {`/aud/`, a, true},
		{`identical`, received(true), true}, {`identical`, received(false), false}, {`identical`, "x", false},
		{`dialog of carol#two`, "id;from-tag=2;to-tag=1", true}, {`dialog of carol#two`, "id;from-tag=3;to-tag=1", false},
		{`contact of carol#two`, "sip:c@h", true}, {`dialog of nobody`, "x", false}, {`let $x`, match.Absent{}, false},
	}
	for _, c := range cases {
		text, quoted := c.text, false
		if len(text) > 1 && text[0] == '"' {
			text, quoted = text[1:len(text)-1], true
		}
		m, err := match.ParseMatcher(text, quoted, resolve)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := m.Match(c.got, newEnvironment()); got != c.want {
			t.Errorf("%s on %#v (compiled to %s): %v, want %v", c.text, c.got, m, got, c.want)
		}
	}
}

func TestMatcherMistakes(t *testing.T) {
	for _, text := range []string{`/(/`, `5s..1s`, `1Hz..2s`, `$word + 1`, `1 | /(/`, `not /(/`} {
		m, err := match.ParseMatcher(text, false, func(string) (any, bool) { return "tea", true })
		if err == nil {
			t.Errorf("%s compiled to %s, want an error", text, m)
		}
	}
}

func TestLetBinds(t *testing.T) {
	env := newEnvironment()
	m, err := match.ParseMatcher("let $n", false, nil)
	if err != nil || !m.Match(3, env) || env.vars["n"] != 3 {
		t.Fatalf("let $n on 3: error %v, variables %v", err, maps.Clone(env.vars))
	}
	next, _ := match.ParseMatcher("$n + 1", false, nil)
	if !next.Match(4, env) || next.Match(3, env) {
		t.Error("$n + 1 should match 4 and not 3")
	}
}

func TestListAndMap(t *testing.T) {
	h := header{"uri": "sip:carol@host", "Replaces": "x;to-tag=1"}
	m := match.Map{"uri": match.Literal{Text: "sip:carol@host"}}
	if !m.Match(h, newEnvironment()) || (match.Map{"other": match.Any}).Match(h, newEnvironment()) {
		t.Error("a map should look at the parts of a header")
	}
	if !m.Match([]any{h}, newEnvironment()) || m.Match(match.Absent{}, newEnvironment()) {
		t.Error("a map should look at a header that is there once")
	}
	if got := (match.List{match.Any, m}).String(); got != "[any, {uri: sip:carol@host}]" {
		t.Errorf("a list prints as %s", got)
	}
	if !(match.List{}).Match([]string{}, nil) || (match.List{}).Match(nil, nil) {
		t.Error("[] should match an empty list and not null")
	}
}
