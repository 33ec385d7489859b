package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/play"
)

// failureBlock prints failures in full.
type failureBlock struct {
	out   io.Writer
	style style
}

// failure prints the block of one failure. The first of a case has the heading
// and ends with the command to play it again.
func (t *failureBlock) failure(r *play.Result, f *play.Failure, first bool) {
	if first {
		t.heading(r, f)
	}
	t.what(f)
	if f.Match != nil {
		t.judgement(f.Match)
	}
	for i, line := range f.Details {
		if i == mostDetails {
			t.print("    … %d more lines", len(f.Details)-i)
			break
		}
		t.print("    %s", line)
	}
	if first {
		t.lastMessages(r, f)
		t.print("  replay   %s", Replay(r))
	}
}

const mostDetails = 40

func (t *failureBlock) print(format string, args ...any) { fmt.Fprintf(t.out, format+"\n", args...) }

func (t *failureBlock) heading(r *play.Result, f *play.Failure) {
	name := fmt.Sprintf("%q", r.Case.Title)
	if r.Case.Name != "" {
		name += "  [" + r.Case.Name + "]"
	}
	left := fmt.Sprintf("%s  %s  %s", r.Verdict, r.Case.File, name)
	t.print("\n%-72s  seed %d   t = %s", t.style.bad(left), r.Case.Seed, match.FormatTime(f.At))
}

func (t *failureBlock) what(f *play.Failure) {
	what := f.What
	if m := f.Match; m != nil {
		what = m.View
		if m.Index > 0 {
			what += fmt.Sprintf(", item %d of %d", m.Index, m.Count)
		}
	}
	if f.Pos.Line > 0 {
		what += " (" + f.Pos.String() + ")"
	}
	t.print("  %s", what)
}

// judgement prints expected and got below each other, with carets under what
// differs.
func (t *failureBlock) judgement(f *match.Failure) {
	switch {
	case f.Forbidden != nil:
		t.print("    never     %s", f.Forbidden.Source)
		t.print("    got       %s", f.Got)
	case f.Item == nil:
		t.print("    expected  nothing more")
		t.print("    got       %s", f.Got)
	case f.Got == nil:
		t.print("    expected  %s", f.Item.Describe(nil))
		t.print("    got       nothing (%s)", f.Reason)
		if f.Earlier != nil {
			t.print("    earlier   %s at %s: an expect before this one has taken it", f.Earlier, match.FormatTime(f.Earlier.At))
		}
		if f.Skipped != nil {
			t.print("    skipped   %s at %s, by the \"...\"", f.Skipped, match.FormatTime(f.Skipped.At))
			t.differences(f)
		}
	case comparable(f):
		t.compare(f)
	default:
		t.print("    expected  %s", f.Item.Describe(f.Got.Order))
		t.print("    got       %s", f.Got)
		t.differences(f)
	}
	for _, other := range f.Others {
		t.print("    or        %s", other.Describe(nil))
	}
	if f.Before != nil {
		t.print("  before it   %s   %s", f.Before, t.style.dim(fmt.Sprintf("(matched, line %d)", f.BeforeItem.Pos.Line)))
	}
}

// comparable tells whether the two can be printed field by field.
func comparable(f *match.Failure) bool {
	return f.Item.Name == f.Got.Name && !strings.Contains(f.Got.Name, " > ") && len(f.Item.Fields) > 0
}

func (t *failureBlock) differences(f *match.Failure) {
	for _, d := range f.Diff {
		if d.Field != "" {
			t.print("              %s: expected %s, got %s", d.Field, d.Want, d.Got)
		}
	}
}

// compare aligns the fields of item and event.
func (t *failureBlock) compare(f *match.Failure) {
	wrong := map[string]bool{}
	for _, d := range f.Diff {
		wrong[d.Field] = true
	}
	want := "    expected  " + f.Item.Name + " {"
	got := "    got       " + f.Got.Name + " {"
	carets := strings.Repeat(" ", len([]rune(want)))
	separator := ""
	for _, name := range fieldNames(f) {
		a, b := "", name+": "+match.Format(valueOf(f, name))
		if m, ok := f.Item.Fields[name]; ok {
			a = name + ": " + m.String()
		}
		width := max(len([]rune(a)), len([]rune(b)))
		mark := " "
		if wrong[name] {
			mark = "^"
		}
		if a == "" && !wrong[name] {
			got += separator + b
			continue
		}
		want += separator + pad(a, width)
		got += separator + pad(b, width)
		carets += strings.Repeat(" ", len(separator)) + strings.Repeat(mark, width)
		separator = ", "
	}
	t.print("%s}", want)
	t.print("%s}", got)
	if strings.Contains(carets, "^") {
		t.print("%s", t.style.bad(strings.TrimRight(carets, " ")))
	}
	for _, d := range f.Diff {
		if _, isField := f.Item.Fields[d.Field]; !isField && d.Field != "" && valueOf(f, d.Field) == (match.Absent{}) {
			t.print("              %s: expected %s, got %s", d.Field, d.Want, d.Got)
		}
	}
}

func valueOf(f *match.Failure, name string) any {
	if v, ok := f.Got.Fields[name]; ok {
		return v
	}
	return match.Absent{}
}

// fieldNames lists the fields of item and event: first those of the item, in
// the order of the notification, then the rest.
func fieldNames(f *match.Failure) []string {
	var first, rest []string
	for _, name := range f.Got.Order {
		if _, there := f.Got.Fields[name]; !there {
			if _, wanted := f.Item.Fields[name]; !wanted {
				continue
			}
		}
		if _, wanted := f.Item.Fields[name]; wanted {
			first = append(first, name)
		} else {
			rest = append(rest, name)
		}
	}
	var strange []string
	for name := range f.Item.Fields {
		if !slices.Contains(first, name) {
			strange = append(strange, name)
		}
	}
	slices.Sort(strange)
	return slices.Concat(first, strange, rest)
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-len([]rune(text))))
}

// lastMessages prints the last of the wire up to the failure.
func (t *failureBlock) lastMessages(r *play.Result, f *play.Failure) {
	var last []play.Entry
	for _, e := range r.Log {
		if e.Message != nil && e.At <= f.At {
			last = append(last, e)
		}
	}
	if len(last) == 0 {
		return
	}
	t.print("  last messages")
	for _, e := range last[max(0, len(last)-mostMessages):] {
		note := ""
		if e.Event.Lost {
			note = "   lost"
		}
		if e.Event.Copy {
			note += "   (again)"
		}
		t.print("    %7.3f  %-16s %s%s", e.At.Seconds(), e.Event.Name, e.Event.Text, note)
	}
}

const mostMessages = 6
