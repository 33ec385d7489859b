package storage

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/internal/yamlnode"
)

const (
	maxDepth    = 32
	maxFileSize = 16 << 20
)

// parse reads a configuration file. root is nil for an empty one. Errors are
// *ParseError.
func parse(file string, data []byte) (tree Tree, root *yamlnode.Node, err error) {
	if len(data) > maxFileSize {
		return nil, nil, &ParseError{File: file, Found: fmt.Sprintf("%d octets", len(data)), Expected: fmt.Sprintf("%d at most", maxFileSize)}
	}
	root, err = yamlnode.Parse(data)
	if err != nil {
		return nil, nil, syntaxError(file, data, err)
	}
	if root == nil || root.IsNull() {
		return Tree{}, nil, nil
	}
	r := reader{file: file}
	if root.Kind != yamlnode.Map {
		return nil, nil, r.wrong(root, nil, what(root), "settings, such as \"SIPSimpleSettings:\" with lines below it")
	}
	tree, err = r.group(root, nil)
	if err != nil {
		return nil, nil, err
	}
	return tree, root, nil
}

type reader struct{ file string }

func (r *reader) wrong(n *yamlnode.Node, path []string, found, expected string) error {
	return &ParseError{File: r.file, Line: n.Line, Column: n.Column, Setting: dotted(path), Found: found, Expected: expected}
}

func (r *reader) group(n *yamlnode.Node, path []string) (Tree, error) {
	if len(path) > maxDepth {
		return nil, r.wrong(n, path, "one more group in a group", fmt.Sprintf("%d levels at most", maxDepth))
	}
	tree := make(Tree, len(n.Pairs))
	lines := make(map[string]int, len(n.Pairs))
	for _, p := range n.Pairs {
		if p.Key.Kind != yamlnode.Scalar {
			return nil, r.wrong(p.Key, path, what(p.Key)+" as the name of a setting", "a word")
		}
		if err := r.feature(p.Key, path); err != nil {
			return nil, err
		}
		here := append(slices.Clone(path), p.Key.Text)
		if first, ok := lines[p.Key.Text]; ok {
			return nil, r.wrong(p.Key, here, "the same name again", fmt.Sprintf("it once; the first is in line %d", first))
		}
		value, err := r.value(p.Value, here)
		if err != nil {
			return nil, err
		}
		lines[p.Key.Text] = p.Key.Line
		tree[p.Key.Text] = value
	}
	return tree, nil
}

func (r *reader) value(n *yamlnode.Node, path []string) (any, error) {
	if err := r.feature(n, path); err != nil {
		return nil, err
	}
	switch n.Kind {
	case yamlnode.Map:
		return r.group(n, path)
	case yamlnode.List:
		list := make([]string, 0, len(n.Items))
		for _, item := range n.Items {
			if err := r.feature(item, path); err != nil {
				return nil, err
			}
			if item.Kind != yamlnode.Scalar || item.IsNull() {
				return nil, r.wrong(item, path, what(item)+" in a list", "a text (\"\" for an empty one)")
			}
			list = append(list, item.Text)
		}
		return list, nil
	}
	if n.IsNull() {
		return nil, nil
	}
	return n.Text, nil
}

// feature refuses what YAML has and a configuration file has not.
func (r *reader) feature(n *yamlnode.Node, path []string) error {
	const quote = "a plain value; a text that begins with *, & or ! stands in quotes"
	switch {
	case n.Kind == yamlnode.Alias:
		return r.wrong(n, path, "a YAML alias (*)", quote)
	case n.Anchor != "":
		return r.wrong(n, path, "a YAML anchor (&)", quote)
	case n.Tag != "":
		return r.wrong(n, path, "a YAML tag (!)", quote)
	}
	return nil
}

func what(n *yamlnode.Node) string {
	switch {
	case n.Kind == yamlnode.Map:
		return "a group"
	case n.Kind == yamlnode.List:
		return "a list"
	case n.IsNull():
		return "nothing"
	}
	return "a text"
}

// words says in our words what the YAML library means.
var words = []struct{ yaml, found, expected string }{
	{"mapping values are not allowed", "a \":\" that does not fit", "quotes around a text with \": \" in it, and names of one group below each other"},
	{"did not find expected key", "a line that does not fit the lines above it", "names of one group below each other, and every quote and bracket closed"},
	{"did not find expected '-'", "a line that does not fit the list above it", "items of a list below each other"},
	{"did not find expected ',' or ']'", "a list that is not closed", "\"]\""},
	{"did not find expected ',' or '}'", "a group that is not closed", "\"}\""},
	{"could not find expected ':'", "a line without a value", "\"name: value\""},
	{"found character that cannot start any token", "a character that begins no value", "quotes around the text"},
	{"found unexpected end of stream", "the end of the file inside quotes or brackets", "them closed"},
	{"tab character", "a tab", "spaces"},
	{"block sequence entries", "a \"- \" that does not fit", "items of a list on lines of their own"},
	{"unknown anchor", "a YAML alias (*)", "quotes around a text that begins with *"},
	{"alphabetic or numeric character", "a \"*\" or \"&\"", "quotes around a text that begins with * or &"},
	{"unknown escape character", "a backslash in double quotes that means nothing", "single quotes, or \"\\\\\""},
	{"control characters", "a control character", "text"},
	{"UTF", "octets that are not UTF-8", "text in UTF-8"},
}

// named finds the setting that a line of the file names, never its value.
var named = regexp.MustCompile(`^\s*([A-Za-z][a-z_A-Z]*|[^\s"':#@]+@[\w.-]+):(?:\s|$)`)

func syntaxError(file string, data []byte, err error) error {
	wrong := &ParseError{File: file, Found: "what is not YAML", Expected: "lines of \"name: value\""}
	if second, ok := errors.AsType[*yamlnode.SecondDocumentError](err); ok {
		wrong.Line, wrong.Found, wrong.Expected = second.Line, "a second document (---)", "one"
		return wrong
	}
	syntax, ok := errors.AsType[*yamlnode.SyntaxError](err)
	if !ok {
		return wrong
	}
	for _, w := range words {
		if strings.Contains(syntax.Text, w.yaml) {
			wrong.Found, wrong.Expected = w.found, w.expected
			break
		}
	}
	lines := strings.Split(string(data), "\n")
	line := syntax.Line
	if strings.HasPrefix(syntax.Text, "did not find expected") && !strings.Contains(syntax.Text, "alphabetic") {
		line++ // the library counts from 0 here
	}
	wrong.Line = min(max(line, 1), len(lines))
	if strings.HasPrefix(strings.TrimLeft(lines[wrong.Line-1], " "), "\t") {
		wrong.Found, wrong.Expected = "a tab", "spaces"
	}
	if m := named.FindStringSubmatch(lines[wrong.Line-1]); m != nil {
		wrong.Setting = m[1]
	}
	return wrong
}
