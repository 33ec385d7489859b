package report

import (
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// Outcome is what a report says of one case, as plain data: it crosses a pipe
// between processes as JSON.
type Outcome struct {
	ID, Case, File string
	Title          string
	Parties        int
	Spec           []string
	Seed           uint64
	Verdict        play.Verdict
	Reason         string // why it was skipped
	Virtual, Wall  time.Duration
	Peer, Place    string // a phone under test that has a name, and the party that it was
	LeftOut        int    // expectations about phones under test
	Digest         string // of the log, "" when none was kept
	Failures       []Failure
	Block          string // the failures in full, as the text report shows them
	Ladder         string // "" when none was asked for
	Replay         string // the command that plays a failed case again
	Log            []byte `json:",omitempty"` // as ndjson, where it was asked for
}

// Failure is one failure in short.
type Failure struct {
	At      time.Duration // virtual time
	Pos     string        // file:line:col, "" if it has no place in a file
	Message string
	Details []string
}

// Render turns a result into plain data. With ladder the outcome has one; with
// colour the block of a failure has the colours of a terminal.
func Render(r *play.Result, ladder, colour bool) *Outcome {
	o := &Outcome{
		ID: r.Case.ID, Case: r.Case.Name, File: r.Case.File, Title: r.Case.Title, Parties: len(r.Case.Parties), Spec: r.Case.Spec, Seed: r.Case.Seed,
		Verdict: r.Verdict, Reason: r.Reason, Virtual: r.Virtual, Wall: r.Wall, Digest: r.Digest,
		LeftOut: r.LeftOut, Peer: r.Peer, Place: r.Place,
	}
	var block strings.Builder
	b := failureBlock{out: &block, style: style{colour}}
	for i := range r.Failures {
		f := &r.Failures[i]
		b.failure(r, f, i == 0)
		short := Failure{At: f.At, Message: f.String(), Details: f.Details}
		if f.Pos.Line > 0 {
			short.Pos = f.Pos.String()
		}
		o.Failures = append(o.Failures, short)
	}
	if len(r.Failures) > 0 {
		o.Replay = Replay(r)
	}
	o.Block = block.String()
	if ladder && r.Verdict != play.Skipped {
		var text strings.Builder
		Ladder(&text, r)
		o.Ladder = text.String()
	}
	return o
}

// FullName is the ID with the name of the case in brackets, such as
// call/basic[tcp,PCMU].
func (o *Outcome) FullName() string {
	if o.Case == "" {
		return o.ID
	}
	return o.ID + "[" + o.Case + "]"
}

// Crashed is the outcome of a case that ended its process: skeleton tells what
// case it is, words are the last ones of the process.
func Crashed(skeleton *Outcome, verdict play.Verdict, what, words string) *Outcome {
	o := *skeleton
	o.Verdict = verdict
	details := strings.Split(words, "\n")
	o.Failures = []Failure{{Message: what + ": " + details[0], Details: details}}
	r := &play.Result{
		Case:    &scenario.Case{File: o.File, ID: o.ID, Name: o.Case, Title: o.Title, Seed: o.Seed},
		Verdict: verdict, Failures: []play.Failure{{What: what, Details: details}},
	}
	var block strings.Builder
	(&failureBlock{out: &block}).failure(r, &r.Failures[0], true)
	o.Block, o.Replay = block.String(), Replay(r)
	return &o
}
