package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	selection
	worldFlags
	name   string
	until  float64
	events bool
	faults string
}

func newReplay() *cobra.Command {
	o := &replayOptions{}
	cmd := &cobra.Command{
		Use:     "replay FILE",
		Short:   "Play one case again, exactly, and show it as a ladder",
		Example: "  callflow replay my-call.yaml --case tcp,PCMU --seed 1 --until 3.062",
		Args:    one("FILE"),
		RunE:    o.replay,
	}
	o.worldFlags.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.name, "case", "", "name of the case, when the file has several")
	f.Uint64Var(&o.seed, "seed", 0, "seed of the case, as a failure prints it")
	f.Float64Var(&o.until, "until", 0, "show the ladder up to this second")
	f.StringVar(&o.faults, "faults", "", "quality of the links, as a failure prints it")
	f.BoolVar(&o.events, "events", false, "print the log as ndjson instead of the ladder")
	f.StringArrayVar(&o.vars, "var", nil, "override a variable: NAME=VALUE")
	return cmd
}

func (o *replayOptions) replay(cmd *cobra.Command, args []string) error {
	if err := o.check(); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	text := &report.Text{Out: out, Colour: isTerminal(out), Ladder: true, World: o.world, Phones: o.parties}
	if o.events {
		text.Out = io.Discard
	}
	job := &job{
		load: func() ([]*scenario.Case, error) { return o.find(cmd, args) }, play: o.play,
		ladder: true, colour: text.Colour, log: o.events,
	}
	var took time.Duration
	outcomes, err := job.perform(cmd, func(cases []*report.Outcome) {
		text.Begin(cases[0].FullName(), fmt.Sprintf("seed %d", cases[0].Seed))
	}, func(r *report.Outcome) {
		text.Outcome(r)
		took = r.Wall
	})
	if err != nil {
		return err
	}
	text.End(took)
	if o.events {
		if _, err := out.Write(outcomes[0].Log); err != nil {
			return exit{exitBroken, err.Error()}
		}
	}
	return exitOf(outcomes)
}

// play plays the case and cuts its log at --until.
func (o *replayOptions) play(c *scenario.Case) *play.Result {
	r := o.player(true)(c)
	if o.until > 0 {
		r.Log = upTo(r.Log, time.Duration(o.until*float64(time.Second))+time.Millisecond)
	}
	return r
}

// find is the one case that the file and --case name.
func (o *replayOptions) find(cmd *cobra.Command, args []string) ([]*scenario.Case, error) {
	seed := cmd.Flags().Lookup("seed")
	changed := seed.Changed
	seed.Changed = false // the seed is the case's own, not the file's
	cases, err := o.load(cmd, args)
	seed.Changed = changed
	if err != nil {
		return nil, err
	}
	var found *scenario.Case
	for _, c := range cases {
		if c.Name == o.name || o.name == "" && len(cases) == 1 {
			found = c
		}
	}
	if found == nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "the cases of %s are:\n", args[0])
		for _, c := range cases {
			fmt.Fprintf(cmd.ErrOrStderr(), "  --case %q\n", c.Name)
		}
		if o.name == "" {
			return nil, exit{exitBadInput, args[0] + " has several cases: choose one with --case"}
		}
		return nil, exit{exitBadInput, fmt.Sprintf("no case %q in %s", o.name, args[0])}
	}
	one, err := underFaults([]*scenario.Case{found}, o.faults)
	if err == nil && changed {
		one[0].Seed = o.seed
	}
	return one, err
}

func upTo(log []play.Entry, end time.Duration) []play.Entry {
	for i, e := range log {
		if e.At > end {
			return log[:i]
		}
	}
	return log
}
