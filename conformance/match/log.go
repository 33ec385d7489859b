package match

import "slices"

// Log is everything judged that one party posted, or that went over the wire,
// in order. Each event is consumed once, by whichever view names it first. It
// belongs to one goroutine.
type Log struct {
	entries []entry
	first   int // all before it are consumed
	// lost holds the messages whose sendings have so far been taken by `x>` lines
	// only: the next sending of such a message is no copy to the reader.
	lost map[string]bool
}

type entry struct {
	event    Event
	consumed bool
}

// Add appends an event.
func (l *Log) Add(ev Event) { l.entries = append(l.entries, entry{event: ev}) }

// Len is the number of events ever added.
func (l *Log) Len() int { return len(l.entries) }

// Drop consumes everything before index end, unjudged.
func (l *Log) Drop(end int) {
	for i := l.first; i < end; i++ {
		l.consume(i)
	}
}

// Unconsumed lists the events that nothing has consumed.
func (l *Log) Unconsumed() []Event {
	var rest []Event
	for i := l.next(0, nil); i >= 0; i = l.next(i+1, nil) {
		rest = append(rest, l.entries[i].event)
	}
	return rest
}

// next is the index of the first unconsumed event of a view from index i on, or -1.
func (l *Log) next(i int, selects func(Event) bool) int {
	for i = max(i, l.first); i < len(l.entries); i++ {
		if e := &l.entries[i]; !e.consumed && (selects == nil || selects(e.event)) {
			return i
		}
	}
	return -1
}

func (l *Log) consume(i int) {
	l.entries[i].consumed = true
	for l.first < len(l.entries) && l.entries[l.first].consumed {
		l.first++
	}
}

// note remembers how a message was taken, see Log.lost.
func (l *Log) note(ev *Event, byLostLine bool) {
	if ev.ID == "" {
		return
	}
	if byLostLine && l.lost == nil {
		l.lost = map[string]bool{}
	}
	if byLostLine {
		l.lost[ev.ID] = true
	} else {
		delete(l.lost, ev.ID)
	}
}

// passes tells whether the event need not be expected.
func (l *Log) passes(ev *Event) bool { return ev.Extra || l.isCopy(ev) }

// isCopy tells whether a reader of the file would call the event a copy.
func (l *Log) isCopy(ev *Event) bool { return ev.Copy && !l.lost[ev.ID] }

// Tail is what a finished list still allows: a `...` at its end, or optional
// things that have not come. It holds until the next list of its view.
type Tail struct {
	view     string
	log      *Log
	selects  func(Event) bool
	sequence *sequence
}

// Tails are the tails in force, of all logs. The zero value is empty.
type Tails struct{ list []Tail }

// Apply lets the tails of a log consume what they allow: a `...` up to the
// event with index mark, the rest as far as it goes. It returns the first
// failure of a `never`.
func (t *Tails) Apply(env Env, log *Log, mark int) *Failure {
	for _, tail := range t.list {
		if tail.log != log {
			continue
		}
		if f := tail.apply(env, mark); f != nil {
			return f
		}
	}
	return nil
}

func (t Tail) apply(env Env, mark int) *Failure {
	m := &matching{env: env, log: t.log}
	for i := t.log.next(0, t.selects); i >= 0; i = t.log.next(i+1, t.selects) {
		ev := &t.log.entries[i].event
		if i >= mark && t.sequence.onlySkips() {
			return nil
		}
		switch t.sequence.offer(m, ev) {
		case taken, skipped:
			t.log.consume(i)
		case failed:
			return m.failure(t.view, t.sequence, ev)
		default:
			if !t.log.passes(ev) {
				return nil
			}
			t.log.consume(i)
		}
	}
	return nil
}

// Replace drops the tail of a view.
func (t *Tails) drop(view string, log *Log) {
	t.list = slices.DeleteFunc(t.list, func(old Tail) bool { return old.log == log && old.view == view })
}
