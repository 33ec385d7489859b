package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newLint() *cobra.Command {
	s := &selection{}
	return &cobra.Command{
		Use:     "lint [FILE | FOLDER]...",
		Short:   "Look for mistakes in scenario files, play nothing",
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
	byClause := false
	cmd := &cobra.Command{
		Use:     "list [FILE | FOLDER | BUILT-IN]...",
		Short:   "List scenarios and their cases",
		Example: "  callflow list fai/\n  callflow list --clauses",
		RunE: func(cmd *cobra.Command, args []string) error {
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
	return cmd
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
