package interop

import (
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/adapter"
	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// TestAdapters has phones take the place of the caller and of the callee in
// scenarios: ringing, talking, hold, hanging up and giving up. What the other
// side notices is judged. They wait more than they work: all play at once.
func TestAdapters(t *testing.T) {
	t.Parallel()
	cases := map[string]*scenario.Case{}
	loaded, problems := scenario.Load(scenarios.FS, []string{"set", "hld", "fai"}, scenario.Options{Library: scenarios.FS})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range loaded {
		cases[c.FullName()] = c
	}
	for _, phone := range []struct{ name, program, pkg string }{
		{"baresip", "baresip", "baresip-core"}, {"linphone", "linphone-daemon", "linphone-cli"},
	} {
		t.Run(phone.name, func(t *testing.T) {
			t.Parallel()
			need(t, phone.program, phone.pkg)
			program := filepath.Join(t.TempDir(), "adapter")
			if out, err := exec.Command("go", "build", "-o", program, "../../examples/"+phone.name).CombinedOutput(); err != nil {
				t.Fatalf("go build: %v\n%s", err, out)
			}
			var all sync.WaitGroup
			for _, name := range []string{"set/SET-01-ring-answer-talk[PCMU]", "hld/HLD-01-hold-by-the-callee[udp]", "fai/FAI-15-cancel[after 180]"} {
				for _, place := range []string{"alice", "bob"} {
					all.Go(func() { takesPart(t, cases[name], place, program) })
				}
			}
			all.Wait()
		})
	}
}

// takesPart plays a case with the program in the place of a party.
func takesPart(t *testing.T, c *scenario.Case, place, program string) {
	t.Helper()
	if c == nil {
		t.Error("there is no such case")
		return
	}
	r := play.In(c, play.Options{World: play.Loopback, Phones: map[string]play.PhoneMaker{
		place: {Source: "exec:" + program, New: func() (play.Phone, error) { return adapter.Start(program) }},
	}})
	if r.Verdict == play.Passed {
		return
	}
	t.Errorf("%s with %s: %s %s", c.FullName(), place, r.Verdict, r.Reason)
	for _, f := range r.Failures {
		t.Errorf("%v %v %q", f.Pos, f, f.Details)
	}
}
