//go:build !race

package conformance_test

import (
	"os"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// TestSlow plays what takes too long for a built-in scenario.
func TestSlow(t *testing.T) {
	cases, problems := scenario.Load(os.DirFS("../scenarios"), []string{"file/slow"}, scenario.Options{Library: scenarios.FS})
	if len(problems) > 0 || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), problems)
	}
	for _, c := range cases {
		began := time.Now()
		r := play.Play(c)
		for _, f := range r.Failures {
			t.Errorf("%s: %s", c.FullName(), f.String())
		}
		t.Logf("%s: %v, %v of call time", c.FullName(), time.Since(began), r.Virtual)
	}
}
