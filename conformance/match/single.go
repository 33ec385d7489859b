package match

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Exact is how far an instant may be off in virtual time: the simulated network
// gives each packet a nanosecond of its own, and times are judged to the
// millisecond.
const Exact = 500 * time.Microsecond

// Tolerant is an [Env] in which time is less exact.
type Tolerant interface{ Tolerance() time.Duration }

func tolerance(env Env) time.Duration {
	if t, ok := env.(Tolerant); ok {
		return t.Tolerance()
	}
	return Exact
}

// single is one notification or message, or as many as its times say.
type single struct {
	item     *Item
	at       *Instant
	base     int // index of at for the first of this node: the round of a repeat
	from, to int
	asks     bool // wants copies, too
	count    int
}

func newSingle(item *Item, inRepeat bool) *single {
	s := &single{item: item, at: item.At, from: 1, to: 1}
	switch {
	case item.Times.Set:
		s.from, s.to = item.Times.From, item.Times.To
	case s.at != nil && s.at.List:
		s.from, s.to = len(s.at.Offset), len(s.at.Offset)
	}
	s.asks = inRepeat || item.Times.Set || item.Lost || s.at != nil && s.at.List
	return s
}

func (s *single) offer(m *matching, ev *Event) outcome {
	if s.to < 0 || s.count < s.to {
		overlay := m.begin()
		if s.differences(m, ev) == nil {
			m.commit(overlay)
			s.count++
			m.log.note(ev, s.item.Lost)
			m.last, m.lastItem = ev, s.item
			if s.item.As != "" {
				m.env.Label(s.item.As, ev.At, *ev)
			}
			return taken
		}
		m.rollback(overlay)
	}
	if s.complete() {
		return passed
	}
	return failed
}

func (s *single) complete() bool { return s.count >= s.from }
func (s *single) started() bool  { return s.count > 0 }
func (s *single) expecting(list []*single) []*single {
	if s.to < 0 || s.count < s.to {
		return append(list, s)
	}
	return list
}

// Difference is one point in which an event is not what was expected.
type Difference struct {
	Field     string // "" for the name; "has state", "at", "of" for what is no field
	Want, Got string
}

// differences compares; nil means that the event is the item.
func (s *single) differences(m *matching, ev *Event) []Difference {
	item := s.item
	if item.Name != ev.Name {
		return []Difference{{"", item.Name, ev.Name}}
	}
	if m.log.isCopy(ev) && !s.asks {
		return []Difference{{"", item.Name, "a copy"}}
	}
	var diffs []Difference
	if item.Lost && !ev.Lost {
		diffs = append(diffs, Difference{"", "lost", "arrived"})
	}
	diffs = append(diffs, s.fieldDifferences(m, ev)...)
	if item.Of != "" && (ev.Is == nil || !ev.Is(item.Of)) {
		diffs = append(diffs, Difference{"of", item.Of, "another"})
	}
	diffs = append(diffs, s.timeDifferences(m, ev)...)
	if diffs == nil { // attributes last: looking at them may cost
		diffs = s.attributeDifferences(m, ev)
	}
	return diffs
}

func isMessage(name string) bool { return strings.Contains(name, " > ") }

func (s *single) fieldDifferences(m *matching, ev *Event) []Difference {
	var diffs []Difference
	for _, name := range sortedNames(s.item.Fields, ev.Order) {
		want, got := s.item.Fields[name], fieldOf(ev.Fields, name)
		if !want.Match(got, m) {
			diffs = append(diffs, Difference{name, want.String(), Format(got)})
		}
	}
	_, wantsCode := s.item.Fields["code"]
	if code, isResponse := ev.Fields["code"]; isMessage(ev.Name) && isResponse && !wantsCode {
		diffs = append(diffs, Difference{"code", "a request", Format(code)})
	}
	if s.item.Exact {
		for _, name := range sortedNames(ev.Fields, ev.Order) {
			if _, listed := s.item.Fields[name]; !listed && name != "timestamp" {
				diffs = append(diffs, Difference{name, "not there", Format(ev.Fields[name])})
			}
		}
	}
	return diffs
}

func (s *single) attributeDifferences(m *matching, ev *Event) []Difference {
	var diffs []Difference
	for _, path := range sortedNames(s.item.Has, nil) {
		var got any = Absent{}
		if ev.Has != nil {
			value, err := ev.Has(path)
			if err != nil {
				diffs = append(diffs, Difference{"has " + path, s.item.Has[path].String(), err.Error()})
				continue
			}
			got = value
		}
		if want := s.item.Has[path]; !want.Match(got, m) {
			diffs = append(diffs, Difference{"has " + path, want.String(), Format(got)})
		}
	}
	return diffs
}

func (s *single) timeDifferences(m *matching, ev *Event) []Difference {
	var diffs []Difference
	tolerance := tolerance(m.env)
	if s.at != nil {
		from, to, ok := s.at.Window(m, s.base+s.count)
		if !ok || ev.At < from-tolerance || ev.At > to+tolerance {
			diffs = append(diffs, timeDifference("at", s.at, from, to, ok, ev))
		}
	}
	if after := s.item.After; after != nil {
		from, ok := after.Since(m)
		if !ok || ev.At < from-tolerance {
			diffs = append(diffs, timeDifference("after", after, from, from, ok, ev))
		}
	}
	if before := s.item.Before; before != nil {
		_, to, ok := before.Window(m, 0)
		if !ok || ev.At > to+tolerance {
			diffs = append(diffs, timeDifference("before", before, to, to, ok, ev))
		}
	}
	return diffs
}

func timeDifference(field string, at *Instant, from, to time.Duration, ok bool, ev *Event) Difference {
	want := FormatTime(from)
	switch {
	case !ok:
		want = at.Source + " (not happened yet)"
	case to > from:
		want += ".." + FormatTime(to)
	}
	return Difference{field, want, FormatTime(ev.At)}
}

// FormatTime is an instant as reports print it: seconds and milliseconds.
func FormatTime(t time.Duration) string { return fmt.Sprintf("%.3f s", t.Seconds()) }

// Start is the label of the beginning of the run.
const Start = "start"

// Window is the time that an instant means for the copy with this number; ok is
// false while its label has not happened. A time alone counts from the start.
func (i *Instant) Window(env Env, number int) (from, to time.Duration, ok bool) {
	if i.Label == "" {
		return i.window(env, Start, number)
	}
	return i.window(env, i.Label, number)
}

// Since is the instant as `after` means it: a time alone counts from the step
// before, which the environment knows as label "".
func (i *Instant) Since(env Env) (at time.Duration, ok bool) {
	at, _, ok = i.window(env, i.Label, 0)
	return at, ok
}

func (i *Instant) window(env Env, label string, number int) (from, to time.Duration, ok bool) {
	base, ok := env.Instant(label)
	if !ok {
		return 0, 0, false
	}
	var offset time.Duration
	switch {
	case len(i.Offset) == 0:
	case i.List && number >= len(i.Offset):
		return 0, 0, false
	case i.List:
		offset = i.Offset[number]
	default:
		offset = i.Offset[0]
	}
	return base + offset, base + max(offset, i.Upto), true
}

// matching is one judgement under way: its environment, with what `let` binds
// held back until the item matches as a whole.
type matching struct {
	env       Env
	log       *Log
	overlay   map[string]any
	last      *Event // taken last
	lastItem  *Item
	forbidden *Item // the `never` that an event ran into
}

// matches looks without binding anything.
func (m *matching) matches(s *single, ev *Event) bool {
	outer := m.begin()
	defer m.rollback(outer)
	return s.differences(m, ev) == nil
}

func (m *matching) begin() map[string]any         { outer := m.overlay; m.overlay = nil; return outer }
func (m *matching) rollback(outer map[string]any) { m.overlay = outer }
func (m *matching) commit(outer map[string]any) {
	names := make([]string, 0, len(m.overlay))
	for name := range m.overlay {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		m.env.Bind(name, m.overlay[name])
	}
	m.overlay = outer
}

// Lookup implements [Env], as all below.
func (m *matching) Lookup(name string) (any, bool) {
	if v, ok := m.overlay[name]; ok {
		return v, true
	}
	return m.env.Lookup(name)
}

func (m *matching) Bind(name string, value any) {
	if m.overlay == nil {
		m.overlay = map[string]any{}
	}
	m.overlay[name] = value
}

func (m *matching) Subject(kind, subject string) (any, error)     { return m.env.Subject(kind, subject) }
func (m *matching) Instant(label string) (time.Duration, bool)    { return m.env.Instant(label) }
func (m *matching) Label(name string, at time.Duration, ev Event) { m.env.Label(name, at, ev) }

// Matches tells whether an event is a single item, binding what `let` binds if
// it is.
func Matches(item *Item, ev Event, env Env) bool {
	m := &matching{env: env, log: &Log{}}
	return newSingle(item, true).offer(m, &ev) == taken
}
