package yamlnode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Kind is what a node is.
type Kind int

// The kinds of nodes.
const (
	Scalar Kind = iota
	List
	Map
	Alias // *name: Text is the name; the node it stands for is not followed
)

// Node is one value of a file. The zero Node is an empty, plain scalar: null.
type Node struct {
	Kind  Kind
	Text  string // of a scalar, as written, without quotes and escapes
	Block bool   // a scalar in | or > style
	// Quoted says that a scalar stands in quotes or is a block: "5" is a text,
	// whatever it looks like.
	Quoted bool
	Tag    string // written before the value, such as "!!int"; "" without one
	Anchor string // &name; "" without one
	Items  []*Node
	Pairs  []Pair // of a map, in the order of the file; keys may occur twice

	Line, Column int // from 1; 0 for a node made by hand

	Head, Tail, Foot string // comments with their #: lines above, behind, below
}

// Pair is one key of a map with its value.
type Pair struct{ Key, Value *Node }

// IsNull says that n is a plain scalar that YAML reads as null.
func (n *Node) IsNull() bool {
	if n.Kind != Scalar || n.Quoted || n.Tag != "" {
		return false
	}
	switch n.Text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// SyntaxError is what the YAML library says about a text that is not YAML.
type SyntaxError struct {
	Line int    // from 1, as the library gives it; 0 when it does not
	Text string // the library's words, without quotations from the file
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Text)
}

// SecondDocumentError says that a file holds more than one document.
type SecondDocumentError struct{ Line int }

func (e *SecondDocumentError) Error() string {
	return fmt.Sprintf("line %d: a second document begins here; a file holds one", e.Line)
}

// Parse reads the only document of data; nil when there is none. Errors are
// *SyntaxError and *SecondDocumentError.
func Parse(data []byte) (root *Node, err error) {
	defer func() { // the library may panic on odd input; that is a mistake in the file, not of ours
		if p := recover(); p != nil {
			root, err = nil, &SyntaxError{Text: "this cannot be read"}
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, syntaxError(err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, &SecondDocumentError{max(second.Line, 1)}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(err)
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	root = convert(document.Content[0])
	root.Head = joinComments(document.HeadComment, root.Head)
	root.Foot = joinComments(root.Foot, document.FootComment)
	return root, nil
}

var (
	place     = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)$`)
	quotation = regexp.MustCompile(`'[^']*'|"[^"]*"|` + "`[^`]*`")
)

// syntaxError takes the library's message apart. What the message quotes from
// the file (the name of an unknown anchor) is left out.
func syntaxError(err error) *SyntaxError {
	first, _, _ := strings.Cut(err.Error(), "\n")
	m := place.FindStringSubmatch(first)
	if m == nil {
		return &SyntaxError{Text: "this is not YAML"}
	}
	line, _ := strconv.Atoi(m[1])
	text := m[2]
	if strings.Contains(text, "anchor") {
		text = strings.Join(strings.Fields(quotation.ReplaceAllString(text, "")), " ")
	}
	return &SyntaxError{Line: line, Text: text}
}

func convert(y *yaml.Node) *Node {
	n := &Node{
		Text: y.Value, Anchor: y.Anchor, Line: y.Line, Column: y.Column,
		Head: y.HeadComment, Tail: y.LineComment, Foot: y.FootComment,
	}
	if y.Style&yaml.TaggedStyle != 0 {
		n.Tag = y.Tag
	}
	switch y.Kind {
	case yaml.AliasNode:
		n.Kind = Alias
	case yaml.SequenceNode:
		n.Kind = List
		for _, item := range y.Content {
			n.Items = append(n.Items, convert(item))
		}
	case yaml.MappingNode:
		n.Kind = Map
		for i := 0; i+1 < len(y.Content); i += 2 {
			n.Pairs = append(n.Pairs, Pair{convert(y.Content[i]), convert(y.Content[i+1])})
		}
	default:
		n.Block = y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
		n.Quoted = n.Block || y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
	}
	return n
}

func joinComments(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}
