package match

// Failure says what was expected, what came, and where they differ.
type Failure struct {
	View string // "bob", "alice#two", "wire"
	Pos  Pos    // of the item, or of the list where nothing was expected
	// Item was expected; nil when nothing more was.
	Item *Item
	// Index of the item at the top of its list and the length of that, from 1.
	Index, Count int
	// Others could have come in its place (any_order, one_of, optional).
	Others []*Item
	// Got came instead; nil when nothing came.
	Got *Event
	// Diff lists the points in which Got is not Item.
	Diff []Difference
	// Forbidden is the item of a `never` that Got matches.
	Forbidden *Item
	// Before is what the list matched last, by BeforeItem.
	Before     *Event
	BeforeItem *Item
	// Reason tells why waiting ended, when nothing came.
	Reason string
	// Earlier, when nothing came, is the last event that the item would have
	// matched and that had been consumed before this list began; else nil.
	Earlier *Event
	// Skipped, when nothing came, is what a `...` has covered and comes nearest to
	// the item, else nil. Diff are its differences then.
	Skipped *Event
}

// Error is the failure in one line.
func (f *Failure) Error() string {
	text := f.View + ": "
	switch {
	case f.Forbidden != nil:
		return text + "never " + f.Forbidden.Source + ", but got " + f.Got.String()
	case f.Item == nil:
		text += "expected nothing more"
	default:
		text += "expected " + f.Item.Describe(f.order())
	}
	if f.Got != nil {
		return text + ", got " + f.Got.String()
	}
	return text + ": " + f.Reason
}

func (f *Failure) order() []string {
	if f.Got == nil {
		return nil
	}
	return f.Got.Order
}

// failure describes how ev (nil: nothing) is not what the list expects next.
func (m *matching) failure(view string, s *sequence, ev *Event) *Failure {
	f := &Failure{View: view, Got: ev, Before: m.last, BeforeItem: m.lastItem, Forbidden: m.forbidden, Count: len(s.nodes)}
	if m.forbidden != nil {
		f.Pos = m.forbidden.Pos
		return f
	}
	candidates := s.expecting(nil)
	best := m.closest(candidates, ev)
	if best == nil {
		return f
	}
	f.Item, f.Pos, f.Index = best.item, best.item.Pos, s.indexOf(best)
	for _, other := range candidates {
		if other != best {
			f.Others = append(f.Others, other.item)
		}
	}
	if ev != nil {
		outer := m.begin()
		f.Diff = best.differences(m, ev)
		m.rollback(outer)
	}
	return f
}

// closest is the candidate of the same name with the fewest differences, else
// the last: the one that all before it could do without.
func (m *matching) closest(candidates []*single, ev *Event) *single {
	if len(candidates) == 0 {
		return nil
	}
	best, fewest := candidates[0], -1
	if ev == nil {
		return candidates[len(candidates)-1]
	}
	for _, s := range candidates {
		if s.item.Name != ev.Name {
			if fewest < 0 {
				best = s
			}
			continue
		}
		outer := m.begin()
		n := len(s.differences(m, ev))
		m.rollback(outer)
		if fewest < 0 || n < fewest {
			best, fewest = s, n
		}
	}
	return best
}

// indexOf is the place of an item among the nodes of the list, from 1.
func (s *sequence) indexOf(wanted *single) int {
	for i, n := range s.nodes[s.pos:] {
		for _, candidate := range n.expecting(nil) {
			if candidate.item == wanted.item {
				return s.pos + i + 1
			}
		}
	}
	return len(s.nodes)
}

// Describe prints an item with its matchers: "Name {field: matcher, …}", the
// fields in the given order.
func (i *Item) Describe(order []string) string {
	if i.Kind != Single || len(i.Fields) == 0 {
		if i.Source != "" {
			return i.Source
		}
		return i.Name
	}
	if isMessage(i.Name) && i.Source != "" {
		return i.Source
	}
	return i.Name + " {" + formatMatchers(i.Fields, order) + "}"
}
