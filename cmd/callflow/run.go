package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
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
	ladder   bool
	json     bool
	junit    string
	out      string
	parallel int
	noSkip   bool
	seeds    string
}

func newRun() *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   "run [FILE | FOLDER | BUILT-IN]...",
		Short: "Play scenarios in virtual time; without arguments the built-in ones",
		Example: "  callflow run\n  callflow run set/ --ladder\n  callflow run my-call.yaml --seed 7 --var ack_limit=15s\n" +
			"  callflow run --spec S19 --junit out.xml",
		RunE: func(cmd *cobra.Command, args []string) error {
			cases, err := o.loadSeeds(cmd, args)
			if err != nil {
				return err
			}
			return o.play(cmd, cases, o.what(), o.seedText())
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.seeds, "seeds", "", "play everything with each of these seeds: FIRST..LAST")
	f.BoolVar(&o.ladder, "ladder", false, "print a ladder for every case")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	f.StringVar(&o.junit, "junit", "", "write the report to this file in JUnit's format")
	f.StringVar(&o.out, "out", "", "write the log and the ladder of every failed case into this folder")
	f.BoolVar(&o.noSkip, "fail-on-skip", false, "a skipped case fails the run")
	f.IntVar(&o.parallel, "parallel", 0, "how many cases to play at a time (default: one a core)")
	return cmd
}

// loadSeeds loads the cases once, or once for each seed of --seeds.
func (o *runOptions) loadSeeds(cmd *cobra.Command, args []string) ([]*scenario.Case, error) {
	if o.seeds == "" {
		return o.load(cmd, args)
	}
	first, last, err := seedRange(o.seeds)
	if err != nil {
		return nil, exit{exitBadInput, err.Error()}
	}
	var all []*scenario.Case
	for seed := first; seed <= last; seed++ {
		if err := cmd.Flags().Set("seed", strconv.FormatUint(seed, 10)); err != nil {
			return nil, err
		}
		cases, err := o.load(cmd, args)
		if err != nil {
			return nil, err
		}
		all = append(all, cases...)
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

func (o *runOptions) what() string {
	if len(o.patterns) == 0 {
		return "built-in scenarios"
	}
	return strings.Join(o.patterns, " ")
}

func (o *runOptions) seedText() string {
	if o.seeds != "" {
		return "seeds " + o.seeds
	}
	if o.hasSeed {
		return fmt.Sprintf("seed %d", o.seed)
	}
	return "seeds of the files"
}

// play plays the cases, prints the report and turns it into an exit code.
func (o *runOptions) play(cmd *cobra.Command, cases []*scenario.Case, what, seed string) error {
	text := &report.Text{Out: cmd.OutOrStdout(), Colour: isTerminal(cmd.OutOrStdout()), Ladder: o.ladder}
	if o.json {
		text.Out = io.Discard
	}
	text.Begin(what, seed)
	began := time.Now()
	var results []*play.Result
	var artefacts error
	how := play.Play
	if o.ladder {
		how = play.PlayAndLog
	}
	play.All(cases, o.parallel, announced(how), func(r *play.Result) {
		text.Case(r)
		if o.out != "" && len(r.Failures) > 0 && artefacts == nil {
			artefacts = keep(o.out, r)
		}
		if o.junit == "" {
			r.Log = nil // printed; thousands of them would fill the memory
		}
		results = append(results, r)
	})
	took := time.Since(began)
	text.End(took)
	if artefacts != nil {
		return exit{exitBroken, artefacts.Error()}
	}
	if err := o.write(cmd, results, took); err != nil {
		return exit{exitBroken, err.Error()}
	}
	if err := exitOf(results); err != nil || !o.noSkip {
		return err
	}
	for _, r := range results {
		if r.Verdict == play.Skipped {
			return exit{exitFailed, r.Case.FullName() + " was skipped, and --fail-on-skip forbids it (exit 1)"}
		}
	}
	return nil
}

func (o *runOptions) write(cmd *cobra.Command, results []*play.Result, took time.Duration) error {
	if o.json {
		if err := report.JSON(cmd.OutOrStdout(), results, took); err != nil {
			return err
		}
	}
	if o.junit == "" {
		return nil
	}
	return writeFile(o.junit, func(w io.Writer) error { return report.JUnit(w, results, took) })
}

// exitOf is the exit code as an error, nil when all passed.
func exitOf(results []*play.Result) error {
	code, ran := exitOK, 0
	for _, r := range results {
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

// oddInNames must not be in the name of a folder.
var oddInNames = regexp.MustCompile(`[^A-Za-z0-9,=_+-]+`)

// keep writes what a failed case leaves behind.
func keep(dir string, r *play.Result) error {
	dir = filepath.Join(dir, filepath.FromSlash(r.Case.ID), oddInNames.ReplaceAllString(r.Case.Name, "_"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "events.ndjson"), func(w io.Writer) error { return play.WriteLog(w, r.Log) }); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "ladder.txt"), func(w io.Writer) error { report.Ladder(w, r); return nil })
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
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
