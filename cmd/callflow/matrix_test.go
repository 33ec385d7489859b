package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/peers"
	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
)

// TestTabulate: what is known to fail must fail, and the exit code says what is
// not as it should be.
func TestTabulate(t *testing.T) {
	outcome := func(id string, v play.Verdict) *report.Outcome {
		return &report.Outcome{ID: id, Peer: "desk", Place: "bob", Verdict: v}
	}
	known := &peers.Known{Peer: "desk", Scenario: "b", Because: "it rings"}
	for name, c := range map[string]struct {
		known    []*peers.Known
		outcomes []*report.Outcome
		code     int
		words    string
	}{
		"all well":           {nil, []*report.Outcome{outcome("a", play.Passed), outcome("b", play.Skipped)}, 0, "ok skip"},
		"a failure":          {nil, []*report.Outcome{outcome("a", play.Passed), outcome("b", play.Failed)}, 1, "ok FAIL"},
		"a known failure":    {[]*peers.Known{known}, []*report.Outcome{outcome("a", play.Passed), outcome("b", play.Failed)}, 0, "ok known"},
		"it passes":          {[]*peers.Known{known}, []*report.Outcome{outcome("a", play.Passed), outcome("b", play.Passed)}, 1, "ok FIXED"},
		"it is not there":    {[]*peers.Known{known}, []*report.Outcome{outcome("a", play.Passed)}, 1, "ok"},
		"broken":             {nil, []*report.Outcome{outcome("a", play.Failed), outcome("b", play.Broken)}, 3, "FAIL BROKEN"},
		"nothing was played": {nil, []*report.Outcome{outcome("a", play.Skipped)}, 2, "skip"},
	} {
		table, err := tabulate(&peers.File{Known: c.known}, c.outcomes)
		code := exitOK
		if e, ok := errors.AsType[exit](err); ok {
			code = e.code
		}
		var words []string
		for _, row := range table.Rows {
			words = append(words, table.Cells[report.Cell{Row: row, Column: "desk as bob"}].Word)
		}
		if got := strings.Join(words, " "); code != c.code || got != c.words {
			t.Errorf("%s: exit %d, %s; expected %d, %s", name, code, got, c.code, c.words)
		}
	}
}

// TestMatrixInput: mistakes in a peers file, and a phone that is not there.
func TestMatrixInput(t *testing.T) {
	write(t, map[string]string{
		"brief.yaml":   good,
		"wrong.yaml":   "callflow: 1\npeers:\n  a: {exec: true, more: 1}\nscenarios: [brief.yaml]\n",
		"nobody.yaml":  "callflow: 1\npeers: {a: {exec: /nonexistent/phone}}\nscenarios: [brief.yaml]\nparties: [bob]\n",
		"nowhere.yaml": "callflow: 1\npeers: {a: {exec: /nonexistent/phone}}\nscenarios: [brief.yaml]\nparties: [dave]\n",
	})
	for _, c := range []struct {
		args []string
		code int
		said string
	}{
		{[]string{"matrix", "wrong.yaml"}, 2, `wrong.yaml:3:19: unknown key "more"`},
		{[]string{"matrix", "none.yaml"}, 2, "no such file"},
		{[]string{"matrix", "nobody.yaml"}, 3, "a as bob"},
		{[]string{"matrix", "nobody.yaml"}, 3, "/nonexistent/phone: no such file"},
		{[]string{"matrix", "nowhere.yaml"}, 2, "no case has a party"},
		{[]string{"matrix", "nobody.yaml", "--address", "x"}, 2, `--address "x"`},
	} {
		code, out, err := rawRun(c.args...)
		if code != c.code || !strings.Contains(out+err, c.said) {
			t.Errorf("callflow %s: exit %d, want %d with %q\n%s\n%s", strings.Join(c.args, " "), code, c.code, c.said, out, err)
		}
	}
}
