package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// selection is what the flags and arguments of run, lint and list choose.
type selection struct {
	run  string   // regular expression on the full name of a case
	tags []string // any of them
	spec []string // any of them
	vars []string // NAME=VALUE
	seed uint64
}

func (s *selection) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.run, "run", "", "only cases whose full name matches this regular expression")
	f.StringSliceVar(&s.tags, "tag", nil, "only scenarios with one of these tags")
	f.StringSliceVar(&s.spec, "spec", nil, "only scenarios that are evidence for one of these rows or clauses")
	f.StringArrayVar(&s.vars, "var", nil, "override a variable: NAME=VALUE")
	f.Uint64Var(&s.seed, "seed", 0, "use this seed instead of those of the files")
}

// load reads what the arguments name: files and folders on disk, or paths of
// the built-in scenarios; nothing means all built-in ones.
func (s *selection) load(cmd *cobra.Command, args []string) ([]*scenario.Case, error) {
	if slices.Contains(args, "") {
		return nil, exit{exitBadInput, "an argument is empty: expected a file, a folder or a built-in scenario"}
	}
	opts := scenario.Options{Library: scenarios.FS, Vars: map[string]string{}}
	if cmd.Flags().Changed("seed") {
		opts.Seed = &s.seed
	}
	for _, v := range s.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok {
			return nil, exit{exitBadInput, fmt.Sprintf("--var %s: expected NAME=VALUE", v)}
		}
		opts.Vars[name] = value
	}
	var cases []*scenario.Case
	var problems scenario.Problems
	for _, source := range sources(args) {
		opts.Prefix = source.prefix
		found, wrong := scenario.Load(source.fsys, source.patterns, opts)
		cases, problems = append(cases, found...), append(problems, wrong...)
	}
	if len(problems) > 0 {
		return nil, exit{exitBadInput, problems.String() + problems.Summary() + " (exit 2)"}
	}
	return s.filter(cases)
}

func (s *selection) filter(cases []*scenario.Case) ([]*scenario.Case, error) {
	pattern, err := regexp.Compile(s.run)
	if err != nil {
		return nil, exit{exitBadInput, fmt.Sprintf("--run: %v", err)}
	}
	all := len(cases)
	cases = slices.DeleteFunc(cases, func(c *scenario.Case) bool {
		return !pattern.MatchString(c.FullName()) || !anyOf(s.tags, c.Tags) || !anyOf(s.spec, c.Spec)
	})
	if len(cases) == 0 {
		return nil, exit{exitBadInput, fmt.Sprintf("no scenario to run: %d found, none of them chosen (exit 2)", all)}
	}
	return cases, nil
}

func anyOf(wanted, have []string) bool {
	if len(wanted) == 0 {
		return true
	}
	return slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(have, w) })
}

// source is a tree of files and the patterns in it.
type source struct {
	fsys     fs.FS
	prefix   string
	patterns []string
}

// sources sorts the arguments: what is on disk is meant first, else it is a
// built-in scenario. A folder without any scenario is not meant when a built-in
// one has its name. Files of one folder tree are read together.
func sources(args []string) []source {
	if len(args) == 0 {
		return []source{{fsys: scenarios.FS, prefix: "scenarios/"}}
	}
	var list []source
	add := func(new source) {
		for i := range list {
			if list[i].prefix == new.prefix && (list[i].fsys == scenarios.FS) == (new.fsys == scenarios.FS) {
				list[i].patterns = append(list[i].patterns, new.patterns...)
				return
			}
		}
		list = append(list, new)
	}
	for _, arg := range args {
		if builtIn(arg) && !onDisk(arg) {
			add(source{fsys: scenarios.FS, prefix: "scenarios/", patterns: []string{arg}})
			continue
		}
		add(diskSource(arg))
	}
	return list
}

// diskSource reads a path on disk from the present folder, or from the root of
// the disk when it lies elsewhere.
func diskSource(arg string) source {
	clean := filepath.ToSlash(filepath.Clean(arg))
	if fs.ValidPath(clean) {
		return source{fsys: os.DirFS("."), patterns: []string{clean}}
	}
	absolute, err := filepath.Abs(arg)
	if err != nil {
		absolute = arg
	}
	dir, base := filepath.Split(absolute)
	return source{fsys: os.DirFS(dir), prefix: filepath.ToSlash(dir), patterns: []string{base}}
}

func onDisk(arg string) bool {
	for _, name := range []string{arg, arg + ".yaml"} {
		if info, err := os.Stat(name); err == nil {
			return !info.IsDir() || hasScenarios(name)
		}
	}
	matches, err := filepath.Glob(arg)
	return err == nil && len(matches) > 0
}

// hasScenarios tells whether files that may be scenarios are below a folder.
func hasScenarios(folder string) bool {
	found := false
	_ = fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		if ext := path.Ext(name); err == nil && !entry.IsDir() && (ext == ".yaml" || ext == ".yml") {
			found = true
			return fs.SkipAll
		}
		return nil // what cannot be read holds no scenario that could be played
	})
	return found
}

func builtIn(arg string) bool {
	clean := path.Clean(arg)
	for _, name := range []string{clean, clean + ".yaml"} {
		if fs.ValidPath(name) {
			if _, err := fs.Stat(scenarios.FS, name); err == nil {
				return true
			}
		}
	}
	matches, err := fs.Glob(scenarios.FS, clean)
	if err == nil && len(matches) > 0 {
		return true
	}
	matches, err = fs.Glob(scenarios.FS, clean+"*.yaml")
	return err == nil && len(matches) > 0
}
