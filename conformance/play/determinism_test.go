package play_test

import (
	"bytes"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// TestSameSeedSameBytes plays every built-in case twice, some at the
// same time, and demands the same log to the last octet.
func TestSameSeedSameBytes(t *testing.T) {
	cases, problems := scenario.Load(scenarios.FS, nil, scenario.Options{Library: scenarios.FS})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	first := make([][]byte, len(cases))
	for round := range 2 {
		i := 0
		play.All(cases, 4, play.PlayAndLog, func(r *play.Result) {
			log := logOf(t, r)
			if round == 0 {
				first[i] = log
			} else if !bytes.Equal(first[i], log) {
				t.Errorf("%s: another log in round %d:\n%s", r.Case.FullName(), round, difference(first[i], log))
			}
			i++
		})
	}
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
