package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/go-sipsimple/callflow/conformance/play"
)

// caseJSON is one case of the JSON report.
type caseJSON struct {
	ID       string        `json:"id"`
	Case     string        `json:"case,omitempty"`
	File     string        `json:"file"`
	Spec     []string      `json:"spec,omitempty"`
	Seed     uint64        `json:"seed"`
	Verdict  string        `json:"verdict"`
	Virtual  float64       `json:"virtual_s"`
	Wall     float64       `json:"wall_ms"`
	Skip     string        `json:"skip,omitempty"`
	Failures []failureJSON `json:"failures,omitempty"`
	Replay   string        `json:"replay,omitempty"`
}

type failureJSON struct {
	At      float64  `json:"t"`
	Pos     string   `json:"pos,omitempty"`
	Message string   `json:"message"`
	Details []string `json:"details,omitempty"`
}

// Word is the verdict in reports for machines: pass, fail, skip or broken.
func Word(v play.Verdict) string { return [...]string{"pass", "fail", "skip", "broken"}[v] }

// JSON writes the report of a run as one object.
func JSON(out io.Writer, results []*play.Result, took time.Duration) error {
	report := struct {
		Cases  []caseJSON     `json:"cases"`
		Counts map[string]int `json:"counts"`
		Wall   float64        `json:"wall_ms"`
	}{Cases: []caseJSON{}, Counts: map[string]int{}, Wall: milliseconds(took)}
	for _, r := range results {
		report.Counts[Word(r.Verdict)]++
		report.Cases = append(report.Cases, caseOf(r))
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(report)
}

func caseOf(r *play.Result) caseJSON {
	c := caseJSON{
		ID: r.Case.ID, Case: r.Case.Name, File: r.Case.File, Spec: r.Case.Spec, Seed: r.Case.Seed, Verdict: Word(r.Verdict),
		Virtual: r.Virtual.Seconds(), Wall: milliseconds(r.Wall), Skip: r.Reason,
	}
	for _, f := range r.Failures {
		j := failureJSON{At: f.At.Seconds(), Message: f.String(), Details: f.Details}
		if f.Pos.Line > 0 {
			j.Pos = f.Pos.String()
		}
		c.Failures = append(c.Failures, j)
	}
	if len(r.Failures) > 0 {
		c.Replay = Replay(r)
	}
	return c
}

func milliseconds(d time.Duration) float64 { return float64(d.Round(time.Microsecond)) / 1e6 }
