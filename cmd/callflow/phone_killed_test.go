package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asCommand has the test binary be the command.
const asCommand = "CALLFLOW_TEST_COMMAND"

// startProcess runs a command line as a process of its own, which can be killed.
func startProcess(t *testing.T, name string, args ...string) (*terminal, *exec.Cmd) {
	t.Helper()
	c := &terminal{t: t, name: name, more: make(chan struct{})}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=yes")
	cmd.Stdout, cmd.Stderr = c, c
	if _, err := cmd.StdinPipe(); err != nil { // keys: none
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return c, cmd
}

// TestPhoneIsKilled: a phone that is killed in a call, over a connection, can start
// again at once on the same ports; it does not know the call, and so the peer's BYE
// ends it there (reliability I39).
func TestPhoneIsKilled(t *testing.T) {
	t.Parallel()
	answer := []string{"phone", "answer", "--id", "bob", "--auto-answer", "--listen"}
	bob, process := startProcess(t, "bob", append(answer, "127.0.0.1:0")...)
	at := bob.await(`listening on (?:udp \S+, )?tcp ([0-9.:]+)`)[1]
	bob.await("waiting for calls")
	alice := start(t, "alice", "phone", "call", "sip:bob@"+at+";transport=tcp", "--id", "alice", "--listen", "127.0.0.1")
	alice.await("talking with")
	bob.await("talking with")
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // it was killed

	again, _ := startProcess(t, "bob again", append(answer, at)...)
	again.await(`listening on .*` + at)
	again.await("waiting for calls")
	alice.press("q")
	alice.exit(0)
	alice.await("ended by us")
	if text, _ := again.text(); strings.Contains(text, "talking") {
		t.Errorf("the new phone knows of the call:\n%s", text)
	}
}
