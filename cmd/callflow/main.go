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
	"runtime"
	"runtime/debug"

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
	runtime.MemProfileRate = 0 // package testing, which virtual time needs, would have the heap sampled, which takes memory
	debug.SetGCPercent(400)    // thousands of short calls and little that stays: memory is cheaper than collecting it
	root := newRoot()
	root.Annotations = map[string]string{isCommand: "yes"}
	os.Exit(execute(root, os.Args[1:], os.Stdout, os.Stderr))
}

// isCommand marks the root of the command line when the process is this
// command: it may start itself again.
const isCommand = "command"

// callflow runs a command line in this process and returns its exit code.
func callflow(args []string, stdout, stderr io.Writer) int {
	return execute(newRoot(), args, stdout, stderr)
}

func execute(root *cobra.Command, args []string, stdout, stderr io.Writer) int {
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

// one is the Args of a command that takes one thing.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s: expected one %s, found %d", cmd.Name(), what, len(args))
		}
		return nil
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "callflow",
		Short:         "Play SIP call flows and judge them",
		Example:       "  callflow run\n  callflow run set/ --ladder\n  callflow new my-call.yaml --from set/SET-01-ring-answer-talk",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newRun(), newReplay(), newMatrix(), newLint(), newList(), newCoverage(), newNew(), newSchema(), newPhone(), newDevices())
	return root
}
