package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// oddInNames must not be in the name of a folder.
var oddInNames = regexp.MustCompile(`[^A-Za-z0-9,=_+-]+`)

// folders gives each case a folder of its own below dir: that of its seed, if
// everything is played with several, then its ID and its name. Names that differ
// in odd characters only are numbered.
func folders(dir string, cases []*scenario.Case, seeds map[*scenario.Case]string) map[*scenario.Case]string {
	result := make(map[*scenario.Case]string, len(cases))
	taken := make(map[string]bool, len(cases))
	for _, c := range cases {
		base := filepath.Join(dir, seeds[c], filepath.FromSlash(c.ID), oddInNames.ReplaceAllString(c.Name, "_"))
		name := base
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", base, n)
		}
		taken[name], result[c] = true, name
	}
	return result
}

// keep writes what a case leaves behind: nothing in it is of this run's own
// time on the wall.
func keep(dir string, r *play.Result) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "events.ndjson"), func(w io.Writer) error { return play.WriteLog(w, r.Log) }); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "ladder.txt"), func(w io.Writer) error { report.Ladder(w, r); return nil })
}

// fileFlag refuses a file to write that cannot be one.
func fileFlag(flag, name string) error {
	if name == "" {
		return nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return exit{exitBadInput, fmt.Sprintf("%s %s: expected a file, this is a folder", flag, name)}
	}
	if _, err := os.Stat(filepath.Dir(name)); err != nil {
		return exit{exitBadInput, fmt.Sprintf("%s %s: %v", flag, name, err)}
	}
	return nil
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
