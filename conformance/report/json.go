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
	Log      string        `json:"log_sha256,omitempty"` // of the log as events.ndjson has it
	Skip     string        `json:"skip,omitempty"`
	Peer     string        `json:"peer,omitempty"`     // phone under test
	Place    string        `json:"place,omitempty"`    // the party that it was
	LeftOut  int           `json:"left_out,omitempty"` // expectations about phones under test
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
func JSON(out io.Writer, outcomes []*Outcome, took time.Duration) error {
	report := struct {
		Cases  []caseJSON     `json:"cases"`
		Counts map[string]int `json:"counts"`
		Wall   float64        `json:"wall_ms"`
	}{Cases: []caseJSON{}, Counts: map[string]int{}, Wall: milliseconds(took)}
	for _, o := range outcomes {
		report.Counts[Word(o.Verdict)]++
		report.Cases = append(report.Cases, caseOf(o))
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(report)
}

func caseOf(o *Outcome) caseJSON {
	c := caseJSON{
		ID: o.ID, Case: o.Case, File: o.File, Spec: o.Spec, Seed: o.Seed, Verdict: Word(o.Verdict),
		Virtual: o.Virtual.Seconds(), Wall: milliseconds(o.Wall), Log: o.Digest, Skip: o.Reason, Peer: o.Peer, Place: o.Place, LeftOut: o.LeftOut, Replay: o.Replay,
	}
	for _, f := range o.Failures {
		c.Failures = append(c.Failures, failureJSON{At: f.At.Seconds(), Pos: f.Pos, Message: f.Message, Details: f.Details})
	}
	return c
}

func milliseconds(d time.Duration) float64 { return float64(d.Round(time.Microsecond)) / 1e6 }
