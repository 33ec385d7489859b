package scenario

import (
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

type nodeKind byte

const (
	scalarNode nodeKind = iota
	listNode
	dictNode
)

// node is a piece of a file: a scalar as written (never through YAML's own
// types), a list or a map in file order.
type node struct {
	kind   nodeKind
	pos    match.Pos
	text   string // of a scalar
	quoted bool   // literal text
	null   bool   // nothing is written there
	cut    bool   // and its key ends at a comma within {}
	items  []*node
	pairs  []pair
}

type pair struct{ key, value *node }

func (n *node) isScalar() bool { return n.kind == scalarNode && !n.null }
func (n *node) isList() bool   { return n.kind == listNode }
func (n *node) isDict() bool   { return n.kind == dictNode }

// plain is the text of a scalar that is not quoted, else "".
func (n *node) plain() string {
	if n == nil || !n.isScalar() || n.quoted {
		return ""
	}
	return n.text
}

// get finds the value of a key of a map, nil when it is not there.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		if p.key.text == name {
			return p.value
		}
	}
	return nil
}

// without is the map without some of its keys.
func (n *node) without(names ...string) *node {
	rest := &node{kind: dictNode, pos: n.pos}
pairs:
	for _, p := range n.pairs {
		for _, name := range names {
			if p.key.text == name {
				continue pairs
			}
		}
		rest.pairs = append(rest.pairs, p)
	}
	return rest
}

// what says in words what a node is, for "expected X, found Y".
func (n *node) what() string {
	switch {
	case n.cut:
		return `nothing: within {} a comma ends the key; quote it, as in {"alice, bob": …}`
	case n.null:
		return "nothing"
	case n.isList() && len(n.items) == 0:
		return "an empty list"
	case n.isList():
		return "a list"
	case n.isDict() && len(n.pairs) == 0:
		return "an empty map"
	case n.isDict():
		return "a map"
	}
	return quote(n.text)
}

// String writes the node on one line, as a file could have it.
func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	switch {
	case n.null:
	case n.isList():
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteString(", ")
			}
			item.write(b)
		}
		b.WriteByte(']')
	case n.isDict():
		b.WriteByte('{')
		for i, p := range n.pairs {
			if i > 0 {
				b.WriteString(", ")
			}
			p.write(b)
		}
		b.WriteByte('}')
	case n.quoted:
		b.WriteString(`"` + n.text + `"`)
	default:
		b.WriteString(n.text)
	}
}

func (p pair) write(b *strings.Builder) {
	p.key.write(b)
	b.WriteByte(':')
	if !p.value.null {
		b.WriteByte(' ')
		p.value.write(b)
	}
}

func (p pair) String() string {
	var b strings.Builder
	p.write(&b)
	return b.String()
}

// walk calls f for a node and everything below it, keys included.
func (n *node) walk(f func(*node)) {
	if n == nil {
		return
	}
	f(n)
	for _, item := range n.items {
		item.walk(f)
	}
	for _, p := range n.pairs {
		p.key.walk(f)
		p.value.walk(f)
	}
}

// textNode makes a scalar node, as if it stood at pos.
func textNode(pos match.Pos, text string) *node { return &node{pos: pos, text: text} }
