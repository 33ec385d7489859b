package scenario

import (
	"regexp"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

var (
	matcherWords = []string{"any", "set", "null", "absent", "identical"}
	ofSubject    = regexp.MustCompile(`\b(dialog|contact) of ([^\s|]+)`)
)

// matcher compiles what is expected of a value: a scalar, a list in full and
// in order, or a map of listed fields.
func (c *compiler) matcher(n *node) match.Matcher {
	switch {
	case n.isList():
		list := match.List{}
		for _, item := range n.items {
			list = append(list, c.matcher(item))
		}
		return list
	case n.isDict():
		m := match.Map{}
		for _, p := range n.pairs {
			if p.value.null {
				c.noValue(p.key)
				continue
			}
			m[p.key.text] = c.matcher(p.value)
		}
		return m
	case n.null:
		c.r.at(n, "there is nothing to compare with; write null, or quote a text that a comma cut")
		return match.Any
	}
	text := n.text
	if !n.quoted {
		text = c.matcherSubjects(n, text)
	}
	if !n.quoted && strings.HasPrefix(text, "/") && (len(text) == 1 || !strings.Contains(text[1:], "/")) {
		c.r.at(n, "%s begins a regular expression and does not end it with /; quote the text if none is meant", quote(text))
		return match.Any
	}
	m, err := match.ParseMatcher(text, n.quoted, c.lookup)
	if err != nil {
		c.r.at(n, "%v", err)
		return match.Any
	}
	c.checkRange(n, m)
	return m
}

// noValue reports a key without a value, most often the rest of a text that a
// comma cut.
func (c *compiler) noValue(key *node) {
	c.r.at(key, "%s has no value; null is written out, and a text with \", \" or \": \" in it is quoted", quote(key.text))
}

// lookup finds the value of a variable that is known before the run.
func (c *compiler) lookup(name string) (any, bool) {
	n, ok := c.scope.vars[name]
	if !ok {
		return nil, false
	}
	return n.value(), true
}

// value is a node as the matchers know values.
func (n *node) value() any {
	switch {
	case n.isList():
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.value()
		}
		return list
	case n.isDict():
		m := map[string]any{}
		for _, p := range n.pairs {
			m[p.key.text] = p.value.value()
		}
		return m
	case n.quoted:
		return match.Literal{Text: n.text, Quoted: true}
	}
	return n.text
}

// matcherSubjects checks the subjects of `dialog of carol#two` and writes
// their sessions in full.
func (c *compiler) matcherSubjects(n *node, text string) string {
	return ofSubject.ReplaceAllStringFunc(text, func(found string) string {
		m := ofSubject.FindStringSubmatch(found)
		return m[1] + " of " + c.subject(n, m[2]).String()
	})
}

// matchers compiles the fields of a map, and their names in file order.
func (c *compiler) matchers(n *node, want string) (map[string]match.Matcher, []string) {
	fields := map[string]match.Matcher{}
	var order []string
	for _, p := range c.dict(n, want) {
		if p.value.null {
			c.noValue(p.key)
			continue
		}
		fields[p.key.text] = c.matcher(p.value)
		order = append(order, p.key.text)
	}
	return fields, order
}
