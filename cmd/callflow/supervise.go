package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/report"
)

// supervised is the environment variable that tells a child what it is.
const supervised = "CALLFLOW_SUPERVISED"

// plan is what a parent asks of a child.
type plan struct {
	Done  []int // not to be played: there is an outcome
	Alone []int // to be played first, one at a time: a child has died while it played these
}

func (p *plan) skips(i int) bool {
	_, done := slices.BinarySearch(p.Done, i)
	return done || slices.Contains(p.Alone, i)
}

// event is a line from a child to its parent: one of the fields is set.
type event struct {
	Cases   []*report.Outcome `json:",omitempty"` // what there is to play, without what came of it
	Begin   *int              `json:",omitempty"` // this case begins
	Done    *int              `json:",omitempty"` // this case has ended
	Outcome *report.Outcome   `json:",omitempty"` // so
}

func writeEvent(w io.Writer, e event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

// openChildLink finds the pipes that the parent has handed down.
func openChildLink() (*childLink, error) {
	link := &childLink{to: os.NewFile(3, "progress")}
	orders := os.NewFile(4, "plan")
	if link.to == nil || orders == nil {
		return nil, errors.New("a child without a parent")
	}
	defer orders.Close()
	err := json.NewDecoder(orders).Decode(&link.plan)
	return link, err
}

// supervisor plays cases in child processes, one after another until each case
// has an outcome.
type supervisor struct {
	command func() *exec.Cmd
	stderr  io.Writer
	begin   func(cases []*report.Outcome)
	done    func(*report.Outcome)

	cases    []*report.Outcome // nil until a child has loaded them
	outcomes []*report.Outcome // in the order of the cases
	count    int               // of outcomes
	shown    int               // so many were handed on
	playing  map[int]bool      // by the child that runs
	suspects suspicion
}

// newSupervisor is nil where the command cannot start itself again.
func newSupervisor(cmd *cobra.Command) *supervisor {
	exe, err := os.Executable()
	if err != nil || cmd.Root().Annotations[isCommand] == "" || runtime.GOOS == "windows" { // which hands down no pipes
		return nil
	}
	return &supervisor{
		command: func() *exec.Cmd { return exec.Command(exe, os.Args[1:]...) }, stderr: cmd.ErrOrStderr(), playing: map[int]bool{},
	}
}

// perform plays everything. The error asks for an exit code.
func (s *supervisor) perform(begin func([]*report.Outcome), done func(*report.Outcome)) ([]*report.Outcome, error) {
	s.begin, s.done = begin, done
	for {
		before, last := s.count, &tail{}
		code, state, err := s.child(last)
		if err != nil {
			return nil, exit{exitBroken, "callflow: " + err.Error()}
		}
		crashed := last.crashed(code)
		if !crashed {
			_, _ = s.stderr.Write(last.kept)
		}
		switch {
		case s.cases == nil && crashed:
			return nil, exit{exitBroken, "callflow: the process died before it played anything (exit 3)\n" + last.words()}
		case s.cases == nil:
			return nil, exit{code: code}
		}
		if len(s.playing) == 0 {
			s.acquit()
		}
		if s.count == len(s.cases) {
			return s.outcomes, nil
		}
		s.afterCrash(cmp.Or(last.words(), state), s.count > before)
	}
}

// child runs one child to its end.
func (s *supervisor) child(last *tail) (code int, state string, err error) {
	s.playing = map[int]bool{}
	progress, report, err := os.Pipe()
	if err != nil {
		return 0, "", err
	}
	defer progress.Close()
	orders, give, err := os.Pipe()
	if err != nil {
		report.Close()
		return 0, "", err
	}
	child := s.command()
	child.Env = append(child.Environ(), supervised+"=1")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, last // the child looks whether that is a terminal
	child.ExtraFiles = []*os.File{report, orders}
	err = child.Start()
	report.Close()
	orders.Close()
	if err != nil {
		give.Close()
		return 0, "", err
	}
	given := make(chan struct{})
	go func() { // a long plan does not fit into the pipe
		defer close(given)
		defer give.Close()
		_ = json.NewEncoder(give).Encode(s.plan()) // a child that does not read it dies, too
	}()
	s.listen(progress)
	err = child.Wait()
	<-given
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		return 0, "", err
	}
	return child.ProcessState.ExitCode(), child.ProcessState.String(), nil
}

func (s *supervisor) plan() plan {
	p := plan{}
	for i, o := range s.outcomes {
		if o != nil || s.suspects.passed[i] != nil {
			p.Done = append(p.Done, i)
		}
	}
	for _, i := range s.suspects.cases {
		if !p.skips(i) {
			p.Alone = append(p.Alone, i)
		}
	}
	return p
}

// listen hears what a child says, until it ends.
func (s *supervisor) listen(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		switch {
		case e.Cases != nil && s.cases == nil:
			s.cases, s.outcomes = e.Cases, make([]*report.Outcome, len(e.Cases))
			s.begin(s.cases)
		case e.Begin != nil:
			s.playing[*e.Begin] = true
			if !slices.Contains(s.suspects.cases, *e.Begin) {
				s.acquit()
			}
		case e.Done != nil && e.Outcome != nil:
			delete(s.playing, *e.Done)
			if !s.hold(*e.Done, e.Outcome) {
				s.settle(*e.Done, e.Outcome)
			}
		}
	}
}

// settle notes an outcome, and shows those that are next in order.
func (s *supervisor) settle(i int, o *report.Outcome) {
	if i < 0 || i >= len(s.outcomes) || s.outcomes[i] != nil {
		return
	}
	s.outcomes[i] = o
	s.count++
	for s.shown < len(s.outcomes) && s.outcomes[s.shown] != nil {
		s.done(s.outcomes[s.shown])
		s.shown++
	}
}
