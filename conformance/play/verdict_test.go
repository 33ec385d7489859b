package play_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// heading begins every file below: two parties, a double.
const heading = `callflow: 1
name: test
streams: {a: {type: audio, double: true}}
parties: [alice, bob]
`

// established is a call of the two, consumed.
const established = `
  - alice: {call: bob, streams: [a]}
  - bob: {accept: [a]}
  - expect:
      alice, bob: [..., SIPSessionDidStart]
`

// ended is its end, consumed.
const ended = `
  - alice: end
  - expect:
      alice, bob: [..., SIPSessionDidEnd]
`

func load(t *testing.T, text string) *scenario.Case {
	t.Helper()
	files := fstest.MapFS{"test.yaml": {Data: []byte(text)}}
	cases, problems := scenario.Load(files, nil, scenario.Options{Library: scenarios.FS})
	if len(problems) > 0 {
		t.Fatal(problems.String() + text)
	}
	return cases[0]
}

// TestVerdicts: what is wrong is said, in so many words; "" passes.
func TestVerdicts(t *testing.T) {
	cases := []struct {
		what, text string
		want       string // part of the first failure
	}{
		{"a whole call", heading + "steps:" + established + ended, ""},
		{"nothing is consumed", heading + "steps:\n  - alice: {call: bob, streams: [a]}\n",
			"t = 0.000 s: alice: posted, and nothing in the file expects it: 0.000 s  SIPSessionNewOutgoing {streams: [a]}"},
		{"the end is not consumed", heading + "steps:" + established + "  - alice: end\n",
			"alice: posted, and nothing in the file expects it: 0.030 s  SIPSessionWillEnd {originator: local}"},
		{"left alone on purpose", heading + "steps:" + established + "  - alice: end\n  - expect:\n      alice, bob: [...]\n", ""},
		{"another field", heading + "steps:\n  - alice: {call: bob, streams: [a]}\n  - bob: {reject: 486}\n" +
			"  - expect:\n      alice: [..., SIPSessionDidFail: {code: 603}]\n      bob: [...]\n",
			"alice: expected SIPSessionDidFail {code: 603}: nothing is scheduled: nothing has happened since 0.030 s"},
		{"another order", heading + "steps:" + established + "  - alice: end\n" +
			"  - expect:\n      alice: [SIPSessionDidEnd, ...]\n      bob: [...]\n",
			"alice: expected SIPSessionDidEnd, got SIPSessionWillEnd {originator: local}"},
		{"a state that never comes", heading + "limit: 5s\nsteps:\n  - alice: {call: bob, streams: [a]}\n  - alice: ring\n",
			"alice: ring: waiting to ring: that is allowed in state [incoming received_proposal], and the session is outgoing"},
		{"something is still to come", heading + "limit: 50s\nsteps:\n  - alice: {call: bob, streams: [a]}\n  - bob: ring\n" +
			"  - expect:\n      alice: [..., SIPSessionDidStart]\n      bob: [...]\n",
			"did not happen within 50s; the next thing to happen is at 90.000 s: alice: MediaStreamWillEnd"},
		{"nothing is to come", heading + "steps:" + established + "  - expect:\n      alice: [SIPSessionDidEnd]\n",
			"nothing is scheduled: nothing has happened since 0.030 s, and nothing will\nalice: the session bob is connected\nbob: the session alice is connected"},
		{"it is over already", heading + "steps:" + established + "  - expect: {wire: [..., alice > bob: INVITE]}\n",
			"wire: expected {alice > bob: INVITE}: nothing is scheduled: nothing has happened since 0.030 s"},
		{"nobody calls", heading + "steps:\n  - bob: accept\n  - expect:\n      alice: []\n",
			"bob: accept: waiting to accept: bob has no session"},
		{"nobody has started", "callflow: 1\nname: none\nparties: {alice: {start: manual}}\nsteps:\n  - expect:\n      alice: [SIPSessionNewOutgoing]\n",
			"and nothing will\nalice: has not been started"},
		{"an error that does not come", heading + "steps:\n  - alice: {call: bob, streams: [a]}\n  - expect:\n      bob: [SIPSessionNewIncoming]\n" +
			"  - bob: ring\n    error: illegal_state\n", "expected  the error illegal_state"},
		{"another error", heading + "steps:" + established + "  - bob: accept\n    error: argument\n", "expected  the error argument"},
		{"the error", heading + "steps:" + established + "  - bob: accept\n    error: illegal_state\n" + ended, ""},
		{"an attribute", heading + "steps:" + established + "  - check:\n      alice: {state: terminated}\n",
			"check alice: state: expected terminated, got connected"},
		{"the last check", heading + "steps:" + established + ended + "finally:\n  alice: {sessions: 1}\n",
			"finally: alice: sessions: expected 1, got 0"},
		{"an attribute that becomes true", heading + "steps:\n  - alice: {call: bob, streams: [a]}\n  - bob: {accept: [a]}\n" +
			"  - within: 1s\n    check:\n      alice: {state: connected}\n  - expect:\n      alice, bob: [..., SIPSessionDidStart]\n", ""},
		{"a fault without effect", heading + "network:\n  - drop: {alice > bob: REFER}\nsteps:" + established + ended,
			"this fault was never hit"},
		{"a fault hit too often", heading + "network:\n  - drop: {alice > bob: INVITE}\n    times: 2\n    first: 1\nsteps:" + established + ended,
			"this fault was hit 1 times, expected 2"},
		{"a when that does not fire", heading + "steps:\n  - when: {bob: SIPSessionTransferNewIncoming}\n    do: end\n" + established[1:] + ended,
			"this when never fired"},
		{"a call in an observer that fails", heading + "steps:\n  - when: {bob: SIPSessionNewIncoming}\n    do:\n      - {accept: [a]}\n" +
			"      - {accept: [a]}\n  - alice: {call: bob, streams: [a]}\n  - expect:\n      alice, bob: [..., SIPSessionDidStart]\n",
			"bob: accept in the observer of SIPSessionNewIncoming: the call failed: Accept cannot be called in state accepting"},
		{"wire", heading + "steps:" + established + "  - alice: end\n  - expect:\n      alice, bob: [..., SIPSessionDidEnd]\n" +
			"      wire: [{alice > bob: BYE}]\n", "wire: expected nothing more, got 200 BYE"},
		{"silence that is none", heading + "steps:" + established + "  - alice: end\n    at: start + 10s\n" +
			"  - for: 5s\n    expect:\n      alice: []\n", "alice: expected nothing more, got SIPSessionWillEnd {originator: local}"},
		{"together must not wait", heading + "steps:\n  - alice: {call: bob, streams: [a]}\n  - together: [{bob: accept}, {alice: end}]\n",
			"had to wait 10ms, and together is the same instant"},
		{"an instant that is over", heading + "steps:" + established + "  - alice: end\n    at: start + 1ms\n", "at start + 1ms is over"},
		{"the budget", heading + "budget: {virtual: 10s}\nsteps:" + established + ended, "of virtual time, and the file allows 10s"},
		{"nobody hears", strings.Replace(heading, "streams: {a: {type: audio, double: true}}\n", "", 1) + "steps:\n" +
			"  - alice: {call: bob}\n  - bob: accept\n  - expect:\n      alice, bob: [..., SIPSessionDidStart]\n" +
			"  - listen: 1s\n    bob hears alice: {tone: 440 Hz}\n", "tone: expected 440 Hz, got absent"},
	}
	for _, c := range cases {
		r := play.Play(load(t, c.text))
		switch {
		case c.want == "" && r.Verdict != play.Passed:
			t.Errorf("%s: %v", c.what, r.Failures)
		case c.want != "" && r.Verdict != play.Failed:
			t.Errorf("%s: verdict %v, want the failure %q", c.what, r.Verdict, c.want)
		case c.want != "" && !strings.Contains(everything(r), c.want):
			t.Errorf("%s: want %q, got\n%s", c.what, c.want, everything(r))
		}
	}
}

func everything(r *play.Result) string {
	var b strings.Builder
	for _, f := range r.Failures {
		b.WriteString(f.String() + "\n" + strings.Join(f.Details, "\n") + "\n")
	}
	return b.String()
}
