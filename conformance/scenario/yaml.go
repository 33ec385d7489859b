package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/go-sipsimple/callflow/conformance/match"
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
	tree, err := decode(data)
	if err != nil {
		repaired := reportMissingColons(r, shown, lines)
		if repaired == nil {
			reportSyntax(r, shown, lines, err)
			return nil
		}
		if tree, err = decode([]byte(strings.Join(repaired, "\n"))); err != nil {
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

// decode returns the root of the only document, nil for an empty file. The
// parser may panic on odd input; that is a mistake in the file, not of ours.
func decode(data []byte) (root *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, fmt.Errorf("yaml: %v", p)
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, &secondDocument{second.Line}
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

type secondDocument struct{ line int }

func (e *secondDocument) Error() string { return "a second document begins here; a file holds one" }

// converter turns the parser's nodes into ours and refuses what the language
// does not have.
type converter struct {
	r      *reporter
	file   string
	broken bool
}

func (c *converter) convert(y *yaml.Node, depth int) *node {
	n := &node{pos: match.Pos{File: c.file, Line: y.Line, Col: y.Column}}
	switch {
	case depth > maxDepth:
		c.refuse(n, "this is nested more than %d levels deep", maxDepth)
		return n
	case y.Kind == yaml.AliasNode:
		n.text = "*" + y.Value
		c.refuse(n, "%s is a YAML alias, which scenarios do not have; use vars: and $name", quote(n.text))
		return n
	case y.Anchor != "":
		n.text = "&" + y.Anchor
		c.refuse(n, "%s is a YAML anchor, which scenarios do not have; use vars: and $name", quote(n.text))
	case y.Style&yaml.TaggedStyle != 0:
		n.text = y.Tag
		c.refuse(n, "%s is a YAML tag, which scenarios do not have; a text that begins with ! is quoted", quote(y.Tag))
	}
	switch y.Kind {
	case yaml.SequenceNode:
		n.kind = listNode
		for _, item := range y.Content {
			n.items = append(n.items, c.convert(item, depth+1))
		}
	case yaml.MappingNode:
		n.kind = dictNode
		c.convertPairs(n, y, depth)
	default:
		n.text = y.Value
		n.quoted = y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
		n.null = n.text == "" && !n.quoted
	}
	return n
}

func (c *converter) convertPairs(n *node, y *yaml.Node, depth int) {
	seen := map[string]match.Pos{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := c.convert(y.Content[i], depth+1), c.convert(y.Content[i+1], depth+1)
		if !key.isScalar() {
			c.refuse(key, "a key is a word, not %s", key.what())
			continue
		}
		if value.null {
			value.pos = key.pos
		}
		if first, ok := seen[key.text]; ok {
			c.r.at(key, "%s stands here a second time; the first is in line %d", quote(key.text), first.Line)
			continue
		}
		seen[key.text] = key.pos
		n.pairs = append(n.pairs, pair{key, value})
	}
}

func (c *converter) refuse(n *node, format string, args ...any) {
	c.broken = true
	c.r.at(n, format, args...)
}
