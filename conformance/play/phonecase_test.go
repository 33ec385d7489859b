package play_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// loadText reads a scenario with the given parties and steps.
func loadText(t *testing.T, text string) *scenario.Case {
	t.Helper()
	files := fstest.MapFS{"x.yaml": {Data: []byte("callflow: 1\nname: x\n" + text)}}
	cases, problems := scenario.Load(files, nil, scenario.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return cases[0]
}

// TestWithPhones: what is left out of a case, and what cannot be played without.
func TestWithPhones(t *testing.T) {
	const call = "\nsteps:\n  - alice: {call: bob}\n  - bob: accept\n"
	for name, test := range map[string]struct {
		text    string
		skip    string
		leftOut int
	}{
		"a plain call": {text: "parties: [alice, bob]" + call + `
  - expect:
      alice: [..., SIPSessionDidStart]
      bob: [SIPSessionNewIncoming, SIPSessionWillStart, ..., SIPSessionDidStart]
  - check: {alice: {state: connected}, bob: {state: connected}}
finally:
  bob: {sessions: 1}`, leftOut: 5},
		"nobody of that name": {text: "parties: [alice, carol]\nsteps:\n  - alice: {call: carol}\n  - carol: accept\n  - expect: {alice: [...], carol: [...]}\n",
			skip: "there is no party bob"},
		"a script": {text: "parties: {alice: {}, bob: {scripted: true}}\nsteps:\n  - alice: {call: bob}\n  - bob: {receive: INVITE}\n  - expect: {alice: [...]}\n",
			skip: "has scripted"},
		"settings": {text: "parties: {alice: {}, bob: {settings: {user_agent: x}}}" + call, skip: "has settings"},
		"TLS":      {text: "parties: [alice, bob]\nmatrix: {transport: [tls]}" + call, skip: "certificate"},
		"its API":  {text: "parties: [alice, bob]" + call + "  - bob: accept\n    error: illegal_state\n", skip: "no API"},
		"an observer": {text: "parties: [alice, bob]\nsteps:\n  - when: {bob: SIPSessionNewIncoming}\n    do: [accept]\n  - alice: {call: bob}\n",
			skip: "inside an observer"},
		"an instant that only it knows": {text: "parties: [alice, bob]" + call + `
  - expect:
      bob:
        - ...
        - SIPSessionDidStart:
          as: up
  - alice: end
    at: up + 5s`, skip: "up is something that only a party of ours can tell"},
		"a stand-in that fails": {text: "streams: {a: {type: audio, double: {start: {fail: no}}}}\nparties: [alice, bob]\nsteps:\n  - alice: {call: bob, streams: [a]}\n  - bob: accept\n",
			skip: "stand-in"},
	} {
		t.Run(name, func(t *testing.T) {
			changed, leftOut := play.WithPhones(loadText(t, test.text), "bob")
			if changed.Skip != test.skip && (test.skip == "" || !strings.Contains(changed.Skip, test.skip)) {
				t.Errorf("skipped because %q, expected %q", changed.Skip, test.skip)
			}
			if test.skip == "" && leftOut != test.leftOut {
				t.Errorf("%d expectations left out, expected %d", leftOut, test.leftOut)
			}
		})
	}
}
