package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/scenario"
)

func newLint() *cobra.Command {
	s := &selection{}
	return &cobra.Command{
		Use:     "lint [FILE | FOLDER]...",
		Short:   "Look for mistakes in scenario files, play nothing; without arguments in the built-in ones",
		Example: "  callflow lint my-call.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			cases, err := s.load(cmd, args)
			if err != nil {
				return err
			}
			files := map[string]bool{}
			for _, c := range cases {
				files[c.File] = true
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s, %s: no problems\n", count(len(files), "file"), count(len(cases), "case"))
			return nil
		},
	}
}

func newList() *cobra.Command {
	s := &selection{}
	byClause, notifications := false, ""
	cmd := &cobra.Command{
		Use:     "list [FILE | FOLDER | BUILT-IN]...",
		Short:   "List scenarios and their cases",
		Example: "  callflow list fai/\n  callflow list --clauses\n  callflow list --notifications session",
		RunE: func(cmd *cobra.Command, args []string) error {
			if notifications != "" {
				return listNotifications(cmd.OutOrStdout(), notifications)
			}
			cases, err := s.load(cmd, args)
			if err != nil {
				return err
			}
			if byClause {
				listClauses(cmd.OutOrStdout(), cases)
				return nil
			}
			for _, c := range cases {
				fmt.Fprintf(cmd.OutOrStdout(), "%-50s %s\n", c.FullName(), c.Title)
			}
			return nil
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&byClause, "clauses", false, "list rows and clauses, with the scenarios that are evidence for them")
	cmd.Flags().StringVar(&notifications, "notifications", "",
		"list instead the notifications, with their fields, that this `word` or pattern of watch means")
	return cmd
}

// listNotifications prints what a scenario can expect: fields with the values
// that they can have, if these are few.
func listNotifications(w io.Writer, watch string) error {
	patterns, found := scenario.WatchPatterns(watch), false
	for _, n := range scenario.Notifications() {
		if !scenario.Watched(patterns, n.Name) {
			continue
		}
		found = true
		fields := []string{}
		for _, f := range n.Fields {
			if f.Values != nil {
				f.Name += ": " + strings.Join(f.Values, " | ")
			}
			fields = append(fields, f.Name)
		}
		fmt.Fprintf(w, "%s {%s}\n", n.Name, strings.Join(fields, ", "))
	}
	if !found {
		return exit{exitBadInput, fmt.Sprintf("--notifications %s: no notification is called so; expected session, stream, msrp, "+
			"application, account, dns, config, sound, all or a pattern such as 'MediaStream*'", watch)}
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
