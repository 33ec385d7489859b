package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/schema"
	"github.com/go-sipsimple/callflow/scenarios"
)

func newNew() *cobra.Command {
	from := ""
	cmd := &cobra.Command{
		Use:     "new FILE",
		Short:   "Begin a scenario file with a copy of a built-in one",
		Example: "  callflow new my-call.yaml --from set/SET-01-ring-answer-talk",
		Args:    one("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if ext := path.Ext(args[0]); ext != ".yaml" && ext != ".yml" {
				return exit{exitBadInput, fmt.Sprintf("%q: the name of a scenario ends with .yaml", args[0])}
			}
			text, name, err := builtInFile(from)
			if err != nil {
				return exit{exitBadInput, err.Error()}
			}
			if _, err := os.Stat(args[0]); err == nil {
				return exit{exitBadInput, args[0] + " is there already"}
			}
			text = schemaLine + schema.ID + "\n" +
				"# Begun as a copy of " + name + ". Play it: callflow run " + filepath.ToSlash(args[0]) + "\n" + withoutSchema(text)
			if err := os.WriteFile(args[0], []byte(text), 0o644); err != nil {
				return exit{exitBadInput, err.Error()}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: a copy of %s\n", args[0], name)
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "from", "set/SET-01-ring-answer-talk", "the built-in scenario to copy")
	return cmd
}

// schemaLine begins the line that tells editors which schema a file has.
const schemaLine = "# yaml-language-server: $schema="

// withoutSchema takes off the line of the original, whose path holds there only.
func withoutSchema(text string) string {
	if strings.HasPrefix(text, schemaLine) {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// builtInFile is the text of a built-in scenario; the beginning of its name is
// enough when there is just one.
func builtInFile(id string) (text, name string, err error) {
	clean := strings.TrimSuffix(path.Clean(id), ".yaml")
	matches, err := fs.Glob(scenarios.FS, clean+"*.yaml")
	if err != nil || len(matches) == 0 {
		return "", "", fmt.Errorf("no built-in scenario %s; see callflow list", id)
	}
	name = matches[0]
	for _, m := range matches {
		if m == clean+".yaml" {
			matches, name = []string{m}, m
		}
	}
	if len(matches) > 1 {
		return "", "", fmt.Errorf("%s is one of %s: say which", id, strings.Join(matches, ", "))
	}
	data, err := fs.ReadFile(scenarios.FS, name)
	return string(data), strings.TrimSuffix(name, ".yaml"), err
}
