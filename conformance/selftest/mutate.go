package selftest

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// Mutant is one small mistake that can be made in a case and undone.
type Mutant struct {
	Kind  string         // "drop step", "swap", "field", "drop fault"
	What  string         // where, and what
	Step  *scenario.Step // of a "drop step" or "drop fault"
	Apply func() (undo func())
}

// Mutants lists the mistakes that can be made in a case. They change the case
// itself: apply one at a time, and undo it.
func Mutants(c *scenario.Case) []Mutant {
	m := &mutator{}
	m.network(&c.Network)
	m.steps(&c.Steps)
	return m.list
}

type mutator struct{ list []Mutant }

func (m *mutator) add(kind string, pos match.Pos, what string, apply func() func()) {
	m.list = append(m.list, Mutant{Kind: kind, What: fmt.Sprintf("%s: %s", pos, what), Apply: apply})
}

// without is a mistake that leaves out element i of a list.
func without[T any](list *[]T, i int) func() func() {
	return func() func() {
		old := *list
		*list = slices.Delete(slices.Clone(old), i, i+1)
		return func() { *list = old }
	}
}

// network leaves out faults that are in force from the start.
func (m *mutator) network(steps *[]scenario.Step) {
	for i, s := range *steps {
		if isFault(s) {
			m.drop("drop fault", steps, i)
		}
	}
}

// drop leaves out step i of a list.
func (m *mutator) drop(kind string, steps *[]scenario.Step, i int) {
	s := (*steps)[i]
	m.add(kind, s.Pos, s.Source, without(steps, i))
	m.list[len(m.list)-1].Step = &s
}

func isFault(s scenario.Step) bool {
	v, ok := s.Verb.(*scenario.NetworkVerb)
	return ok && !s.Never && slices.Contains([]string{"cut", "drop", "duplicate", "corrupt", "delay", "loss"}, v.Name)
}

func (m *mutator) steps(steps *[]scenario.Step) {
	for i := range *steps {
		s := &(*steps)[i]
		switch v := s.Verb.(type) {
		case *scenario.Call, *scenario.Script, *scenario.When:
			m.drop("drop step", steps, i)
		case *scenario.NetworkVerb:
			if isFault(*s) {
				m.drop("drop fault", steps, i)
			}
		case *scenario.Expect:
			m.expect(v)
		case *scenario.Part:
			m.steps(&v.Steps)
		case *scenario.Together:
			m.steps(&v.Steps)
		case *scenario.RepeatSteps:
			for r := range v.Rounds {
				m.steps(&v.Rounds[r])
			}
		}
	}
}

func (m *mutator) expect(v *scenario.Expect) {
	for i := range v.Views {
		m.items(v.Views[i].Subject.String(), &v.Views[i].Items)
	}
	if v.Wire != nil {
		m.items("wire", &v.Wire.Order)
	}
}

// items swaps neighbours and changes fields.
func (m *mutator) items(view string, items *[]match.Item) {
	for i := range *items {
		item := &(*items)[i]
		if i > 0 && swappable((*items)[i-1], *item) {
			m.add("swap", item.Pos, view+": "+item.Source+" and the one before it", func() func() {
				old := *items
				swapped := slices.Clone(old)
				swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
				*items = swapped
				return func() { *items = old }
			})
		}
		if item.Times.From == 0 { // it need not be there
			continue
		}
		if item.Kind == match.Single {
			m.fields(view, item)
		}
		if item.Kind == match.Sequence || item.Kind == match.Repeat || item.Kind == match.AnyOrder {
			sub := &item.Items
			if item.Kind != match.AnyOrder {
				m.items(view, sub)
			}
		}
	}
}

func swappable(a, b match.Item) bool {
	different := a.Name != b.Name || !reflect.DeepEqual(fieldTexts(a), fieldTexts(b))
	return a.Kind == match.Single && b.Kind == match.Single && a.Times.To != 0 && b.Times.To != 0 && different
}

func fieldTexts(item match.Item) map[string]string {
	texts := map[string]string{}
	for name, m := range item.Fields {
		texts[name] = m.String()
	}
	return texts
}

// fields gives each field another value.
func (m *mutator) fields(view string, item *match.Item) {
	for name := range item.Fields {
		m.add("field", item.Pos, view+": "+item.Source+": another "+name, func() func() {
			old := item.Fields
			changed := map[string]match.Matcher{}
			for n, matcher := range old {
				changed[n] = matcher
			}
			changed[name] = match.Literal{Text: "something else", Quoted: true}
			item.Fields = changed
			return func() { item.Fields = old }
		})
	}
}
