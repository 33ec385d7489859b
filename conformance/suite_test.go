package conformance_test

import (
	"flag"
	"path"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/conformance/streamtest/streamspec"
	"github.com/go-sipsimple/callflow/scenarios"
)

// In which world the scenarios are played:
//
//	go test ./conformance -timeout 30m -args -world=loopback
//	go test -tags portaudio ./conformance -args -world=device -ginkgo.label-filter=device
var world = flag.String("world", play.Sim, "where to play the scenarios: sim, loopback or device")

func TestScenarios(t *testing.T) {
	RegisterFailHandler(Fail)
	if *world == play.Device {
		devices = virtualDevices(t)
	}
	streamspec.RunSpecs(t, "call flows", func() {
		Describe("scenario", describeScenarios)
		Describe("on bad links", Label("faults"), describeBadLinks)
	})
}

// builtIn loads the built-in scenarios, once a process.
var builtIn = sync.OnceValues(func() ([]*scenario.Case, scenario.Problems) {
	return scenario.Load(scenarios.FS, nil, scenario.Options{Library: scenarios.FS, Prefix: "scenarios/"})
})

// describeScenarios makes one spec for each case, with the folder and the tags
// as labels. A case that deadlocks, leaks or panics fails its own spec only.
func describeScenarios() {
	cases, problems := builtIn()
	It("files have no mistakes", func() {
		Expect(problems).To(BeEmpty(), problems.String())
		Expect(cases).NotTo(BeEmpty())
	})
	scenarioRuns++
	cases = share(cases, scenarioRuns, 1)
	var run player
	for _, c := range cases {
		labels := append(Label(path.Dir(c.ID)), c.Tags...)
		It(c.FullName(), labels, func() {
			r := run.result(c, cases)
			switch r.Verdict {
			case play.Skipped:
				Skip(r.Reason)
			case play.Failed, play.Broken:
				Fail(failureOf(r))
			}
		})
	}
}

// scenarioRuns counts the runs of the suite in this process.
var scenarioRuns int

// laterShare is the part of the cases that later runs of one process (-count) play
// under the race detector: every laterShare-th, others each time.
const laterShare = 8

// share is what the n-th run of a process plays of a list under the race detector: the first-th part of it, later runs
// the laterShare-th part of that.
func share[T any](list []T, n, first int) []T {
	switch {
	case !raceDetector:
		return list
	case n == 1:
		return every(list, n, first)
	}
	return every(list, n, first*laterShare)
}

// every is each step-th of a list, others for each n.
func every[T any](list []T, n, step int) []T {
	var some []T
	for i, one := range list {
		if (i+n)%step == 0 {
			some = append(some, one)
		}
	}
	return some
}

// TestEveryLeavesNothingOut plays a list once in as many runs as it has parts.
func TestEveryLeavesNothingOut(t *testing.T) {
	list, played := make([]int, 1000), map[int]int{}
	for i := range list {
		list[i] = i
	}
	for n := range raceShare * laterShare {
		for _, one := range every(list, n+2, raceShare*laterShare) {
			played[one]++
		}
	}
	for i := range list {
		if played[i] != 1 {
			t.Fatalf("%d is played %d times", i, played[i])
		}
	}
}

// player plays all the cases when the first is asked for, as many at a time as
// there are cores (in real time, where they mostly wait, many); a chosen few when
// they are asked for.
type player struct {
	once    sync.Once
	results map[*scenario.Case]chan *play.Result
}

func (p *player) result(c *scenario.Case, all []*scenario.Case) *play.Result {
	config, _ := GinkgoConfiguration()
	some := config.LabelFilter != "" || len(config.FocusStrings)+len(config.SkipStrings) > 0
	if *world == play.Device || some {
		return play.In(c, play.Options{World: *world, Devices: devices})
	}
	p.once.Do(func() {
		p.results = make(map[*scenario.Case]chan *play.Result, len(all))
		for _, each := range all {
			p.results[each] = make(chan *play.Result, 1)
		}
		go play.All(all, play.MostAtATime, func(c *scenario.Case) *play.Result { return play.In(c, play.Options{World: *world}) },
			func(r *play.Result) { p.results[r.Case] <- r })
	})
	return <-p.results[c]
}

// failureOf is what the command would print.
func failureOf(r *play.Result) string {
	var text strings.Builder
	t := report.Text{Out: &text}
	t.Begin(r.Case.FullName(), "")
	t.Case(r)
	return text.String()
}
