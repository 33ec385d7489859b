package conformance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/daemon"
	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// TestKamailio plays the scenarios with registrars and proxies against Kamailio,
// over sockets of this machine.
func TestKamailio(t *testing.T) {
	if _, err := daemon.LookKamailio(); err != nil {
		t.Skip("needs kamailio")
	}
	playWith(t, play.Kamailio, 32)
}

// TestCoturn finds out the kind of NAT with coturn. There is no NAT on one
// machine: what is proved is that the questions are understood and answered,
// from both addresses.
func TestCoturn(t *testing.T) {
	if err := daemon.LookCoturn(); err != nil {
		t.Skip("needs coturn")
	}
	playWith(t, play.Coturn, 1)
}

const (
	longestInRealTime = 15 * time.Second // in a test; the command plays what takes longer
	restInRealTime    = time.Second      // after the last step
	serversAtATime    = 8
)

// playWith plays what has a server that the program can take the place of. What
// cannot be played is counted with its reason; at least so many cases must pass.
func playWith(t *testing.T, program string, least int) {
	all, problems := scenario.Load(scenarios.FS, nil, scenario.Options{Library: scenarios.FS, Prefix: "scenarios/"})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var cases []*scenario.Case
	for _, c := range all {
		if play.HasServer(c, program) {
			short := *c
			short.Settle = restInRealTime
			cases = append(cases, &short)
		}
	}
	o := play.Options{World: play.Loopback, Server: program}
	passed := 0
	play.All(cases, serversAtATime, func(c *scenario.Case) *play.Result {
		if virtual := play.Play(c).Virtual; virtual > longestInRealTime {
			return &play.Result{Case: c, Verdict: play.Skipped, Reason: fmt.Sprintf("takes %v of real time", virtual.Round(time.Second))}
		}
		return play.In(c, o)
	}, func(r *play.Result) {
		t.Run(strings.ReplaceAll(r.Case.FullName(), "/", " "), func(t *testing.T) {
			switch r.Verdict {
			case play.Skipped:
				t.Skip(r.Reason)
			case play.Passed:
				passed++
			default:
				t.Error(failureOf(r))
			}
		})
	})
	if passed < least && !t.Failed() {
		t.Errorf("%d cases have passed, expected %d or more", passed, least)
	}
}
