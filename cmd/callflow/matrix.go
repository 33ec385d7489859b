package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/peers"
	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// matrixOptions are the flags of matrix.
type matrixOptions struct {
	selection
	phoneFlags
	tolerance time.Duration
	parallel  int
	json      bool
	html      string

	file *peers.File
	with map[*scenario.Case]play.Options // of the cases of the matrix
}

func newMatrix() *cobra.Command {
	o := &matrixOptions{}
	cmd := &cobra.Command{
		Use:   "matrix PEERS.yaml",
		Short: "Play scenarios with phones under test in the place of each party, and print a table",
		Long: "Play scenarios with phones under test in the place of each party, and print a table.\n\n" +
			"PEERS.yaml says which phones, which scenarios, and what is known to fail; see docs/phones.md. A known failure must\n" +
			"fail: when it passes the exit code is 1, as for any other failure.",
		Example: "  callflow matrix peers.yaml --html interop.html",
		Args:    one("PEERS.yaml"),
		RunE:    o.play,
	}
	f := cmd.Flags()
	f.StringVar(&o.run, "run", "", "only cases whose full name matches this regular expression")
	f.StringSliceVar(&o.tags, "tag", nil, "only scenarios with one of these tags")
	f.StringSliceVar(&o.addresses, "address", nil, addressHelp)
	f.DurationVar(&o.tolerance, "tolerance", play.DefaultTolerance, "how far instants may be off")
	f.IntVar(&o.parallel, "parallel", 0, "how many cases to play at a time (default 8, 1 with a phone that is driven by hand)")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	f.StringVar(&o.html, "html", "", "write the table to this file as a page")
	return cmd
}

// cases are those of the scenarios, one for each peer and each party in whose
// place it is to be played.
func (o *matrixOptions) cases(cmd *cobra.Command) ([]*scenario.Case, error) {
	found, err := o.load(cmd, o.file.Scenarios)
	if err != nil {
		return nil, err
	}
	var all []*scenario.Case
	o.with = map[*scenario.Case]play.Options{}
	for _, peer := range o.file.Peers {
		make, err := maker(peer.Source)
		if err != nil {
			return nil, exit{exitBadInput, fmt.Sprintf("%s: %s: %v", cmd.Flags().Arg(0), peer.Name, err)}
		}
		for _, c := range found {
			for _, p := range c.Parties {
				if o.file.Parties != nil && !slices.Contains(o.file.Parties, p.Name) || p.Scripted || p.Server != nil {
					continue
				}
				one := *c
				all = append(all, &one)
				o.with[&one] = play.Options{World: play.Loopback, Tolerance: o.tolerance, Addresses: o.at, Phones: map[string]play.PhoneMaker{
					p.Name: {Name: peer.Name, Source: peer.Source, New: make},
				}}
			}
		}
	}
	if len(all) == 0 {
		return nil, exit{exitBadInput, "no case has a party whose place a phone could take"}
	}
	return all, nil
}

func (o *matrixOptions) play(cmd *cobra.Command, args []string) error {
	if err := fileFlag("--html", o.html); err != nil {
		return err
	}
	if err := o.read(args[0]); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	text := &report.Text{Out: out, Colour: isTerminal(out), World: play.Loopback}
	if o.json {
		text.Out = io.Discard
	}
	job := &job{
		load:     func() ([]*scenario.Case, error) { return o.cases(cmd) },
		play:     func(c *scenario.Case) *play.Result { return play.In(c, o.with[c]) },
		parallel: o.workers(), colour: text.Colour,
	}
	began := time.Now()
	outcomes, err := job.perform(cmd, func([]*report.Outcome) { text.Begin(args[0], "seeds of the files") }, text.Outcome)
	if err != nil {
		return err
	}
	took := time.Since(began)
	text.End(took)
	table, bad := tabulate(o.file, outcomes)
	fmt.Fprintln(text.Out)
	table.Text(text.Out)
	if o.json {
		if err := report.JSON(out, outcomes, took); err != nil {
			return err
		}
	}
	if o.html != "" {
		if err := writeFile(o.html, table.HTML); err != nil {
			return exit{exitBroken, err.Error()}
		}
	}
	if bad == nil { // what has failed was known to
		return nil
	}
	return bad
}

// read reads the peers file and the flags.
func (o *matrixOptions) read(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return exit{exitBadInput, err.Error()}
	}
	file, problems := peers.Read(name, data)
	if len(problems) > 0 {
		return exit{exitBadInput, problems.String() + problems.Summary() + " (exit 2)"}
	}
	o.file = file
	for _, p := range file.Peers {
		o.parties = append(o.parties, p.Name+"="+p.Source)
	}
	return o.phoneFlags.check(play.Loopback)
}

func (o *matrixOptions) workers() int {
	switch {
	case o.byHand():
		return 1
	case o.parallel == 0:
		return mostPhones
	}
	return o.parallel
}

// tabulate puts what came of it into a table; the error, nil if all is as it
// should be, has the exit code.
func tabulate(file *peers.File, outcomes []*report.Outcome) (*report.Matrix, error) {
	table, used, code, ran := &report.Matrix{}, map[*peers.Known]bool{}, exitOK, false
	for _, o := range outcomes {
		mark := report.Mark{Word: o.Verdict.String(), Why: o.Reason}
		if len(o.Failures) > 0 {
			mark.Why = o.Failures[0].Message
		}
		for _, k := range file.Known {
			if !k.Concerns(o.ID, o.FullName(), o.Peer, o.Place) {
				continue
			}
			used[k] = true
			switch o.Verdict {
			case play.Failed:
				mark = report.Mark{Word: "known", Why: k.Because}
			case play.Passed:
				mark = report.Mark{Word: "FIXED", Why: "known to fail, and it has passed: " + k.Because}
			}
		}
		ran = ran || o.Verdict != play.Skipped
		switch mark.Word {
		case "FAIL", "FIXED":
			code = max(code, exitFailed)
		case "BROKEN":
			code = exitBroken
		}
		table.Set(report.Cell{Row: o.FullName(), Column: o.Peer + " as " + o.Place}, mark)
	}
	if !ran {
		return table, exit{exitBadInput, "nothing was run: every case is skipped (exit 2)"}
	}
	for _, k := range file.Known {
		if !used[k] {
			return table, exit{max(code, exitFailed), fmt.Sprintf("%s: no case is %s with %s: this known failure knows nothing", k.Pos, k.Scenario, k.Peer)}
		}
	}
	if code == exitOK {
		return table, nil
	}
	return table, exit{code: code}
}
