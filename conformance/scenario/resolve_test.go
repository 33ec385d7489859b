package scenario_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// load resolves one file that begins with the usual head.
func load(t *testing.T, opts scenario.Options, text string, more ...string) []*scenario.Case {
	t.Helper()
	root := fstest.MapFS{"a/test.yaml": {Data: []byte("callflow: 1\nname: test\n" + text)}}
	for i := 0; i+1 < len(more); i += 2 {
		root[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	cases, problems := scenario.Load(root, []string{"a/test"}, opts)
	if problems != nil {
		t.Fatal(problems.Error())
	}
	return cases
}

func namesOf(cases []*scenario.Case) string {
	var list []string
	for _, c := range cases {
		list = append(list, c.FullName())
	}
	return strings.Join(list, " ")
}

const talk = "parties: [alice, bob]\nsteps:\n  - alice: {call: bob}\n  - bob: {reject: $code}\n"

func TestCasesMultiply(t *testing.T) {
	cases := load(t, scenario.Options{}, `
matrix: {transport: [udp, tcp], codec: [PCMU, PCMA]}
cases: [{name: busy, code: 486}, {name: declined, code: 603}]
except: [{transport: tcp, codec: PCMA}, {name: declined, transport: tcp}]
`+talk)
	want := "a/test[busy,udp,PCMU] a/test[busy,udp,PCMA] a/test[busy,tcp,PCMU] a/test[declined,udp,PCMU] a/test[declined,udp,PCMA]"
	if got := namesOf(cases); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	if k := cases[2].Knobs; k != (scenario.Knobs{Transport: "tcp", Codec: "PCMU", Latency: 10 * time.Millisecond, IP: 4, SRTP: "off"}) {
		t.Errorf("knobs %+v", k)
	}
}

func TestCasesAreNamedByTheirValues(t *testing.T) {
	cases := load(t, scenario.Options{}, "cases: [{code: 486, why: x}, {code: 603, why: y}]\n"+talk+"    if: $why != z\n")
	if got := namesOf(cases); got != "a/test[486,x] a/test[603,y]" {
		t.Fatal(got)
	}
}

func TestSeeds(t *testing.T) {
	one := load(t, scenario.Options{}, "cases: [{code: 486}]\n"+talk)
	two := load(t, scenario.Options{}, "cases: [{code: 603}, {code: 486}]\n"+talk)
	if one[0].Seed != two[1].Seed || two[0].Seed == two[1].Seed {
		t.Errorf("a new case disturbs the seed of another: %d, %d %d", one[0].Seed, two[0].Seed, two[1].Seed)
	}
	seeded := load(t, scenario.Options{}, "seed: 7\ncases: [{code: 486}]\n"+talk)
	seed := uint64(7)
	forced := load(t, scenario.Options{Seed: &seed}, "cases: [{code: 486}]\n"+talk)
	if seeded[0].Seed == one[0].Seed || seeded[0].Seed != forced[0].Seed {
		t.Errorf("seeds %d, %d and %d", one[0].Seed, seeded[0].Seed, forced[0].Seed)
	}
}

func TestOverrides(t *testing.T) {
	text := "vars: {code: 486, wait: \"${code}s\"}\nlimit: $wait\n" + talk
	c := load(t, scenario.Options{Vars: map[string]string{"code": "603", "latency": "5ms"}}, text)[0]
	if c.Limit != 603*time.Second || c.Knobs.Latency != 5*time.Millisecond {
		t.Errorf("limit %v, latency %v", c.Limit, c.Knobs.Latency)
	}
	if call := c.Steps[1].Verb.(*scenario.Call); call.Arg != "603" {
		t.Errorf("reject %v", call.Arg)
	}
	cases := load(t, scenario.Options{Vars: map[string]string{"code": "600"}}, "matrix: {code: [486, 603]}\n"+talk)
	if got := namesOf(cases); got != "a/test[600]" {
		t.Errorf("an override of a column leaves %s", got)
	}
}

func TestVariableHoldsAnything(t *testing.T) {
	c := load(t, scenario.Options{}, `
vars: {streams: [audio], do: {reject: 486, reason: "x, y"}, lines: {audio: sendrecv, lines: 1}}
parties: [alice, bob]
steps:
  - alice: {call: bob, streams: $streams}
  - bob: $do
  - expect: {wire: [{alice > bob: {INVITE: {sdp: $lines}}}]}
`)[0]
	if call := c.Steps[0].Verb.(*scenario.Call); !slices.Equal(call.Params["streams"].([]string), []string{"audio"}) {
		t.Errorf("streams %v", call.Params["streams"])
	}
	if call := c.Steps[1].Verb.(*scenario.Call); call.Name != "reject" || call.Arg != "486" || call.Params["reason"] != "x, y" {
		t.Errorf("call %+v", call)
	}
	sdp := c.Steps[2].Verb.(*scenario.Expect).Wire.Order[0].Fields["sdp"]
	if sdp.String() != "{audio: sendrecv, lines: 1}" {
		t.Errorf("sdp %s", sdp)
	}
}

func TestConditions(t *testing.T) {
	cases := load(t, scenario.Options{}, `
cases: [{name: a, ring: yes, n: 2}, {name: b, ring: no, n: 0}]
parties: [alice, bob]
steps:
  - alice: {call: bob}
  - bob: ring
    if: $ring
  - expect:
      alice:
        - SIPSessionNewOutgoing
        - SIPSessionGotRingIndication:
          if: $ring = yes
          times: $n
        - SIPSessionWillStart:
          if: $ring != yes
`)
	for i, want := range []struct{ steps, items int }{{3, 2}, {2, 2}} {
		steps := cases[i].Steps
		items := steps[len(steps)-1].Verb.(*scenario.Expect).Views[0].Items
		if len(steps) != want.steps || len(items) != want.items {
			t.Errorf("case %s has %d steps and %d items, want %+v", cases[i].Name, len(steps), len(items), want)
		}
	}
	item := cases[0].Steps[2].Verb.(*scenario.Expect).Views[0].Items[1]
	if item.Times != (match.Range{From: 2, To: 2, Set: true}) {
		t.Errorf("times %+v", item.Times)
	}
}

func TestRounds(t *testing.T) {
	c := load(t, scenario.Options{}, `
parties: {bob: {}, p: {scripted: true}}
steps:
  - with: [{one: sendonly, two: 1}, {one: inactive, two: 2}]
    repeat:
      - p: {request: INVITE, to: bob, sdp: {audio: $one}, cseq: $two}
        as: sent
  - repeat: [{p: {receive: 200}}]
    times: 3
  - check: {bob: {sessions: 1}}
    after: sent
`)[0]
	rounds := c.Steps[0].Verb.(*scenario.RepeatSteps).Rounds
	if len(rounds) != 2 || len(c.Steps[1].Verb.(*scenario.RepeatSteps).Rounds) != 3 {
		t.Fatalf("%d rounds", len(rounds))
	}
	script := rounds[1][0].Verb.(*scenario.Script)
	if line := script.Params["sdp"].(*scenario.SDPSpec).Lines[0]; line.Value != "inactive" || script.Params["cseq"] != "2" {
		t.Errorf("second round: %+v", script.Params)
	}
}

const part = `callflow: 1
part: up
params: {caller: alice, callee: bob, code: 486}
parties: [alice, bob]
steps:
  - $caller: {call: $callee}
    as: call
  - $callee#$caller: {reject: $code}
    at: call + 1s
  - expect:
      $caller#call: [...]
`

func TestParts(t *testing.T) {
	c := load(t, scenario.Options{}, `
include: [parts/up.yaml]
parties: [carol, dave]
steps:
  - run: up
    with: {caller: carol, callee: dave}
    as: one
  - run: up
    with: {caller: dave, callee: carol, code: 603}
  - carol#one: end
    after: one.call
`, "parts/up.yaml", part)[0]
	first, second := c.Steps[0].Verb.(*scenario.Part), c.Steps[1].Verb.(*scenario.Part)
	call := first.Steps[0]
	if call.As != "one.call" || call.Session != "one" || c.Steps[0].As != "one" {
		t.Errorf("the call of the part is %q, its label %q", call.Session, call.As)
	}
	if view := first.Steps[2].Verb.(*scenario.Expect).Views[0].Subject.String(); view != "carol#one" {
		t.Errorf("view %s", view)
	}
	if in := first.Steps[1].At; in.Label != "one.call" || in.Offset[0] != time.Second {
		t.Errorf("instant %+v", in)
	}
	if subject := first.Steps[1].Verb.(*scenario.Call).Subjects[0].String(); subject != "dave#carol" {
		t.Errorf("subject %s", subject)
	}
	hidden := second.Steps[0]
	if hidden.As == "call" || hidden.As != hidden.Session || !strings.HasSuffix(hidden.As, ".call") {
		t.Errorf("hidden label %q, session %q", hidden.As, hidden.Session)
	}
	if arg := second.Steps[1].Verb.(*scenario.Call).Arg; arg != "603" {
		t.Errorf("parameter %v", arg)
	}
	if subject := c.Steps[2].Verb.(*scenario.Call).Subjects[0].String(); subject != "carol#one" {
		t.Errorf("subject outside %s", subject)
	}
}

func TestPartRunsAlone(t *testing.T) {
	cases, problems := scenario.Load(fstest.MapFS{"up.yaml": {Data: []byte(part)}}, nil, scenario.Options{})
	if problems != nil || len(cases) != 1 || cases[0].Title != "up" {
		t.Fatalf("%d cases, %v", len(cases), problems)
	}
}

func TestInstants(t *testing.T) {
	c := load(t, scenario.Options{}, `
vars: {limit: 32s}
parties: [alice, bob]
steps:
  - alice: {call: bob}
    as: call
  - bob: accept
    at: call + $limit - 500ms
  - alice: end
    after: 2s
  - expect:
      wire:
        - alice > bob: INVITE
          at: call + 1s + [0s, 0.5s]
        - alice > bob: BYE
          at: call + 2.1s..4s
`)[0]
	if in := c.Steps[1].At; in.Label != "call" || in.Offset[0] != 31500*time.Millisecond {
		t.Errorf("%+v", in)
	}
	if in := c.Steps[2].After; in.Label != "" || in.Offset[0] != 2*time.Second {
		t.Errorf("%+v", in)
	}
	order := c.Steps[3].Verb.(*scenario.Expect).Wire.Order
	if in := order[0].At; !in.List || !slices.Equal(in.Offset, []time.Duration{time.Second, 1500 * time.Millisecond}) || order[0].Times.From != 2 {
		t.Errorf("%+v, times %+v", in, order[0].Times)
	}
	if in := order[1].At; in.Offset[0] != 2100*time.Millisecond || in.Upto != 4*time.Second {
		t.Errorf("%+v", in)
	}
}

func TestMessages(t *testing.T) {
	c := load(t, scenario.Options{}, `
vars: {code: 200}
parties: [alice, bob]
steps:
  - alice: {call: bob}
  - expect:
      wire:
        - alice > bob: INVITE
        - alice x> bob: {$code: {reason: OK, Contact: /alice/}}
        - bob > alice: 200 BYE
`)[0]
	order := c.Steps[1].Verb.(*scenario.Expect).Wire.Order
	request, answer, bye := order[0], order[1], order[2]
	if !request.Fields["code"].Match(match.Absent{}, nil) || !request.Fields["method"].Match("INVITE", nil) {
		t.Errorf("request %v", request.Fields)
	}
	if !answer.Lost || answer.Name != "alice > bob" || !answer.Fields["code"].Match(200, nil) || answer.Fields["method"] != nil {
		t.Errorf("answer %+v", answer)
	}
	if !bye.Fields["method"].Match("BYE", nil) || !bye.Fields["code"].Match(200, nil) {
		t.Errorf("answer to BYE %v", bye.Fields)
	}
}

func TestWatch(t *testing.T) {
	c := load(t, scenario.Options{}, `
parties: {alice: {watch: [application, MediaStreamDid*]}, bob: {}}
steps:
  - alice: {call: bob}
`)[0]
	for _, test := range []struct {
		patterns []string
		name     string
		want     bool
	}{
		{c.Watch, "SIPSessionDidStart", true},
		{c.Watch, "SIPSessionManagerDidStart", false},
		{c.Watch, "MediaStreamDidStart", false},
		{c.Parties[0].Watch, "SIPSessionManagerDidEnd", true},
		{c.Parties[0].Watch, "SIPSessionDidStart", false},
		{c.Parties[0].Watch, "MediaStreamDidEnd", true},
		{c.Parties[0].Watch, "MediaStreamWillEnd", false},
	} {
		if got := scenario.Watched(test.patterns, test.name); got != test.want {
			t.Errorf("%s watched by %v: %v", test.name, test.patterns, got)
		}
	}
}

// TestLibrary: a file outside may include the parts that come with the program.
func TestLibrary(t *testing.T) {
	root := fstest.MapFS{"mine.yaml": {Data: []byte("callflow: 1\nname: mine\ninclude: [parts/up.yaml]\nparties: [alice, bob]\nsteps: [run: up]\n")}}
	library := fstest.MapFS{"parts/up.yaml": {Data: []byte(part)}}
	if cases, problems := scenario.Load(root, nil, scenario.Options{Library: library}); problems != nil || len(cases) != 1 {
		t.Fatalf("%d cases, %v", len(cases), problems)
	}
}
