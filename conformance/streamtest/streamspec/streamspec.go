// Package streamspec is the contract of streams (package streamtest) for suites that are written with Ginkgo:
//
//	var _ = streamspec.Describe("text stream", fixture)
//
// or, where go test -count is to run the suite more than once, inside of [RunSpecs].
//
// It is a package of its own so that those who do without Ginkgo do not get its flags.
package streamspec

import (
	"github.com/onsi/ginkgo/v2"

	"github.com/go-sipsimple/callflow/conformance/streamtest"
)

// Describe makes a container with one spec for each clause, labelled "level 1" or "level 2". Clauses that do not apply are
// skipped with the reason. The result only serves to call it at the top level of a file.
func Describe(text string, f streamtest.Fixture, decorators ...any) bool {
	body := func() {
		for _, c := range streamtest.Clauses() {
			ginkgo.It(c.Title(), ginkgo.Label(levels[c.Level()]), func() { check(c, f) })
		}
	}
	return ginkgo.Describe(text, append(decorators, body)...)
}

var levels = map[int]string{1: "level 1", 2: "level 2"}

// check is one spec.
func check(c streamtest.Clause, f streamtest.Fixture) {
	r := c.Check(f)
	for _, failure := range r.Failures {
		ginkgo.Fail(failure.Error())
	}
	switch r.Outcome {
	case streamtest.NotApplicable:
		ginkgo.Skip(string(r.Outcome) + ": " + r.Reason)
	case streamtest.NotReached:
		ginkgo.Fail(r.String())
	}
}
