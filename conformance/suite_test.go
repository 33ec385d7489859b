package conformance_test

import (
	"path"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

func TestScenarios(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "call flows")
}

// One spec for each case, with the folder and the tags as labels. A case that
// deadlocks, leaks or panics fails its own spec only.
var _ = Describe("scenario", func() {
	cases, problems := scenario.Load(scenarios.FS, nil, scenario.Options{Library: scenarios.FS, Prefix: "scenarios/"})
	It("files have no mistakes", func() {
		Expect(problems).To(BeEmpty(), problems.String())
		Expect(cases).NotTo(BeEmpty())
	})
	for _, c := range cases {
		labels := append(Label(path.Dir(c.ID)), c.Tags...)
		It(c.FullName(), labels, func() {
			r := play.Play(c)
			switch r.Verdict {
			case play.Skipped:
				Skip(r.Reason)
			case play.Failed, play.Broken:
				Fail(failureOf(r))
			}
		})
	}
})

// failureOf is what the command would print.
func failureOf(r *play.Result) string {
	var text strings.Builder
	t := report.Text{Out: &text}
	t.Begin(r.Case.FullName(), "")
	t.Case(r)
	return text.String()
}
