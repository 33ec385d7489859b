package report

import (
	"fmt"
	"io"
	"time"

	"github.com/go-sipsimple/callflow/conformance/play"
)

// Text prints one line for each case as it is played, a block for each failure,
// and a summary.
type Text struct {
	Out    io.Writer
	Colour bool
	Ladder bool // a ladder for every case

	style   style
	counts  [4]int
	files   map[string]bool
	virtual time.Duration
}

// Begin prints the heading: what is played, and the seed.
func (t *Text) Begin(what string, seed string) {
	t.style, t.files = style{t.Colour}, map[string]bool{}
	fmt.Fprintf(t.Out, "%s, simulated network and audio, %s\n\n", what, seed)
}

// Case prints the line of one case, and what went wrong in it.
func (t *Text) Case(r *play.Result) {
	t.counts[r.Verdict]++
	t.files[r.Case.File] = true
	t.virtual += r.Virtual
	switch r.Verdict {
	case play.Passed:
		t.line(r, t.style.good("ok  "), t.style.dim(clauses(r.Case)))
	case play.Skipped:
		t.line(r, "skip", r.Reason)
	default:
		t.line(r, t.style.bad(fmt.Sprintf("%-4s", r.Verdict)), "")
		for i := range r.Failures {
			t.failure(r, &r.Failures[i], i == 0)
		}
		fmt.Fprintln(t.Out)
	}
	if t.Ladder && r.Verdict != play.Skipped {
		fmt.Fprintln(t.Out)
		Ladder(t.Out, r)
		fmt.Fprintln(t.Out)
	}
}

func (t *Text) line(r *play.Result, word, note string) {
	fmt.Fprintf(t.Out, "  %s  %-44s %d parties %9s virtual %9s", word, r.Case.FullName(), len(r.Case.Parties), virtual(r.Virtual), wall(r.Wall))
	if note != "" {
		fmt.Fprintf(t.Out, "   %s", note)
	}
	fmt.Fprintln(t.Out)
}

// End prints the summary.
func (t *Text) End(took time.Duration) {
	cases := 0
	for _, n := range t.counts {
		cases += n
	}
	fmt.Fprintf(t.Out, "\n%s, %s: ", plural(len(t.files), "scenario"), plural(cases, "case"))
	fmt.Fprintf(t.Out, "%d passed", t.counts[play.Passed])
	if n := t.counts[play.Failed]; n > 0 {
		fmt.Fprintf(t.Out, ", %s", t.style.bad(fmt.Sprintf("%d failed", n)))
	}
	if n := t.counts[play.Broken]; n > 0 {
		fmt.Fprintf(t.Out, ", %s", t.style.bad(fmt.Sprintf("%d broken", n)))
	}
	if n := t.counts[play.Skipped]; n > 0 {
		fmt.Fprintf(t.Out, ", %d skipped", n)
	}
	fmt.Fprintf(t.Out, " in %s (%s of call time)\n", wall(took), virtual(t.virtual))
}
