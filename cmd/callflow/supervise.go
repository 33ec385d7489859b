package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// A panic in a goroutine of the middleware ends the process, and its exit code
// would look like bad input. So the commands that play scenarios run in a child
// process, which tells what it is playing; when it dies, the parent says so and
// exits with 3.

// supervised is the environment variable that tells a child what it is.
const supervised = "CALLFLOW_SUPERVISED"

// wantsSupervision tells whether the command plays scenarios.
func wantsSupervision(args []string) bool {
	playing := len(args) > 0 && slices.Contains([]string{"run", "replay", "coverage"}, args[0])
	return playing && os.Getenv(supervised) == "" && runtime.GOOS != "windows" // which hands down no pipe
}

// supervise runs the command in a child process and returns the exit code. It
// returns an error when no child could be started.
func supervise(child *exec.Cmd, stderr io.Writer) (int, error) {
	progress, report, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer progress.Close()
	last := &tail{out: stderr}
	child.Env = append(child.Environ(), supervised+"=1")
	child.Stderr = last
	child.ExtraFiles = []*os.File{report}
	if err := child.Start(); err != nil {
		report.Close()
		return 0, err
	}
	report.Close()
	playing := whatIsPlayed(progress)
	err = child.Wait()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		return 0, err
	}
	code := child.ProcessState.ExitCode()
	if code >= 0 && !(code == exitBadInput && crash.Match(last.kept)) {
		return code, nil
	}
	fmt.Fprintf(stderr, "callflow: the laboratory broke down (exit 3) while it played %s\n", strings.Join(playing, ", "))
	return exitBroken, nil
}

// crash is how the runtime begins its last words.
var crash = regexp.MustCompile(`(?m)^(panic|fatal error|runtime): `)

// whatIsPlayed reads "+case" and "-case" until the child ends, and returns what
// has begun and not ended.
func whatIsPlayed(r io.Reader) []string {
	var playing []string
	for lines := bufio.NewScanner(r); lines.Scan(); {
		word, name := lines.Text()[:1], lines.Text()[1:]
		if word == "+" {
			playing = append(playing, name)
		} else if i := slices.Index(playing, name); i >= 0 {
			playing = slices.Delete(playing, i, i+1)
		}
	}
	return playing
}

// tail passes text on and keeps the beginning of it: a crash comes first.
type tail struct {
	out  io.Writer
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[:min(len(p), max(0, 64<<10-len(t.kept)))]...)
	return t.out.Write(p)
}

// announced lets a child tell its parent which cases are being played.
func announced(how func(*scenario.Case) *play.Result) func(*scenario.Case) *play.Result {
	if os.Getenv(supervised) == "" {
		return how
	}
	progress := os.NewFile(3, "progress")
	if progress == nil {
		return how
	}
	var mu sync.Mutex
	tell := func(word string, c *scenario.Case) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(progress, word+c.FullName()) // a parent that does not listen is no reason to fail
	}
	return func(c *scenario.Case) *play.Result {
		tell("+", c)
		defer tell("-", c)
		return how(c)
	}
}
