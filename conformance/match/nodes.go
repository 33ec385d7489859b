package match

import "slices"

// outcome is what a node does with an event that it is shown.
type outcome int

const (
	passed  outcome = iota // not mine, and I can do without: show it to the next
	taken                  // mine
	skipped                // covered by `...`
	failed                 // not mine, and I need something else first
)

// node is one expected thing while it is being matched. An offer that is not
// taken or skipped changes nothing: there is no backtracking to do.
type node interface {
	offer(m *matching, ev *Event) outcome
	complete() bool // nothing more is needed
	started() bool  // something was taken
	// expecting adds the single items that could come next.
	expecting(list []*single) []*single
}

// build makes the node of an item. inRepeat: it is inside a `repeat`, which
// asks for copies.
func build(item *Item, inRepeat bool) node {
	if item.Times.Set && item.Kind != Single && item.Kind != Repeat {
		inner := *item
		inner.Times = Range{From: 1, To: 1}
		return newRepeat(&Item{Kind: Repeat, Pos: item.Pos, Items: []Item{inner}, Times: item.Times, Source: item.Source})
	}
	switch item.Kind {
	case Single:
		return newSingle(item, inRepeat)
	case Anything, Never:
		return &marker{item}
	case Sequence:
		return newSequence(item.Items, inRepeat)
	case AnyOrder:
		return &anyOrder{buildAll(item.Items, inRepeat)}
	case OneOf:
		return &oneOf{members: buildAll(item.Items, inRepeat)}
	case Optional:
		return &optional{newSequence(item.Items, inRepeat)}
	default: // Repeat
		return newRepeat(item)
	}
}

func buildAll(items []Item, inRepeat bool) []node {
	nodes := make([]node, len(items))
	for i := range items {
		nodes[i] = build(&items[i], inRepeat)
	}
	return nodes
}

// marker stands for `...` and `never`, which the sequence around it reads.
type marker struct{ item *Item }

func (n *marker) offer(*matching, *Event) outcome    { return passed }
func (n *marker) complete() bool                     { return true }
func (n *marker) started() bool                      { return false }
func (n *marker) expecting(list []*single) []*single { return list }
func (n *marker) is(kind Kind) bool                  { return n.item.Kind == kind }
func isMarker(n node, kind Kind) bool                { m, ok := n.(*marker); return ok && m.is(kind) }
func allComplete(nodes []node) bool {
	return !slices.ContainsFunc(nodes, func(n node) bool { return !n.complete() })
}
func anyStarted(nodes []node) bool { return slices.ContainsFunc(nodes, node.started) }

// sequence matches its nodes one after another.
type sequence struct {
	nodes    []node
	pos      int  // the node that took last, or the first
	skipping bool // `...` is in force before nodes[pos]
	begun    bool
}

func newSequence(items []Item, inRepeat bool) *sequence {
	return &sequence{nodes: buildAll(items, inRepeat)}
}

func (s *sequence) offer(m *matching, ev *Event) outcome {
	skipping, from := s.skipping, s.pos
	for i := s.pos; i < len(s.nodes); i++ {
		if isMarker(s.nodes[i], Anything) {
			skipping, from = true, i+1
			continue
		}
		switch out := s.nodes[i].offer(m, ev); out {
		case taken, skipped:
			s.pos, s.skipping, s.begun = i, false, true
			return out
		case failed:
			if skipping && !s.nodes[i].started() {
				return s.skip(m, ev, from, i)
			}
			return failed
		}
	}
	if skipping {
		return s.skip(m, ev, from, len(s.nodes))
	}
	return passed
}

// skip lets `...` cover an event, unless a `never` before node i forbids it.
func (s *sequence) skip(m *matching, ev *Event, from, i int) outcome {
	for _, n := range s.nodes[:i] {
		if never, ok := n.(*marker); ok && never.is(Never) {
			if item := forbids(m, never.item, ev); item != nil {
				m.forbidden = item
				return failed
			}
		}
	}
	m.log.note(ev, false)
	s.pos, s.skipping, s.begun = from, true, true
	return skipped
}

// forbids finds the item below a `never` that an event matches.
func forbids(m *matching, never *Item, ev *Event) *Item {
	for i := range never.Items {
		item := &never.Items[i]
		if item.Kind != Single {
			if found := forbids(m, item, ev); found != nil {
				return found
			}
		} else if m.matches(newSingle(item, true), ev) {
			return item
		}
	}
	return nil
}

func (s *sequence) complete() bool { return allComplete(s.nodes[min(s.pos, len(s.nodes)):]) }
func (s *sequence) started() bool  { return s.begun }

// onlySkips tells whether all that is left is `...`.
func (s *sequence) onlySkips() bool {
	for _, n := range s.nodes[s.pos:] {
		if _, ok := n.(*marker); !ok && (!n.complete() || len(n.expecting(nil)) > 0) {
			return false
		}
	}
	return true
}

func (s *sequence) expecting(list []*single) []*single {
	for _, n := range s.nodes[s.pos:] {
		list = n.expecting(list)
		if !n.complete() {
			break
		}
	}
	return list
}

// anyOrder matches its members in whatever order; an event goes to the first
// member that takes it.
type anyOrder struct{ members []node }

func (n *anyOrder) offer(m *matching, ev *Event) outcome {
	skips := -1
	for i, member := range n.members {
		if s, ok := member.(*sequence); ok && skips < 0 && s.wouldSkip() {
			skips = i // only if nobody takes it
			continue
		}
		if out := member.offer(m, ev); out == taken || out == skipped {
			return out
		}
	}
	if skips >= 0 {
		return n.members[skips].offer(m, ev)
	}
	if n.complete() {
		return passed
	}
	return failed
}

// wouldSkip tells whether `...` is in force or next.
func (s *sequence) wouldSkip() bool {
	return s.skipping || s.pos < len(s.nodes) && isMarker(s.nodes[s.pos], Anything)
}

func (n *anyOrder) complete() bool { return allComplete(n.members) }
func (n *anyOrder) started() bool  { return anyStarted(n.members) }
func (n *anyOrder) expecting(list []*single) []*single {
	for _, member := range n.members {
		list = member.expecting(list)
	}
	return list
}

// oneOf is the first of its members that takes an event.
type oneOf struct {
	members []node
	chosen  node
}

func (n *oneOf) offer(m *matching, ev *Event) outcome {
	if n.chosen != nil {
		return n.chosen.offer(m, ev)
	}
	for _, member := range n.members {
		if out := member.offer(m, ev); out == taken || out == skipped {
			n.chosen = member
			return out
		}
	}
	if n.complete() {
		return passed
	}
	return failed
}

func (n *oneOf) complete() bool {
	if n.chosen != nil {
		return n.chosen.complete()
	}
	return slices.ContainsFunc(n.members, node.complete)
}
func (n *oneOf) started() bool { return n.chosen != nil }
func (n *oneOf) expecting(list []*single) []*single {
	if n.chosen != nil {
		return n.chosen.expecting(list)
	}
	return (&anyOrder{n.members}).expecting(list)
}

// optional may stay away; once begun it must be finished.
type optional struct{ inner *sequence }

func (n *optional) offer(m *matching, ev *Event) outcome {
	out := n.inner.offer(m, ev)
	if out == failed && !n.inner.begun {
		return passed
	}
	return out
}

func (n *optional) complete() bool                     { return !n.inner.begun || n.inner.complete() }
func (n *optional) started() bool                      { return n.inner.begun }
func (n *optional) expecting(list []*single) []*single { return n.inner.expecting(list) }

// repeat matches its list again and again.
type repeat struct {
	item   *Item
	round  *sequence
	rounds int // finished before this one
}

func newRepeat(item *Item) *repeat {
	n := &repeat{item: item}
	n.round = n.newRound(0)
	return n
}

// newRound makes the nodes of a round; an instant of the repeat is one of the
// first item of each round.
func (n *repeat) newRound(number int) *sequence {
	s := newSequence(n.item.Items, true)
	if first, ok := firstSingle(s); ok && n.item.At != nil {
		first.at, first.base = n.item.At, number
	}
	return s
}

func firstSingle(s *sequence) (*single, bool) {
	if len(s.nodes) == 0 {
		return nil, false
	}
	switch n := s.nodes[0].(type) {
	case *single:
		return n, true
	case *sequence:
		return firstSingle(n)
	}
	return nil, false
}

func (n *repeat) offer(m *matching, ev *Event) outcome {
	if n.mayBegin() {
		out := n.round.offer(m, ev)
		if out != passed || !n.round.begun {
			if out != taken && out != skipped && !n.round.begun && n.complete() {
				return passed
			}
			return out
		}
	}
	next := &repeat{item: n.item, rounds: n.finished()}
	if !next.mayBegin() {
		return passed
	}
	next.round = n.newRound(next.rounds)
	if out := next.round.offer(m, ev); out == taken || out == skipped {
		*n = *next
		return out
	}
	if n.complete() {
		return passed
	}
	return failed
}

// mayBegin tells whether the present round is within the range.
func (n *repeat) mayBegin() bool { return n.limit() < 0 || n.rounds < n.limit() }

func (n *repeat) limit() int {
	if !n.item.Times.Set {
		return 1
	}
	return n.item.Times.To
}

func (n *repeat) least() int {
	if !n.item.Times.Set {
		return 1
	}
	return n.item.Times.From
}

func (n *repeat) finished() int {
	if n.round.begun && n.round.complete() {
		return n.rounds + 1
	}
	return n.rounds
}

func (n *repeat) complete() bool {
	return n.finished() >= n.least() && (!n.round.begun || n.round.complete())
}
func (n *repeat) started() bool { return n.rounds > 0 || n.round.begun }
func (n *repeat) expecting(list []*single) []*single {
	if !n.mayBegin() {
		return list
	}
	if n.round.begun && n.round.complete() {
		if n.limit() >= 0 && n.finished() >= n.limit() {
			return list
		}
		return n.newRound(n.rounds + 1).expecting(list)
	}
	return n.round.expecting(list)
}
