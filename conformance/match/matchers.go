package match

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Literal matches a value equal to text: as a number when both are numbers and
// the text was not quoted, else as text.
type Literal struct {
	Text   string
	Quoted bool
}

// Match implements [Matcher].
func (m Literal) Match(got any, _ Env) bool {
	if slices.Contains(texts(got), m.Text) {
		return true
	}
	if _, isText := got.(string); isText && m.Quoted {
		return false
	}
	want, ok := parseQuantity(m.Text)
	have, has := quantityOf(got)
	return ok && has && want.equal(have)
}

// String is the text as written.
func (m Literal) String() string {
	if m.Quoted {
		return `"` + m.Text + `"`
	}
	return m.Text
}

// template is a text with ${v} of variables that are bound while matching.
type template struct {
	text   string
	quoted bool
}

func (m template) Match(got any, env Env) bool {
	text, err := substitute(m.text, env.Lookup)
	if err != nil {
		return false
	}
	inner, err := ParseMatcher(text, m.quoted, env.Lookup)
	return err == nil && inner.Match(got, env)
}

func (m template) String() string { return Literal{m.text, m.quoted}.String() }

// Regexp is found in the text of the value.
type Regexp struct{ *regexp.Regexp }

// Match implements [Matcher]. A list matches when one of its elements does.
func (m Regexp) Match(got any, env Env) bool {
	if list, ok := listOf(got); ok && slices.ContainsFunc(list, func(v any) bool { return m.Match(v, env) }) {
		return true
	}
	return slices.ContainsFunc(texts(got), m.MatchString)
}

// String is /re/.
func (m Regexp) String() string { return "/" + m.Regexp.String() + "/" }

// between is a range of numbers, both ends included.
type between struct {
	from, to       quantity
	hasFrom, hasTo bool
	text           string
}

func (m between) Match(got any, _ Env) bool {
	q, ok := quantityOf(got)
	if !ok {
		return false
	}
	if m.hasFrom && (!m.from.comparable(q) || q.value < m.from.value-1e-9) {
		return false
	}
	return !m.hasTo || m.to.comparable(q) && q.value <= m.to.value+1e-9
}

func (m between) String() string { return m.text }

// class is 2xx and the like.
type class int

func (m class) Match(got any, _ Env) bool {
	q, ok := quantityOf(got)
	return ok && q.dim == plain && int(q.value)/100 == int(m)
}

func (m class) String() string { return fmt.Sprintf("%dxx", int(m)) }

// word is one of any, set, null, absent and identical.
type word string

func (m word) Match(got any, _ Env) bool {
	_, absent := got.(Absent)
	switch m {
	case "any":
		return !absent
	case "set":
		return !absent && got != nil
	case "null":
		return got == nil
	case "absent":
		return absent
	default: // identical
		v, ok := got.(Verbatim)
		return ok && v.Identical()
	}
}

func (m word) String() string { return string(m) }

// Any matches everything that is there.
var Any Matcher = word("any")

// not matches otherwise. What is not there is not anything else either.
type not struct{ Matcher }

func (m not) Match(got any, env Env) bool { return !m.Matcher.Match(got, env) }
func (m not) String() string              { return "not " + m.Matcher.String() }

// either matches when one of its members does, asked from the left.
type either []Matcher

func (m either) Match(got any, env Env) bool {
	return slices.ContainsFunc(m, func(one Matcher) bool { return one.Match(got, env) })
}

func (m either) String() string { return joinMatchers(m, " | ") }

func joinMatchers(list []Matcher, separator string) string {
	texts := make([]string, len(list))
	for i, m := range list {
		texts[i] = m.String()
	}
	return strings.Join(texts, separator)
}

// let binds a variable to whatever is there.
type let string

func (m let) Match(got any, env Env) bool {
	if _, absent := got.(Absent); absent {
		return false
	}
	env.Bind(string(m), got)
	return true
}

func (m let) String() string { return "let $" + string(m) }

// variable equals a variable that was bound while matching, plus a number.
type variable struct {
	name string
	plus float64
	text string
}

func (m variable) Match(got any, env Env) bool {
	value, ok := env.Lookup(m.name)
	if !ok {
		return false
	}
	if m.plus == 0 {
		return Equal(value).Match(got, env)
	}
	base, isNumber := quantityOf(value)
	have, has := quantityOf(got)
	return isNumber && has && quantity{base.value + m.plus, base.dim}.equal(have)
}

func (m variable) String() string { return m.text }

// Equal matches a value equal to v.
func Equal(v any) Matcher { return equal{v} }

type equal struct{ value any }

func (m equal) Match(got any, env Env) bool {
	switch want := m.value.(type) {
	case nil:
		return got == nil
	case Matcher:
		return want.Match(got, env)
	case Absent:
		return word("absent").Match(got, env)
	}
	if list, ok := listOf(m.value); ok {
		members := make([]Matcher, len(list))
		for i, v := range list {
			members[i] = equal{v}
		}
		return List(members).Match(got, env)
	}
	for _, text := range texts(m.value) {
		if (Literal{Text: text}).Match(got, env) {
			return true
		}
	}
	return false
}

func (m equal) String() string { return Format(m.value) }

// List matches a list in full and in order.
type List []Matcher

// Match implements [Matcher].
func (m List) Match(got any, env Env) bool {
	list, ok := listOf(got)
	if !ok || len(list) != len(m) {
		return false
	}
	for i, one := range m {
		if !one.Match(list[i], env) {
			return false
		}
	}
	return true
}

// String is [a, b].
func (m List) String() string { return "[" + joinMatchers(m, ", ") + "]" }

// Map matches listed fields of a map, or parts of a value that has [Parts].
type Map map[string]Matcher

// Match implements [Matcher].
func (m Map) Match(got any, env Env) bool {
	var part func(name string) any
	switch v := got.(type) {
	case map[string]any:
		part = func(name string) any { return fieldOf(v, name) }
	case Parts:
		part = v.Part
	case Absent, nil:
		return false
	default:
		if list, ok := listOf(got); ok && len(list) == 1 { // a header that is there once
			return m.Match(list[0], env)
		}
		return false
	}
	for _, name := range sortedNames(m, nil) {
		if !m[name].Match(part(name), env) {
			return false
		}
	}
	return true
}

// String is {a: x, b: y}.
func (m Map) String() string { return "{" + formatMatchers(m, nil) + "}" }

func formatMatchers(m map[string]Matcher, order []string) string {
	var texts []string
	for _, name := range sortedNames(m, order) {
		texts = append(texts, name+": "+m[name].String())
	}
	return strings.Join(texts, ", ")
}

// fieldOf is a field of a map, Absent when it is not there.
func fieldOf(fields map[string]any, name string) any {
	if v, ok := fields[name]; ok {
		return v
	}
	return Absent{}
}

// of equals the dialog or the contact of a subject as that party sees it.
type of struct{ kind, subject string }

func (m of) Match(got any, env Env) bool {
	want, err := env.Subject(m.kind, m.subject)
	if err != nil {
		return false
	}
	if (equal{want}).Match(got, env) {
		return true
	}
	for _, have := range texts(got) {
		if sameParameters(have, Format(want)) {
			return true
		}
	}
	return false
}

func (m of) String() string { return m.kind + " of " + m.subject }

// sameParameters compares "value;a=b;c=d" whatever the order of its parameters.
func sameParameters(a, b string) bool {
	x, y := strings.Split(a, ";"), strings.Split(b, ";")
	slices.Sort(x[1:])
	slices.Sort(y[1:])
	return slices.Equal(x, y)
}
