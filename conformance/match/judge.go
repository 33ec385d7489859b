package match

import (
	"slices"
	"time"
)

// Verdict is what a judge thinks so far.
type Verdict int

// The verdicts.
const (
	NeedMore Verdict = iota // nothing wrong, something missing
	Done                    // all that is expected has happened
	Failed                  // it can no longer come right
)

// String is the verdict in words.
func (v Verdict) String() string { return [...]string{"need more", "done", "failed"}[v] }

// View is a list of expected items and the part of a log it is about.
type View struct {
	Name    string // as reports print it: "alice", "bob#two", "wire"
	Pos     Pos
	Log     *Log
	Selects func(Event) bool // nil: all of the log
	Items   []Item
	// Exact: an event beyond the end of the list is a failure. Without it such
	// an event is left to the next list; an empty list is always exact.
	Exact bool
	// NoTail: what the end of the list allows, `...` and optional things, ends with
	// this expect (see Finish).
	NoTail bool
}

// Judge matches the lists of one `expect`. Call Step whenever the logs have
// grown; it looks at each event once.
type Judge struct {
	env      Env
	watchers []*watcher
	failure  *Failure
}

// watcher is a view being matched.
type watcher struct {
	View
	matching
	sequence *sequence
	from     int   // events before it were consumed when the list began
	next     int   // events before it have been looked at
	closed   bool  // something beyond the end of the list was seen
	skipped  []int // events that a `...` has covered
}

// NewJudge starts an `expect`. The tails of earlier lists first consume what
// they allow, a `...` only up to the events with the index that mark gives for
// the log. tails may be nil.
func NewJudge(env Env, views []View, tails *Tails, mark func(*Log) int) *Judge {
	j := &Judge{env: env}
	if tails == nil {
		tails = &Tails{}
	}
	var logs []*Log
	for _, v := range views {
		if !slices.Contains(logs, v.Log) {
			logs = append(logs, v.Log)
			upto := 0
			if mark != nil {
				upto = mark(v.Log)
			}
			if f := tails.Apply(env, v.Log, upto); f != nil && j.failure == nil {
				j.failure = f
			}
		}
		tails.drop(v.Name, v.Log)
	}
	for _, v := range views {
		w := &watcher{View: v, sequence: newSequence(v.Items, false)}
		w.matching = matching{env: env, log: v.Log}
		if w.from = v.Log.next(0, v.Selects); w.from < 0 {
			w.from = v.Log.Len()
		}
		j.watchers = append(j.watchers, w)
	}
	return j
}

// Step looks at what has been logged since the last step, in the order of
// time, and says how things stand.
func (j *Judge) Step() Verdict {
	for j.failure == nil {
		w, i := j.earliest()
		if w == nil {
			break
		}
		w.next = i + 1
		j.failure = w.show(i)
	}
	switch {
	case j.failure != nil:
		return Failed
	case slices.ContainsFunc(j.watchers, func(w *watcher) bool { return !w.sequence.complete() }):
		return NeedMore
	}
	return Done
}

// earliest is the view whose next event is the oldest, in the order of the file
// among equals.
func (j *Judge) earliest() (first *watcher, index int) {
	var at time.Duration
	for _, w := range j.watchers {
		i := w.Log.next(w.next, w.Selects)
		if i < 0 || w.closed {
			continue
		}
		if t := w.Log.entries[i].event.At; first == nil || t < at {
			first, index, at = w, i, t
		}
	}
	return first, index
}

// show offers one event to the view's list.
func (w *watcher) show(i int) *Failure {
	ev := &w.Log.entries[i].event
	switch out := w.sequence.offer(&w.matching, ev); {
	case out == taken || out == skipped || w.Log.passes(ev):
		w.Log.consume(i)
		if out == skipped {
			w.skipped = append(w.skipped, i)
		}
	case out == failed || w.Exact || len(w.Items) == 0:
		return w.fails(ev, "")
	default: // beyond the end of the list: for the next one, and so is all after it
		w.closed = true
	}
	return nil
}

func (w *watcher) fails(ev *Event, reason string) *Failure {
	f := w.failure(w.Name, w.sequence, ev)
	f.Reason = reason
	if ev == nil && f.Item != nil {
		f.Earlier = w.earlier(f.Item)
		f.Skipped, f.Diff = w.nearest(f.Item)
	}
	if f.Item == nil && f.Forbidden == nil {
		f.Pos = w.Pos
	}
	return f
}

// nearest is the last skipped event of the item's name with the fewest differences.
// Of messages, which have the names of their ends, the method has to be right.
func (w *watcher) nearest(item *Item) (nearest *Event, fewest []Difference) {
	wanted := newSequence([]Item{*item}, false).expecting(nil)
	for _, i := range w.skipped {
		ev := &w.Log.entries[i].event
		if len(wanted) != 1 || ev.Name != item.Name {
			continue
		}
		outer := w.begin()
		diffs := wanted[0].differences(&w.matching, ev)
		w.rollback(outer)
		isOther := func(d Difference) bool { return d.Field == "" || d.Field == "method" }
		if len(diffs) > 0 && !slices.ContainsFunc(diffs, isOther) && (nearest == nil || len(diffs) <= len(fewest)) {
			nearest, fewest = ev, diffs
		}
	}
	return nearest, fewest
}

// earlier is the last event before this list that the item would have matched.
func (w *watcher) earlier(item *Item) *Event {
	wanted := newSequence([]Item{*item}, false).expecting(nil)
	for i := w.from - 1; i >= 0 && len(wanted) == 1; i-- {
		ev := &w.Log.entries[i].event
		if ev.Name != item.Name || w.Selects != nil && !w.Selects(*ev) {
			continue
		}
		outer := w.begin()
		differs := len(wanted[0].differences(&w.matching, ev)) > 0
		w.rollback(outer)
		if !differs {
			return ev
		}
	}
	return nil
}

// Failure is what went wrong, nil while nothing has.
func (j *Judge) Failure() *Failure { return j.failure }

// GiveUp ends the judgement: the failure says what has not happened and why it
// will not. It returns nil when nothing is missing.
func (j *Judge) GiveUp(reason string) *Failure {
	if j.Step() == NeedMore {
		for _, w := range j.watchers {
			if !w.sequence.complete() {
				j.failure = w.fails(nil, reason)
				break
			}
		}
	}
	return j.failure
}

// Waiting tells for each unfinished list what it waits for.
func (j *Judge) Waiting() []Waiting {
	var list []Waiting
	for _, w := range j.watchers {
		if w.sequence.complete() {
			continue
		}
		waiting := Waiting{View: w.Name}
		for _, s := range w.sequence.expecting(nil) {
			waiting.Items = append(waiting.Items, s.item)
		}
		list = append(list, waiting)
	}
	return list
}

// Waiting is a view and the items that could come next in it.
type Waiting struct {
	View  string
	Items []*Item
}

// Finish hands the ends of the lists to tails: a trailing `...` and optional
// things that have not come hold until the next list of their view, unless it is
// NoTail.
func (j *Judge) Finish(tails *Tails) {
	for _, w := range j.watchers {
		if !w.NoTail {
			tails.list = append(tails.list, Tail{w.Name, w.Log, w.View.Selects, w.sequence})
		}
	}
}
