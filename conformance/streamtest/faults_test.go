package streamtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/streamtest"
)

func allFaults() []fault {
	return slices.Concat(madeFaults, initializeFaults, mediaFaults, startFaults, updateFaults, holdFaults, endFaults, conductFaults)
}

// TestEveryClauseHasAFault: no clause goes unproved.
func TestEveryClauseHasAFault(t *testing.T) {
	faults := allFaults()
	for i, c := range streamtest.Clauses() {
		if c.Number != i+1 {
			t.Errorf("clause %d is number %d", i+1, c.Number)
		}
		if !slices.ContainsFunc(faults, func(f fault) bool { return f.clause == c.Number }) {
			t.Errorf("no stream is broken for clause %d", c.Number)
		}
	}
}

// TestFaults: each broken stream violates its own clause and no other.
func TestFaults(t *testing.T) {
	for _, f := range allFaults() {
		t.Run(fmt.Sprint(f.clause, " ", f.name), func(t *testing.T) {
			t.Parallel()
			for _, c := range streamtest.Clauses() {
				r := c.Check(fixtureOf(f))
				switch {
				case c.Number == f.clause && r.Outcome != streamtest.Violated:
					t.Errorf("not caught: %v", r)
				case c.Number == f.clause:
					for _, part := range []string{fmt.Sprintf("clause %d is violated", f.clause), "done: ", "came: ", "says: " + c.Says} {
						if !strings.Contains(r.Failures[0].Error(), part) {
							t.Errorf("the failure does not tell %q: %v", part, r.Failures[0])
						}
					}
				case r.Outcome == streamtest.Violated:
					t.Errorf("caught by another clause: %v", r)
				}
			}
		})
	}
}

// TestNoFault: the same streams without a fault keep everything.
func TestNoFault(t *testing.T) {
	for _, chat := range []bool{false, true} {
		for _, r := range streamtest.Check(fixtureOf(fault{chat: chat})) {
			if r.Outcome == streamtest.Violated || r.Outcome == streamtest.NotReached {
				t.Error(r)
			}
		}
	}
}
