package match_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/match"
)

func ofSession(name string) func(match.Event) bool {
	return func(ev match.Event) bool { return ev.Is != nil && ev.Is(name) }
}

// judged plays expects on one log, one after another; each sees the log as far
// as its text says.
type judged struct {
	t     *testing.T
	log   *match.Log
	tails match.Tails
	env   *environment
}

func newJudged(t *testing.T) *judged { return &judged{t: t, log: &match.Log{}, env: newEnvironment()} }

// expect lets before happen, starts an expect of the whole log, lets during
// happen, and demands a verdict.
func (j *judged) expect(before, during string, want match.Verdict, items ...match.Item) *match.Judge {
	j.t.Helper()
	j.add(before)
	mark := j.log.Len()
	view := match.View{Name: "v", Log: j.log, Items: items}
	judge := match.NewJudge(j.env, []match.View{view}, &j.tails, func(*match.Log) int { return mark })
	j.add(during)
	if got := judge.Step(); got != want {
		j.t.Fatalf("verdict %v (%v), want %v", got, judge.Failure(), want)
	}
	judge.Finish(&j.tails)
	return judge
}

func (j *judged) add(text string) {
	for _, ev := range read(text).Unconsumed() {
		j.log.Add(ev)
	}
}

// rest demands what is left once the tails have taken theirs.
func (j *judged) rest(want int) {
	j.t.Helper()
	if f := j.tails.Apply(j.env, j.log, j.log.Len()); f != nil {
		j.t.Fatal(f)
	}
	if rest := j.log.Unconsumed(); len(rest) != want {
		j.t.Fatalf("left over: %v, want %d", rest, want)
	}
}

func TestNextListStartsAtFirstUnconsumed(t *testing.T) {
	j := newJudged(t)
	j.expect("A B C", "", match.Done, one("A"))
	j.expect("", "", match.Done, one("B"))
	j.rest(1)
}

func TestTrailingDotsHoldUntilNextList(t *testing.T) {
	j := newJudged(t)
	j.expect("A", "B", match.Done, one("A"), dots)
	j.expect("C", "D", match.Done, one("D"))
	j.rest(0)
}

func TestTrailingDotsDoNotReachIntoNextList(t *testing.T) {
	j := newJudged(t)
	j.expect("A", "", match.Done, one("A"), dots)
	j.expect("B", "C", match.Failed)
	j = newJudged(t)
	j.expect("A", "", match.Done, dots)
	j.expect("B", "C D", match.Failed, one("D"))
}

func TestNoTailHoldsInItsExpectOnly(t *testing.T) {
	log, tails := read("A B"), match.Tails{}
	view := match.View{Name: "v", Log: log, Items: []match.Item{one("A"), dots}, NoTail: true}
	judge := match.NewJudge(newEnvironment(), []match.View{view}, &tails, nil)
	if got := judge.Step(); got != match.Done {
		t.Fatal(judge.Failure())
	}
	judge.Finish(&tails)
	log.Add(match.Event{Name: "C"})
	if f := tails.Apply(newEnvironment(), log, log.Len()); f != nil {
		t.Fatal(f)
	}
	if rest := log.Unconsumed(); len(rest) != 1 || rest[0].Name != "C" {
		t.Fatalf("left over: %v, want C", rest)
	}
}

func TestTrailingOptionalMayStillCome(t *testing.T) {
	j := newJudged(t)
	j.expect("A", "", match.Done, one("A"), optional(one("B")))
	j.expect("B", "C", match.Done, one("C"))
	j.expect("D", "", match.Done, times(1, 2, one("D")))
	j.add("D")
	j.rest(0)
	j.add("D")
	j.rest(1)
}

func TestNeverHoldsAfterTheExpect(t *testing.T) {
	j := newJudged(t)
	j.expect("A", "", match.Done, one("A"), never(one("X")), dots)
	j.add("B X")
	if f := j.tails.Apply(j.env, j.log, j.log.Len()); f == nil || f.Forbidden == nil {
		t.Fatalf("X was let through: %v", f)
	}
}

func TestViewsShareOneLog(t *testing.T) {
	log := read("A#one A#two B#two B#one C")
	env := newEnvironment()
	first := match.NewJudge(env, []match.View{{Name: "v#two", Log: log, Selects: ofSession("two"),
		Items: []match.Item{one("A"), one("B")}}}, nil, nil)
	if got := first.Step(); got != match.Done {
		t.Fatal(first.Failure())
	}
	whole := match.NewJudge(env, []match.View{{Name: "v", Log: log,
		Items: []match.Item{one("A"), one("B"), one("C")}}}, nil, nil)
	if got := whole.Step(); got != match.Done {
		t.Fatal(whole.Failure())
	}
}

func TestOrderAcrossViews(t *testing.T) {
	alice, bob := read("A@1 A@4"), read("B@2")
	judge := match.NewJudge(newEnvironment(), []match.View{
		{Name: "alice", Log: alice, Items: []match.Item{one("A"), after("b", one("A"))}},
		{Name: "bob", Log: bob, Items: []match.Item{as("b", one("B"))}},
	}, nil, nil)
	if got := judge.Step(); got != match.Done {
		t.Fatal(judge.Failure())
	}
}

func TestExactViewWantsNothingMore(t *testing.T) {
	view := match.View{Name: "wire", Log: read("A B"), Items: []match.Item{one("A")}, Exact: true}
	judge := match.NewJudge(newEnvironment(), []match.View{view}, nil, nil)
	if got := judge.Step(); got != match.Failed || judge.Failure().Item != nil {
		t.Fatalf("%v, %v", got, judge.Failure())
	}
}

func TestFailureTellsWhatDiffers(t *testing.T) {
	judge := match.NewJudge(newEnvironment(), []match.View{{Name: "bob", Log: read("A=x B=y"),
		Items: []match.Item{one("A"), optional(one("C")), fields(one("B"), false, "f", "z")}}}, nil, nil)
	if judge.Step() != match.Failed {
		t.Fatal("should fail")
	}
	f := judge.Failure()
	if f.Index != 3 || f.Count != 3 || f.Before.Name != "A" || len(f.Diff) != 1 || f.Diff[0] != (match.Difference{Field: "f", Want: "z", Got: "y"}) {
		t.Fatalf("%+v", f)
	}
	if want := "bob: expected B {f: z}, got B {f: y}"; f.Error() != want {
		t.Fatalf("%s\nwant\n%s", f, want)
	}
}

func TestGivingUpTellsWhatIsMissing(t *testing.T) {
	judge := match.NewJudge(newEnvironment(), []match.View{{Name: "bob", Log: read("A"),
		Items: []match.Item{one("A"), dots, one("B")}}}, nil, nil)
	f := judge.GiveUp("nothing is scheduled")
	if f == nil || f.Item.Name != "B" || f.Reason != "nothing is scheduled" || f.Got != nil {
		t.Fatalf("%+v", f)
	}
	if w := judge.Waiting(); len(w) != 1 || w[0].View != "bob" || w[0].Items[0].Name != "B" {
		t.Fatalf("%+v", w)
	}
}

// TestGivingUpShowsWhatWasSkipped: of the notifications of the name that was waited
// for, the nearest of those that the dots have covered, and nothing that was taken.
func TestGivingUpShowsWhatWasSkipped(t *testing.T) {
	for log, want := range map[string]string{
		"A=z B=y C=z B=x": "B 3s f: expected z, got x",
		"B=y#two B=x":     "B 0s f: expected z, got y",
		"A=x C=x":         "",
		"B=y'":            "",
	} {
		item := of("two", fields(one("B"), false, "f", "z"))
		if !strings.Contains(log, "#") {
			item.Of = ""
		}
		judge := match.NewJudge(newEnvironment(), []match.View{{Name: "bob", Log: read(log), Items: []match.Item{dots, item}}}, nil, nil)
		f, got := judge.GiveUp("nothing is scheduled"), ""
		if f.Skipped != nil {
			got = fmt.Sprintf("%s %v %s: expected %s, got %s", f.Skipped.Name, f.Skipped.At, f.Diff[0].Field, f.Diff[0].Want, f.Diff[0].Got)
		}
		if got != want {
			t.Errorf("%s: skipped is %q, want %q", log, got, want)
		}
	}
	taken := []match.Item{one("B"), dots, fields(one("B"), false, "f", "z")}
	judge := match.NewJudge(newEnvironment(), []match.View{{Name: "bob", Log: read("B=y C=x"), Items: taken}}, nil, nil)
	if f := judge.GiveUp(""); f.Skipped != nil {
		t.Errorf("%s was taken, not skipped", f.Skipped)
	}
}
