package streamtest

import (
	"fmt"
	"slices"
	"strings"
)

// Clause is one rule of the contract.
type Clause struct {
	Number int    // as in the specification
	Says   string // the rule in a sentence
	check  func(w *world)
}

// Level is 1 for what every stream owes, 2 for what makes it complete: updates, hold, concurrency.
func (c Clause) Level() int {
	if c.Number < 50 || c.Number >= 70 && c.Number <= 85 {
		return 1
	}
	return 2
}

// Title is what a test of the clause is called.
func (c Clause) Title() string { return fmt.Sprintf("clause %d: %s", c.Number, c.Says) }

// Clauses lists the whole contract, in order.
func Clauses() []Clause {
	all := slices.Concat(classClauses, descriptionClauses, initializeClauses, localMediaClauses, startClauses, updateClauses,
		holdClauses, endClauses, lateClauses, conductClauses)
	slices.SortFunc(all, func(a, b Clause) int { return a.Number - b.Number })
	return all
}

// Outcome is how a clause went.
type Outcome string

// The outcomes.
const (
	Kept          Outcome = "kept"
	Violated      Outcome = "violated"
	NotApplicable Outcome = "not applicable" // the clause does not concern the stream, or the fixture lacks what it needs
	NotReached    Outcome = "not reached"    // what comes before it failed, which violates another clause
)

// Result is the verdict on one clause.
type Result struct {
	Clause   Clause
	Outcome  Outcome
	Reason   string // of NotApplicable and NotReached
	Failures []Failure
}

// Failure is one violation.
type Failure struct {
	Clause Clause
	Did    string // what the kit did
	Came   string // what came of it
}

// Error tells all of it.
func (f Failure) Error() string {
	inside := func(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n        ") }
	return fmt.Sprintf("clause %d is violated\n  done: %s\n  came: %s\n  says: %s", f.Clause.Number, inside(f.Did), inside(f.Came),
		f.Clause.Says)
}

// String is the verdict, for a report.
func (r Result) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%-14s %s", r.Outcome, r.Clause.Title())
	if r.Reason != "" {
		fmt.Fprintf(&text, " (%s)", r.Reason)
	}
	for _, f := range r.Failures {
		fmt.Fprintf(&text, "\n%v", f)
	}
	return text.String()
}
