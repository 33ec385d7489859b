package play

import (
	"slices"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// expect consumes: it ends at the instant at which the last expected thing
// happened, or with `for` when that time is over.
func (d *driver) expect(s *scenario.Step, v *scenario.Expect) *Failure {
	from := d.now()
	if f := d.cannotJudge(s, v); f != nil {
		return f
	}
	judge := match.NewJudge(d.env, d.views(s, v), &d.tails, d.mark)
	finished := func() bool {
		switch judge.Step() {
		case match.Failed:
			return true
		case match.Done:
			return s.For == 0
		}
		return false
	}
	deadline := d.limit(s)
	if s.For > 0 {
		deadline = from + s.For
	}
	if !d.wait(deadline, finished) && (s.For == 0 || judge.Step() == match.NeedMore) {
		return d.inVain(s, judge, from)
	}
	d.flush()
	if judge.Step() == match.Failed {
		f := judge.Failure()
		at := d.now()
		if f.Got != nil {
			at = f.Got.At
		}
		return d.unexpected(s, f, at)
	}
	if f := d.judgeTime(s); f != nil {
		return f
	}
	judge.Finish(&d.tails)
	d.wire.drop()
	return nil
}

// cannotJudge refuses lists that nothing can ever be in: they would pass.
func (d *driver) cannotJudge(s *scenario.Step, v *scenario.Expect) *Failure {
	for _, view := range v.Views {
		if p := d.party(view.Subject.Party); p == nil || p.app == nil {
			return failure(d.now(), view.Pos, s.Source, view.Subject.Party+" posts no notifications")
		}
	}
	if v.Wire != nil && d.wire.logs(v.Wire.Protocol) == nil {
		return failure(d.now(), v.Wire.Pos, s.Source, "the protocol "+v.Wire.Protocol+" cannot be judged yet")
	}
	return nil
}

// flush lets the network take up what was sent at this instant: it does so a
// nanosecond later, and all of it belongs to this expect.
func (d *driver) flush() {
	time.Sleep(2 * time.Nanosecond)
	d.settleNow()
}

// judgeTime compares the end of an expect with its `at`.
func (d *driver) judgeTime(s *scenario.Step) *Failure {
	if s.At == nil {
		return nil
	}
	from, to, ok := s.At.Window(d.env, 0)
	if ok && d.now() >= from-d.tolerance && d.now() <= to+d.tolerance {
		return nil
	}
	return failure(d.now(), s.Pos, s.Source, "it was all there at "+match.FormatTime(d.now())+", expected at "+s.At.Source)
}

// inVain is the failure of an expect of which something never came.
func (d *driver) inVain(s *scenario.Step, judge *match.Judge, from time.Duration) *Failure {
	waiting := judge.Waiting()
	if s.For > 0 {
		return d.unexpected(s, judge.GiveUp("did not happen within the "+s.For.String()+" of for"), d.now())
	}
	g := d.giveUp(from)
	f := d.unexpected(s, judge.GiveUp(g.reason), g.at)
	f.Details = append(f.Details, alsoWaiting(waiting, f.Match)...)
	f.Details = append(f.Details, g.waits...)
	return f
}

func (d *driver) unexpected(s *scenario.Step, f *match.Failure, at time.Duration) *Failure {
	result := &Failure{At: at, Pos: f.Pos, What: "expect", Match: f}
	if result.Pos == (match.Pos{}) {
		result.Pos = s.Pos
	}
	return result
}

// mark is how far a `...` at the end of an earlier list reaches.
func (d *driver) mark(log *match.Log) int { return d.marks[log] }

// views are the lists of an expect with the logs that they are about.
func (d *driver) views(s *scenario.Step, v *scenario.Expect) []match.View {
	var views []match.View
	for _, view := range v.Views {
		p := d.party(view.Subject.Party)
		views = append(views, match.View{
			Name: view.String(), Pos: view.Pos, Log: &p.log, Selects: selector(view),
			Items: view.Items, Exact: s.For > 0, NoTail: view.NoTail,
		})
	}
	if v.Wire != nil {
		logs := d.wire.logs(v.Wire.Protocol)
		log := &logs.sent
		if v.Wire.Received {
			log = &logs.received
		}
		views = append(views, match.View{
			Name: "wire", Pos: v.Wire.Pos, Log: log, Selects: wireSelector(v.Wire), Items: v.Wire.Order, Exact: true,
		})
	}
	return views
}

// selector chooses the events of a session or stream of a party, or a half of
// them.
func selector(view scenario.View) func(match.Event) bool {
	subject := view.Subject
	if subject.Session == "" && subject.Stream == "" && view.Half == "" {
		return nil
	}
	return func(ev match.Event) bool {
		return (subject.Session == "" || ev.Is(subject.Session)) && (subject.Stream == "" || ev.Is("/"+subject.Stream)) &&
			(view.Half == "" || tellsOf(view.Half)(ev.Name))
	}
}

// wireSelector projects the ladder on a link and on certain requests. Responses
// are there when `only` or a line of the list asks for them.
func wireSelector(w *scenario.Wire) func(match.Event) bool {
	return func(ev match.Event) bool {
		if a, b := w.Between[0], w.Between[1]; a != "" && ev.Name != a+" > "+b && ev.Name != b+" > "+a {
			return false
		}
		if len(w.Only) == 0 {
			return true
		}
		method, _ := ev.Fields["method"].(string)
		code, isResponse := ev.Fields["code"]
		if !isResponse {
			return slices.Contains(w.Only, method)
		}
		for _, only := range w.Only {
			if c, m, ok := strings.Cut(only, " "); ok && m == method && literal(c).Match(code, nil) {
				return true
			}
		}
		return asksFor(w.Order, method, code)
	}
}

func literal(text string) match.Matcher {
	m, err := match.ParseMatcher(text, false, nil)
	if err != nil {
		return match.Literal{Text: text}
	}
	return m
}

// asksFor tells whether a line of the list is about such a response by name.
func asksFor(items []match.Item, method string, code any) bool {
	for i := range items {
		item := &items[i]
		m, c := item.Fields["method"], item.Fields["code"]
		if item.Kind == match.Single && m != nil && c != nil && m.String() == method && c.Match(code, nil) {
			return true
		}
		if asksFor(item.Items, method, code) {
			return true
		}
	}
	return false
}

// alsoWaiting says what the other lists of an expect were waiting for.
func alsoWaiting(waiting []match.Waiting, f *match.Failure) []string {
	var lines []string
	for _, w := range waiting {
		if f != nil && w.View != f.View && len(w.Items) > 0 {
			lines = append(lines, w.View+" waits for "+w.Items[len(w.Items)-1].Describe(nil))
		}
	}
	return lines
}
