package conformance_test

import (
	"slices"
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

	patienceInRealTime = 30 * time.Second // of a step
)

// listens tells a step that measures sound: that passes the server by, and tells
// only how busy the machine is. The command does measure it.
func listens(s scenario.Step) bool { _, ok := s.Verb.(*scenario.Listen); return ok }

// serverRuns counts the runs with each program in this process.
var serverRuns = map[string]int{}

// playWith plays what has a server that the program can take the place of. What
// cannot be played is counted with its reason; at least so many cases must be played, if nothing is missing.
func playWith(t *testing.T, program string, least int) {
	all, problems := scenario.Load(scenarios.FS, nil, scenario.Options{Library: scenarios.FS, Prefix: "scenarios/"})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var cases []*scenario.Case
	for _, c := range all {
		if play.HasServer(c, program) {
			short := *c
			short.Settle, short.Limit = restInRealTime, patienceInRealTime
			short.Steps = slices.DeleteFunc(slices.Clone(c.Steps), listens)
			cases = append(cases, &short)
		}
	}
	serverRuns[program]++
	if cases = share(cases, serverRuns[program], 1); raceDetector && serverRuns[program] > 1 {
		least = 0
	}
	o := play.Options{World: play.Loopback, Server: program, Longest: longestInRealTime}
	played, incomplete := 0, false
	play.All(cases, serversAtATime, func(c *scenario.Case) *play.Result { return play.In(c, o) }, func(r *play.Result) {
		incomplete = incomplete || strings.HasPrefix(r.Reason, "needs ")
		if r.Verdict != play.Skipped {
			played++
		}
		t.Run(strings.ReplaceAll(r.Case.FullName(), "/", " "), func(t *testing.T) {
			switch r.Verdict {
			case play.Skipped:
				t.Skip(r.Reason)
			case play.Failed, play.Broken:
				t.Error(failureOf(r))
			}
		})
	})
	if played < least && !incomplete {
		t.Errorf("%d cases have been played, expected %d or more", played, least)
	}
}
