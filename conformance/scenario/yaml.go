package scenario

import (
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/internal/yamlnode"
)

const (
	maxFileSize = 1 << 20
	maxDepth    = 64
)

// parseYAML reads one file into nodes. What is wrong is reported; nil means
// that nothing could be read.
func parseYAML(r *reporter, name string, data []byte) *node {
	if len(data) > maxFileSize {
		r.file(name, "%d bytes are too many for a scenario (limit %d)", len(data), maxFileSize)
		return nil
	}
	lines := strings.Split(string(data), "\n")
	shown := r.prefix + name
	r.lines[shown] = lines
	tree, err := yamlnode.Parse(data)
	if err != nil {
		repaired := reportMissingColons(r, shown, lines)
		if repaired == nil {
			reportSyntax(r, shown, lines, err)
			return nil
		}
		if tree, err = yamlnode.Parse([]byte(strings.Join(repaired, "\n"))); err != nil {
			reportSyntax(r, shown, lines, err)
			return nil
		}
	}
	if tree == nil {
		r.file(name, "the file is empty; a scenario begins with \"callflow: 1\"")
		return nil
	}
	c := converter{r: r, file: shown}
	root := c.convert(tree, 0)
	if c.broken {
		return nil
	}
	return root
}

// converter turns the parser's nodes into ours and refuses what the language
// does not have.
type converter struct {
	r      *reporter
	file   string
	broken bool
}

func (c *converter) convert(y *yamlnode.Node, depth int) *node {
	n := &node{pos: match.Pos{File: c.file, Line: y.Line, Col: y.Column}}
	switch {
	case depth > maxDepth:
		c.refuse(n, "this is nested more than %d levels deep", maxDepth)
		return n
	case y.Kind == yamlnode.Alias:
		n.text = "*" + y.Text
		c.refuse(n, "%s is a YAML alias, which scenarios do not have; use vars: and $name", quote(n.text))
		return n
	case y.Anchor != "":
		n.text = "&" + y.Anchor
		c.refuse(n, "%s is a YAML anchor, which scenarios do not have; use vars: and $name", quote(n.text))
	case y.Tag != "":
		n.text = y.Tag
		c.refuse(n, "%s is a YAML tag, which scenarios do not have; a text that begins with ! is quoted", quote(y.Tag))
	}
	switch y.Kind {
	case yamlnode.List:
		n.kind = listNode
		for _, item := range y.Items {
			n.items = append(n.items, c.convert(item, depth+1))
		}
	case yamlnode.Map:
		n.kind = dictNode
		c.convertPairs(n, y, depth)
	default:
		n.text, n.quoted = y.Text, y.Quoted
		n.null = n.text == "" && !n.quoted
	}
	return n
}

func (c *converter) convertPairs(n *node, y *yamlnode.Node, depth int) {
	seen := map[string]match.Pos{}
	for _, p := range y.Pairs {
		key, value := c.convert(p.Key, depth+1), c.convert(p.Value, depth+1)
		if !key.isScalar() {
			c.refuse(key, "a key is a word, not %s", key.what())
			continue
		}
		if value.null {
			value.pos, value.cut = key.pos, c.cutShort(p.Key)
		}
		if first, ok := seen[key.text]; ok {
			c.r.at(key, "%s stands here a second time; the first is in line %d", quote(key.text), first.Line)
			continue
		}
		seen[key.text] = key.pos
		n.pairs = append(n.pairs, pair{key, value})
	}
}

// cutShort tells a key without a colon that a comma ends: {alice, bob: [...]} has
// the keys alice and bob.
func (c *converter) cutShort(key *yamlnode.Node) bool {
	lines := c.r.lines[c.file]
	if key.Quoted || key.Line < 1 || key.Line > len(lines) {
		return false
	}
	_, behind, found := strings.Cut(lines[key.Line-1], key.Text)
	return found && strings.HasPrefix(strings.TrimLeft(behind, " "), ",")
}

func (c *converter) refuse(n *node, format string, args ...any) {
	c.broken = true
	c.r.at(n, format, args...)
}
