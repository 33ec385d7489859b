package streamtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/simnet"
)

// Run checks all clauses, each in a subtest of its own.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	var missed []string
	violated := false
	for _, c := range Clauses() {
		t.Run(c.Title(), func(t *testing.T) {
			r := c.Check(f)
			for _, failure := range r.Failures {
				t.Error(failure)
			}
			violated = violated || r.Outcome == Violated
			if r.Outcome == NotReached {
				missed = append(missed, r.String())
			}
			if r.Reason != "" {
				t.Skipf("%s: %s", r.Outcome, r.Reason)
			}
		})
	}
	if len(missed) > 0 && !violated {
		t.Errorf("some clauses were not reached, and no other is violated:\n%s", strings.Join(missed, "\n"))
	}
}

// Check checks all clauses and returns the verdicts, in order.
func Check(f Fixture) []Result {
	var results []Result
	for _, c := range Clauses() {
		results = append(results, c.Check(f))
	}
	return results
}

// Check checks one clause in a bubble of virtual time. It must not be called inside of one.
func (c Clause) Check(f Fixture) Result {
	result := Result{Clause: c, Outcome: Kept}
	w := &world{f: &f, clause: c, did: "made streams"}
	err := simnet.Bubble(func() { w.run(c.check) })
	if err != nil {
		w.failf("%v", err) // a deadlock, a leak, a panic of another goroutine
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	result.Failures = w.failures
	switch {
	case len(w.failures) > 0:
		result.Outcome = Violated
	case w.stop != nil:
		result.Outcome, result.Reason = w.stop.outcome, w.stop.reason
	}
	return result
}

// stop ends the check of a clause without a verdict.
type stop struct {
	outcome Outcome
	reason  string
}

// run runs a check and cleans up behind it.
func (w *world) run(check func(w *world)) {
	defer w.close()
	defer func() {
		switch value := recover().(type) {
		case nil:
		case *stop:
			w.stop = value
		default:
			panic(value)
		}
	}()
	w.open()
	check(w)
}

// applies ends the check unless the clause concerns the stream.
func (w *world) applies(ok bool, why string) {
	if !ok {
		panic(&stop{NotApplicable, why})
	}
}

// reach ends the check when what comes before it has failed.
func (w *world) reach(ok bool, format string, args ...any) {
	if !ok {
		panic(&stop{NotReached, fmt.Sprintf(format, args...)})
	}
}
