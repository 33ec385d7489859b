package main

import (
	"bytes"
	"fmt"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// job is a set of cases to play.
//
// A panic in a goroutine of the middleware ends the process. So a child process
// plays the cases and tells its parent what it has begun and what came of it;
// when it dies, the parent starts another one for the rest. See supervise.go.
type job struct {
	load     func() ([]*scenario.Case, error)
	play     func(*scenario.Case) *play.Result
	folders  func([]*scenario.Case) map[*scenario.Case]string // where to keep the artefacts of each case, nil = nowhere
	ladder   bool
	log      bool // the outcomes carry their log
	colour   bool
	parallel int // 0: one a core
}

// perform plays the job, in child processes if that is possible. begin is
// called when the cases are loaded, done for each of them in their order.
func (j *job) perform(cmd *cobra.Command, begin func([]*report.Outcome), done func(*report.Outcome)) ([]*report.Outcome, error) {
	if os.Getenv(supervised) != "" {
		return nil, j.performAsChild()
	}
	if s := newSupervisor(cmd); s != nil {
		return s.perform(begin, done)
	}
	cases, err := j.load()
	if err != nil {
		return nil, err
	}
	begin(skeletons(cases))
	var outcomes []*report.Outcome
	play.All(cases, j.parallel, j.player(cases), func(o *report.Outcome) {
		done(o)
		outcomes = append(outcomes, o)
	})
	return outcomes, nil
}

// player plays a case, keeps its artefacts, and renders the result.
func (j *job) player(cases []*scenario.Case) func(*scenario.Case) *report.Outcome {
	var where map[*scenario.Case]string
	if j.folders != nil {
		where = j.folders(cases)
	}
	return func(c *scenario.Case) *report.Outcome {
		r := j.play(c)
		if dir := where[c]; dir != "" && r.Verdict != play.Skipped {
			if err := keep(dir, r); err != nil {
				r.Verdict = play.Broken
				r.Failures = append(r.Failures, play.Failure{What: "the files of this case: " + err.Error()})
			}
		}
		o := report.Render(r, j.ladder, j.colour)
		if j.log {
			var b bytes.Buffer
			if err := play.WriteLog(&b, r.Log); err != nil {
				fmt.Fprintf(&b, "%v\n", err)
			}
			o.Log = b.Bytes()
		}
		return o
	}
}

// performAsChild plays what the parent's plan asks for and tells about it. The
// error, never nil, asks for the exit code: with 0 the parent decides.
func (j *job) performAsChild() error {
	link, err := openChildLink()
	if err != nil {
		return exit{exitBroken, err.Error()}
	}
	cases, err := j.load()
	if err != nil {
		return err
	}
	link.tell(event{Cases: skeletons(cases)})
	player := j.player(cases)
	one := func(i int) struct{} {
		link.tell(event{Begin: &i})
		link.tell(event{Done: &i, Outcome: player(cases[i])})
		return struct{}{}
	}
	for _, i := range link.plan.Alone {
		one(i)
	}
	var rest []int
	for i := range cases {
		if !link.plan.skips(i) {
			rest = append(rest, i)
		}
	}
	play.All(rest, j.parallel, one, func(struct{}) {})
	return exit{code: exitOK}
}

// skeletons are the cases as outcomes before anything came of them.
func skeletons(cases []*scenario.Case) []*report.Outcome {
	list := make([]*report.Outcome, len(cases))
	for i, c := range cases {
		list[i] = report.Render(&play.Result{Case: c}, false, false)
	}
	return list
}

// childLink is a child's connection to its parent.
type childLink struct {
	plan plan
	mu   sync.Mutex
	to   *os.File
}

func (l *childLink) tell(e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := writeEvent(l.to, e); err != nil { // the parent has gone: nobody is left to play for
		fmt.Fprintln(os.Stderr, "callflow:", err)
		os.Exit(exitBroken)
	}
}
