package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// runOptions are the flags of run.
type runOptions struct {
	selection
	worldFlags
	ladder   bool
	json     bool
	junit    string
	out      string
	parallel int
	noSkip   bool
	seeds    string
	faults   string
	seedOf   map[*scenario.Case]string // a folder for each of --seeds
}

func newRun() *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   "run [FILE | FOLDER | BUILT-IN]...",
		Short: "Play scenarios; without arguments the built-in ones",
		Example: "  callflow run\n  callflow run set/ --ladder\n  callflow run my-call.yaml --seed 7 --var ack_limit=15s\n" +
			"  callflow run --spec S19 --junit out.xml\n  callflow run --seed 7 --out a; callflow run --seed 7 --out b; diff -r a b\n" +
			"  callflow run --faults --seeds 1..20\n  callflow run call/ --world loopback\n" +
			"  callflow run --world loopback --server kamailio",
		RunE: o.play,
	}
	o.selection.flags(cmd)
	o.worldFlags.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.seeds, "seeds", "", "play everything with each of these seeds: FIRST..LAST")
	faultsFlag(cmd, &o.faults)
	f.BoolVar(&o.ladder, "ladder", false, "print a ladder for every case")
	f.BoolVar(&o.json, "json", false, "print the report as JSON, with a digest of the log of every case")
	f.StringVar(&o.junit, "junit", "", "write the report to this file in JUnit's format")
	f.StringVar(&o.out, "out", "", "write the log (events.ndjson) and the ladder of every case below this folder;\n"+
		"the same seed writes the same octets")
	f.BoolVar(&o.noSkip, "fail-on-skip", false, "a skipped case fails the run")
	f.IntVar(&o.parallel, "parallel", 0, "how many cases to play at a time (default: one a core, 64 in real time)")
	return cmd
}

// loadSeeds loads the cases: each once, or once for each seed of --seeds.
func (o *runOptions) loadSeeds(cmd *cobra.Command, args []string) ([]*scenario.Case, error) {
	cases, err := o.load(cmd, args)
	if err != nil {
		return nil, err
	}
	if o.seeds == "" {
		return underFaults(cases, o.faults)
	}
	first, last, err := seedRange(o.seeds)
	if err != nil {
		return nil, exit{exitBadInput, err.Error()}
	}
	var all []*scenario.Case
	o.seedOf = map[*scenario.Case]string{}
	for seed := first; seed <= last; seed++ {
		seeded := make([]*scenario.Case, len(cases))
		for i, c := range cases {
			seeded[i] = c.WithSeed(seed)
		}
		if seeded, err = underFaults(seeded, o.faults); err != nil {
			return nil, err
		}
		for _, c := range seeded {
			o.seedOf[c] = fmt.Sprintf("seed-%d", seed)
		}
		all = append(all, seeded...)
	}
	return all, nil
}

// mostSeeds bounds --seeds.
const mostSeeds = 100_000

func seedRange(text string) (first, last uint64, err error) {
	from, to, ok := strings.Cut(text, "..")
	if ok {
		first, err = strconv.ParseUint(from, 10, 64)
	}
	if ok && err == nil {
		last, err = strconv.ParseUint(to, 10, 64)
	}
	if !ok || err != nil || last < first || last-first >= mostSeeds {
		return 0, 0, fmt.Errorf("--seeds %s: expected FIRST..LAST, such as 1..200", text)
	}
	return first, last, nil
}

func (o *runOptions) seedText(cmd *cobra.Command) string {
	switch {
	case o.seeds != "":
		return "seeds " + o.seeds
	case cmd.Flags().Changed("seed"):
		return fmt.Sprintf("seed %d", o.seed)
	}
	return "seeds of the files"
}

// play plays the cases, prints the report and turns it into an exit code.
func (o *runOptions) play(cmd *cobra.Command, args []string) error {
	if err := o.checkFlags(cmd); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	text := &report.Text{Out: out, Colour: isTerminal(out), Ladder: o.ladder, World: o.world, Phones: o.parties}
	if o.json {
		text.Out = io.Discard
	}
	what := "built-in scenarios"
	if len(args) > 0 {
		what = strings.Join(args, " ")
	}
	job := &job{
		load: func() ([]*scenario.Case, error) {
			cases, err := o.loadSeeds(cmd, args)
			if err != nil {
				return nil, err
			}
			return o.concerned(cases)
		},
		play: o.player(o.ladder || o.json || o.out != ""), ladder: o.ladder, colour: text.Colour, parallel: o.workers(o.parallel),
	}
	if o.out != "" {
		job.folders = func(cases []*scenario.Case) map[*scenario.Case]string { return folders(o.out, cases, o.seedOf) }
	}
	began := time.Now()
	outcomes, err := job.perform(cmd, func([]*report.Outcome) { text.Begin(what, o.seedText(cmd)) }, text.Outcome)
	if err != nil {
		return err
	}
	took := time.Since(began)
	text.End(took)
	if err := o.write(cmd, outcomes, took); err != nil {
		return exit{exitBroken, err.Error()}
	}
	return o.exitOf(outcomes)
}

// checkFlags finds out before anything is played what could not be done after it.
func (o *runOptions) checkFlags(cmd *cobra.Command) error {
	switch {
	case o.seeds != "" && cmd.Flags().Changed("seed"):
		return exit{exitBadInput, "--seed and --seeds exclude each other"}
	case o.parallel < 0:
		return exit{exitBadInput, fmt.Sprintf("--parallel %d: expected 1 or more", o.parallel)}
	}
	if err := fileFlag("--junit", o.junit); err != nil {
		return err
	}
	if o.out != "" {
		if err := os.MkdirAll(o.out, 0o755); err != nil {
			return exit{exitBadInput, "--out: " + err.Error()}
		}
	}
	return o.check()
}

func (o *runOptions) write(cmd *cobra.Command, outcomes []*report.Outcome, took time.Duration) error {
	if o.json {
		if err := report.JSON(cmd.OutOrStdout(), outcomes, took); err != nil {
			return err
		}
	}
	if o.junit == "" {
		return nil
	}
	return writeFile(o.junit, func(w io.Writer) error { return report.JUnit(w, outcomes, took) })
}

// exitOf is the exit code as an error, nil when all passed.
func (o *runOptions) exitOf(outcomes []*report.Outcome) error {
	if err := exitOf(outcomes); err != nil || !o.noSkip {
		return err
	}
	for _, r := range outcomes {
		if r.Verdict == play.Skipped {
			return exit{exitFailed, r.FullName() + " was skipped, and --fail-on-skip forbids it (exit 1)"}
		}
	}
	return nil
}

// exitOf is the exit code as an error, nil when all passed.
func exitOf(outcomes []*report.Outcome) error {
	code, ran := exitOK, 0
	for _, r := range outcomes {
		switch r.Verdict {
		case play.Broken:
			code = exitBroken
		case play.Failed:
			code = max(code, exitFailed)
		}
		if r.Verdict != play.Skipped {
			ran++
		}
	}
	if ran == 0 {
		return exit{exitBadInput, "nothing was run: every case is skipped (exit 2)"}
	}
	if code == exitOK {
		return nil
	}
	return exit{code: code}
}

// isTerminal tells whether colours make sense.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
