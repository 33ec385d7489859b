package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
	"github.com/go-sipsimple/callflow/conformance/rows"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// row is a row or clause and its evidence.
type row struct {
	Row       string   `json:"row"`
	Scenarios []string `json:"scenarios"`
	Tests     []string `json:"tests"`   // Go tests
	Verdict   string   `json:"verdict"` // pass, fail, none, or test: Go tests, which were not run here
}

func newCoverage() *cobra.Command {
	s := &selection{}
	asJSON, runTests := false, false
	cmd := &cobra.Command{
		Use:   "coverage [FILE | FOLDER | BUILT-IN]...",
		Short: "Play scenarios and print, for each row of the API table and each clause, what proves it; gaps first",
		Long: "Play scenarios and print, for each row of the API table and each clause that they name, the scenarios that\n" +
			"prove it and how they ended. Rows that nothing proves come first.\n\n" +
			"Some rows are about the Go API, or about objects that no scenario sees: Go tests prove those. Their verdict is\n" +
			"\"test\", that they exist and belong to \"go test ./...\", unless --go-test runs them here, which needs the go\n" +
			"command and the sources of callflow.",
		Example: "  callflow coverage\n  callflow coverage --go-test\n  callflow coverage --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			job := &job{load: func() ([]*scenario.Case, error) { return s.load(cmd, args) }, play: play.Play}
			outcomes, err := job.perform(cmd, func([]*report.Outcome) {}, func(*report.Outcome) {})
			if err != nil {
				return err
			}
			tests := map[rows.Test]string{}
			if runTests {
				if tests, err = goTests(cmd.Context(), rows.Tests()); err != nil {
					return err
				}
			}
			list := evidence(outcomes, tests)
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(map[string]any{"rows": list})
			}
			printRows(cmd.OutOrStdout(), list)
			return nil
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&runTests, "go-test", false, "run the Go tests that are evidence, too")
	return cmd
}

func printRows(out io.Writer, list []row) {
	items, proved, inTable, byTests := map[string]string{}, 0, 0, 0
	for _, r := range rows.All() {
		items[r.ID] = r.Item
	}
	for _, r := range list {
		text := strings.Join(slices.Concat(r.Scenarios, r.Tests), " ")
		if text == "" {
			text = "(" + items[r.Row] + ")"
		}
		fmt.Fprintf(out, "%-24s %-6s %s\n", r.Row, r.Verdict, text)
		if items[r.Row] != "" {
			inTable++
			switch r.Verdict {
			case "pass":
				proved++
			case "test":
				proved, byTests = proved+1, byTests+1
			}
		}
	}
	fmt.Fprintf(out, "\n%d of %d rows are proved", proved, inTable)
	if byTests > 0 {
		fmt.Fprintf(out, ", %d of them by Go tests, which --go-test runs here", byTests)
	}
	fmt.Fprintln(out)
}

// evidence lists the rows of the table, and the clauses and decisions that the
// cases name. Those without a verdict come first. tests has the verdicts of the
// Go tests that were run.
func evidence(outcomes []*report.Outcome, tests map[rows.Test]string) []row {
	verdicts, found := map[string]play.Verdict{}, map[string][]string{}
	for _, r := range rows.All() {
		found[r.ID] = []string{}
	}
	for _, o := range outcomes {
		verdicts[o.ID] = worse(verdicts, o)
		for _, name := range o.Spec {
			if !slices.Contains(found[name], o.ID) {
				found[name] = append(found[name], o.ID)
			}
		}
	}
	list := []row{}
	for name, ids := range found {
		r := row{Row: name, Scenarios: ids, Tests: []string{}, Verdict: verdictOf(ids, verdicts)}
		for _, t := range rows.Tests() {
			if t.Row == name {
				r.Tests = append(r.Tests, t.String())
				r.Verdict = withTest(r.Verdict, tests, t)
			}
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b row) int {
		if (a.Verdict == "none") != (b.Verdict == "none") {
			if a.Verdict == "none" {
				return -1
			}
			return 1
		}
		return compareNatural(a.Row, b.Row)
	})
	return list
}

// worse is the verdict of a scenario after one more of its cases. One that was
// skipped says nothing.
func worse(verdicts map[string]play.Verdict, o *report.Outcome) play.Verdict {
	before, known := verdicts[o.ID]
	switch {
	case !known || before == play.Skipped:
		return o.Verdict
	case o.Verdict == play.Skipped:
		return before
	}
	return max(before, o.Verdict)
}

// verdictOf is pass if all that were played passed.
func verdictOf(ids []string, verdicts map[string]play.Verdict) string {
	word := "none"
	for _, id := range ids {
		switch verdicts[id] {
		case play.Passed:
			if word == "none" {
				word = "pass"
			}
		case play.Failed, play.Broken:
			word = "fail"
		}
	}
	return word
}

// withTest is the verdict of a row after one more Go test. A test that was not
// run is evidence only where there is no other.
func withTest(before string, tests map[rows.Test]string, t rows.Test) string {
	now, ran := tests[t]
	switch {
	case before == "fail" || now == "fail":
		return "fail"
	case before == "pass" || now == "pass":
		return "pass"
	case !ran:
		return "test"
	}
	return before
}

func byRow(cases []*scenario.Case) map[string][]string {
	found := map[string][]string{}
	for _, c := range cases {
		for _, name := range c.Spec {
			if !slices.Contains(found[name], c.ID) {
				found[name] = append(found[name], c.ID)
			}
		}
	}
	return found
}

func listClauses(out io.Writer, cases []*scenario.Case) {
	found := byRow(cases)
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.SortFunc(names, compareNatural)
	for _, name := range names {
		fmt.Fprintf(out, "%-24s %s\n", name, strings.Join(found[name], " "))
	}
}

// compareNatural sorts S2 before S10.
func compareNatural(a, b string) int {
	for a != "" && b != "" {
		x, y := leadingNumber(a), leadingNumber(b)
		if x != "" && y != "" && len(x) != len(y) {
			return len(x) - len(y)
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func leadingNumber(text string) string {
	return text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
}
