package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The test binary stands in for the command: told so, it plays and breaks down.
func TestMain(m *testing.M) {
	switch os.Getenv("CALLFLOW_TEST_CHILD") {
	case "":
		os.Exit(m.Run())
	case "good":
		os.Exit(callflow([]string{"run", "set/SET-12-chat-only"}, os.Stdout, os.Stderr))
	case "bad input":
		os.Exit(callflow([]string{"run", "no-such-thing"}, os.Stdout, os.Stderr))
	case "crash":
		fmt.Fprintln(os.NewFile(3, "progress"), "+one\n+two\n-one")
		ended := make(chan bool)
		go func() { panic("boom") }()
		<-ended
	}
}

func TestSupervision(t *testing.T) {
	cases := []struct {
		child string
		want  int
		err   string
	}{
		{"good", exitOK, ""},
		{"bad input", exitBadInput, "no-such-thing"},
		{"crash", exitBroken, "the laboratory broke down (exit 3) while it played two"},
	}
	for _, c := range cases {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "CALLFLOW_TEST_CHILD="+c.child)
		var stderr strings.Builder
		code, err := supervise(child, &stderr)
		if err != nil || code != c.want || !strings.Contains(stderr.String(), c.err) {
			t.Errorf("%s: exit %d, %v, want %d\n%s", c.child, code, err, c.want, stderr.String())
		}
	}
}
