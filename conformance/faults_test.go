package conformance_test

import (
	"fmt"
	"path"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// badLinks are the rounds played here; callflow run --faults --seeds 1..N plays
// more.
var badLinks = []struct {
	quality string
	seed    uint64
}{{"all", 1}, {"loss", 2}, {"reordering", 3}, {"duplication", 4}}

// describeBadLinks plays the same files on links that lose, duplicate and
// reorder SIP: see conformance/play/loosen.go for what a scenario does
// not mean there any more. A spec is a folder under a quality; one for each case
// would be thousands.
func describeBadLinks() {
	rounds := badLinks
	if raceDetector {
		rounds = badLinks[:1]
	}
	badLinkRuns++
	for _, round := range rounds {
		folders, byFolder := []string{}, map[string][]*scenario.Case{}
		for _, c := range share(seeded(round.seed), badLinkRuns, raceShare) {
			folder := path.Dir(c.ID)
			if byFolder[folder] == nil {
				folders = append(folders, folder)
			}
			byFolder[folder] = append(byFolder[folder], play.Under(c, round.quality))
		}
		for _, folder := range folders {
			It(fmt.Sprintf("%s under %s, seed %d", folder, round.quality, round.seed), Label(folder), func() {
				failures, played := []string{}, 0
				play.All(byFolder[folder], 0, play.Play, func(r *play.Result) {
					switch r.Verdict {
					case play.Skipped:
						return
					case play.Failed, play.Broken:
						failures = append(failures, failureOf(r))
					}
					played++
				})
				Expect(failures).To(BeEmpty(), strings.Join(failures, "\n"))
				if played == 0 {
					Skip("every case is left out: " + byFolder[folder][0].Skip)
				}
			})
		}
	}
}

// raceShare is the part of the cases on bad links that is enough under the race
// detector.
const raceShare = 4

var badLinkRuns int

// seeded loads the built-in scenarios with this seed.
func seeded(seed uint64) []*scenario.Case {
	cases, _ := scenario.Load(scenarios.FS, nil, scenario.Options{Library: scenarios.FS, Prefix: "scenarios/", Seed: &seed})
	return cases
}
