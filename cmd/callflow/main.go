// Command callflow plays SIP call flows written in YAML in a simulated network
// and says whether they went as the files say.
//
//	callflow run                       the built-in scenarios
//	callflow run my-call.yaml          a file or a folder of one's own
//	callflow lint my-call.yaml         look for mistakes, play nothing
//	callflow new my-call.yaml --from set/SET-01
//
// Exit codes: 0 all passed, 1 a scenario failed, 2 bad input and nothing was
// run, 3 the laboratory itself is at fault.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitBadInput
	exitBroken
)

// exit is an error that asks for an exit code; its text, if any, goes to
// standard error.
type exit struct {
	code int
	text string
}

func (e exit) Error() string { return e.text }

func main() {
	if wantsSupervision(os.Args[1:]) {
		if exe, err := os.Executable(); err == nil {
			child := exec.Command(exe, os.Args[1:]...)
			child.Stdin, child.Stdout = os.Stdin, os.Stdout
			if code, err := supervise(child, os.Stderr); err == nil {
				os.Exit(code)
			}
		}
	}
	os.Exit(callflow(os.Args[1:], os.Stdout, os.Stderr))
}

// callflow runs the command line and returns its exit code.
func callflow(args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err == nil {
		return exitOK
	}
	if e, ok := errors.AsType[exit](err); ok {
		if e.text != "" {
			fmt.Fprintln(stderr, e.text)
		}
		return e.code
	}
	fmt.Fprintln(stderr, "callflow:", err)
	return exitBadInput
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "callflow",
		Short:         "Play SIP call flows and judge them",
		Example:       "  callflow run\n  callflow run set/ --ladder\n  callflow new my-call.yaml --from set/SET-01-ring-answer-talk",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newRun(), newReplay(), newLint(), newList(), newCoverage(), newNew(), newSchema())
	return root
}
