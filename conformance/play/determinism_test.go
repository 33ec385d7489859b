package play_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// TestSameSeedSameBytes plays every built-in case several times, on one
// processor and on several, one after another and many at a time, and demands
// the same log to the last octet. So it does of calls by a proxy and their ends
// on links where much is sent again, and two messages at the same instant.
func TestSameSeedSameBytes(t *testing.T) {
	seed := uint64(7)
	cases, problems := scenario.Load(scenarios.FS, nil, scenario.Options{Library: scenarios.FS, Seed: &seed})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	cases = someOf(append(cases, whatRepeats(cases)...))
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	first := make([]*play.Result, len(cases))
	for _, how := range []struct{ processors, workers int }{{before, 4}, {1, 1}, {4, 16}} {
		runtime.GOMAXPROCS(how.processors)
		i := 0
		play.All(cases, how.workers, play.PlayAndLog, func(r *play.Result) {
			switch {
			case first[i] == nil:
				first[i] = r
			case first[i].Digest != r.Digest || r.Digest == "" && r.Verdict != play.Skipped:
				t.Errorf("%s: another log with %+v:\n%s", r.Case.FullName(), how, difference(logOf(t, first[i]), logOf(t, r)))
			}
			i++
		})
	}
}

// whatRepeats are cases on bad links.
func whatRepeats(cases []*scenario.Case) []*scenario.Case {
	var bad []*scenario.Case
	for _, c := range cases {
		if strings.HasPrefix(c.ID, "proxy/") || strings.HasPrefix(c.ID, "trm/") {
			bad = append(bad, play.Under(c, "loss"), play.Under(c, "all"))
		}
	}
	return bad
}

var runs int

// someOf is every share-th case, others with each -count.
func someOf(cases []*scenario.Case) []*scenario.Case {
	runs++
	var some []*scenario.Case
	for i, c := range cases {
		if (i+runs)%share == 0 {
			some = append(some, c)
		}
	}
	return some
}

func logOf(t *testing.T, r *play.Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := play.WriteLog(&b, r.Log); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// difference is the first line in which two logs differ.
func difference(a, b []byte) string {
	x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(x), len(y)) {
		if !bytes.Equal(x[i], y[i]) {
			return string(x[i]) + "\n" + string(y[i])
		}
	}
	return "one is longer"
}
