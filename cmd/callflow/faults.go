package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// everyQuality is --faults without a value.
const everyQuality = "each"

func faultsFlag(cmd *cobra.Command, faults *string) {
	f := cmd.Flags()
	f.StringVar(faults, "faults", "", "on links that are bad for SIP: "+strings.Join(play.Qualities(), ", ")+
		"; without a value, each of them.\nWhat a scenario does not mean there any more: conformance/play/loosen.go")
	f.Lookup("faults").NoOptDefVal = everyQuality
}

// underFaults are the cases on links of a quality, or of each one after
// another; the cases themselves without --faults.
func underFaults(cases []*scenario.Case, name string) ([]*scenario.Case, error) {
	names := []string{name}
	switch {
	case name == "":
		return cases, nil
	case name == everyQuality:
		names = play.Qualities()
	case !slices.Contains(play.Qualities(), name):
		return nil, exit{exitBadInput, fmt.Sprintf("--faults=%s: expected one of %s", name, strings.Join(play.Qualities(), ", "))}
	}
	var all []*scenario.Case
	for _, name := range names {
		for _, c := range cases {
			all = append(all, play.Under(c, name))
		}
	}
	return all, nil
}
