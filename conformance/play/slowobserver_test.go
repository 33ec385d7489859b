package play

import (
	"runtime"
	"slices"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// TestSlowObservers plays the cases with several calls in one observer, and again
// with time between those calls for everybody else: the log is the same.
func TestSlowObservers(t *testing.T) {
	cases, problems := scenario.Load(scenarios.FS, nil, scenario.Options{Library: scenarios.FS})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	cases = slices.DeleteFunc(cases, func(c *scenario.Case) bool { return !callsSeveralTimes(c) })
	if len(cases) == 0 {
		t.Fatal("no case has several calls in one observer")
	}
	var quick []string
	All(cases, 2, PlayAndLog, func(r *Result) { quick = append(quick, r.Digest) })
	beforeCall = func() {
		for range 20_000 {
			runtime.Gosched()
		}
	}
	defer func() { beforeCall = func() {} }()
	i := 0
	All(cases, 2, PlayAndLog, func(r *Result) {
		if r.Verdict != Passed || r.Digest != quick[i] {
			t.Errorf("%s: %s, the same log: %v", r.Case.FullName(), r.Verdict, r.Digest == quick[i])
		}
		i++
	})
}

func callsSeveralTimes(c *scenario.Case) (several bool) {
	eachStep(c.Steps, func(s *scenario.Step) {
		if w, ok := s.Verb.(*scenario.When); ok && len(w.Do) > 1 {
			several = true
		}
	})
	return several
}
