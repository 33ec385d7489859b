package main

import (
	"strings"
	"testing"
)

// TestPartyFlags: what --party and --address do not take is told, and nothing is
// run.
func TestPartyFlags(t *testing.T) {
	write(t, map[string]string{"brief.yaml": good})
	loopback := []string{"run", "brief.yaml", "--world", "loopback"}
	for _, c := range []struct {
		args []string
		code int
		said string
	}{
		{[]string{"run", "brief.yaml", "--party", "bob=exec:true"}, 2, "add --world loopback"},
		{append(loopback, "--party", "bob"), 2, "expected NAME=exec:COMMAND or NAME=manual:URI"},
		{append(loopback, "--party", "bob=exec: "), 2, "expected NAME=exec:COMMAND"},
		{append(loopback, "--party", "=exec:true"), 2, "expected NAME=exec:COMMAND"},
		{append(loopback, "--party", "bob=exec:true", "--party", "bob=exec:false"), 2, "another phone for bob"},
		{append(loopback, "--address", "127.0.0.1"), 2, "--address is for runs with --party"},
		{append(loopback, "--party", "bob=exec:true", "--address", "here"), 2, `--address "here"`},
		{append(loopback, "--party", "dave=exec:true"), 2, "there is no party dave"},
		{append(loopback, "--party", "bob=exec:/nonexistent/phone"), 3, "/nonexistent/phone: no such file"},
		{append(loopback, "--party", "bob=exec:true"), 3, "the program has ended"},
	} {
		code, out, err := rawRun(c.args...)
		if code != c.code || !strings.Contains(out+err, c.said) {
			t.Errorf("callflow %s: exit %d, want %d with %q\n%s\n%s", strings.Join(c.args, " "), code, c.code, c.said, out, err)
		}
	}
}
