//go:build unix

package main

import (
	"strings"
	"syscall"
	"testing"
)

// TestPipeIsNoScenario: what might never end is not read.
func TestPipeIsNoScenario(t *testing.T) {
	write(t, map[string]string{"good.yaml": good})
	if err := syscall.Mkfifo("pipe.yaml", 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, err := run(t, "run", "."); code != exitBadInput || !strings.Contains(err, "pipe.yaml: this is no regular file") {
		t.Errorf("exit %d: %s", code, err)
	}
}
