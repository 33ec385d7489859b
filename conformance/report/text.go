package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/play"
)

// Text prints one line for each case as it is played, a block for each failure,
// and a summary.
type Text struct {
	Out    io.Writer
	Colour bool
	Ladder bool     // a ladder for every case
	World  string   // where the cases are played, "" is the simulated world
	Phones []string // under test, as name=source

	style   style
	counts  [4]int
	files   map[string]bool
	virtual time.Duration
}

// Begin prints the heading: what is played, and the seed.
func (t *Text) Begin(what string, seed string) {
	t.style, t.files = style{t.Colour}, map[string]bool{}
	where := "simulated network and audio"
	switch t.World {
	case play.Loopback:
		where = "sockets of 127.0.0.1, real time"
	case play.Device:
		where = "sockets of 127.0.0.1, sound devices, real time"
	}
	for _, phone := range t.Phones {
		where += ", " + phone
	}
	fmt.Fprintf(t.Out, "%s, %s, %s\n\n", what, where, seed)
}

// Case prints the line of one case, and what went wrong in it.
func (t *Text) Case(r *play.Result) { t.Outcome(Render(r, t.Ladder, t.Colour)) }

// Outcome is Case for a result that has been rendered.
func (t *Text) Outcome(o *Outcome) {
	t.counts[o.Verdict]++
	t.files[o.File] = true
	t.virtual += o.Virtual
	switch o.Verdict {
	case play.Passed:
		t.line(o, t.style.good("ok  "), t.style.dim(strings.TrimSpace(leftOut(o.LeftOut)+"   "+clauses(o.Spec))))
	case play.Skipped:
		t.line(o, "skip", o.Reason)
	default:
		t.line(o, t.style.bad(fmt.Sprintf("%-4s", o.Verdict)), "")
		fmt.Fprintln(t.Out, o.Block)
	}
	if o.Ladder != "" {
		fmt.Fprintf(t.Out, "\n%s\n", o.Ladder)
	}
}

func (t *Text) line(o *Outcome, word, note string) {
	fmt.Fprintf(t.Out, "  %s  %-44s %d parties %9s virtual %9s", word, o.FullName()+role(o), o.Parties, virtual(o.Virtual), wall(o.Wall))
	if note != "" {
		fmt.Fprintf(t.Out, "   %s", note)
	}
	fmt.Fprintln(t.Out)
}

// role tells which phone under test was who.
func role(o *Outcome) string {
	if o.Peer == "" {
		return ""
	}
	return " (" + o.Peer + " as " + o.Place + ")"
}

// leftOut tells of expectations that a phone under test cannot be asked for.
func leftOut(n int) string {
	if n == 0 {
		return ""
	}
	return plural(n, "expectation") + " left out"
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
