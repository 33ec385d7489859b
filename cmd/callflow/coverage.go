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
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// row is a row or clause and its evidence.
type row struct {
	Row       string   `json:"row"`
	Scenarios []string `json:"scenarios"`
	Verdict   string   `json:"verdict"` // pass, fail or none
}

func newCoverage() *cobra.Command {
	s := &selection{}
	asJSON := false
	cmd := &cobra.Command{
		Use:     "coverage [FILE | FOLDER | BUILT-IN]...",
		Short:   "Play scenarios and print, for each row and clause, what proves it",
		Example: "  callflow coverage --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			cases, err := s.load(cmd, args)
			if err != nil {
				return err
			}
			verdicts := map[string]play.Verdict{}
			play.All(cases, 0, announced(play.Play), func(r *play.Result) {
				verdicts[r.Case.ID] = max(verdicts[r.Case.ID], r.Verdict)
				r.Log = nil
			})
			rows := rowsOf(cases, verdicts)
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(map[string]any{"rows": rows})
			}
			for _, r := range rows {
				fmt.Fprintf(cmd.OutOrStdout(), "%-24s %-6s %s\n", r.Row, r.Verdict, strings.Join(r.Scenarios, " "))
			}
			return nil
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// rowsOf lists the rows and clauses that the cases name; those without a
// verdict first.
func rowsOf(cases []*scenario.Case, verdicts map[string]play.Verdict) []row {
	rows := []row{}
	for name, ids := range byRow(cases) {
		r := row{Row: name, Scenarios: ids, Verdict: "none"}
		worst := play.Passed
		for _, id := range ids {
			if v := verdicts[id]; v != play.Skipped {
				worst = max(worst, v)
				r.Verdict = report.Word(worst)
			}
		}
		if r.Verdict == "broken" {
			r.Verdict = "fail"
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int {
		if (a.Verdict == "none") != (b.Verdict == "none") {
			if a.Verdict == "none" {
				return -1
			}
			return 1
		}
		return compareNatural(a.Row, b.Row)
	})
	return rows
}

func byRow(cases []*scenario.Case) map[string][]string {
	rows := map[string][]string{}
	for _, c := range cases {
		for _, name := range c.Spec {
			if !slices.Contains(rows[name], c.ID) {
				rows[name] = append(rows[name], c.ID)
			}
		}
	}
	return rows
}

func listClauses(out io.Writer, cases []*scenario.Case) {
	rows := byRow(cases)
	names := make([]string, 0, len(rows))
	for name := range rows {
		names = append(names, name)
	}
	slices.SortFunc(names, compareNatural)
	for _, name := range names {
		fmt.Fprintf(out, "%-24s %s\n", name, strings.Join(rows[name], " "))
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
