package main

import (
	"strings"
	"testing"
)

// TestWorlds: the same file on real sockets, what they cannot do named and
// skipped, and no other world.
func TestWorlds(t *testing.T) {
	brief := strings.Replace(good, "parties:", "settle: 300ms\nmatrix: {transport: [udp, tcp, tls]}\nparties:", 1)
	write(t, map[string]string{
		"brief.yaml":  brief,
		"fault.yaml":  strings.Replace(brief, "steps:", "network:\n  - drop: {alice > bob: INVITE}\n    times: 1\n    first: 1\nsteps:", 1),
		"failed.yaml": strings.Replace(strings.Replace(bad, "parties:", "settle: 300ms\nparties:", 1), "seed: 7", "limit: 1s", 1),
	})
	cases := []struct {
		args []string
		code int
		out  string
		err  string
	}{
		{[]string{"run", "brief.yaml", "--world", "loopback"}, 0, "1 scenario, 3 cases: 3 passed", ""},
		{[]string{"run", "brief.yaml", "fault.yaml", "--world", "loopback"}, 0, "world loopback cannot drop: {alice > bob: INVITE} (fault.yaml:10:5)", ""},
		{[]string{"run", "brief.yaml", "fault.yaml", "--world", "loopback", "--fail-on-skip"}, 1, "3 passed, 3 skipped", "--fail-on-skip forbids it"},
		{[]string{"run", "fault.yaml", "--world", "loopback"}, 2, "3 skipped", "nothing was run"},
		{[]string{"run", "failed.yaml", "--world", "loopback"}, 1, "--world loopback --until", ""},
		{[]string{"run", "brief.yaml", "--world", "mars"}, 2, "", "--world mars: expected one of sim, loopback"},
		{[]string{"run", "brief.yaml", "--world", "loopback", "--server", "kamailio"}, 2, "", "no case has such a server"},
		{[]string{"run", "brief.yaml", "--server", "kamailio"}, 2, "", "--server is for --world loopback"},
		{[]string{"run", "brief.yaml", "--world", "loopback", "--server", "asterisk"}, 2, "", "expected kamailio or coturn"},
	}
	for _, c := range cases {
		code, out, err := rawRun(c.args...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(err, c.err) {
			t.Errorf("callflow %s: exit %d, want %d\n%s\n%s", strings.Join(c.args, " "), code, c.code, out, err)
		}
	}
}
