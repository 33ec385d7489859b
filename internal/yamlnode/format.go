package yamlnode

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Format writes root in one plain style: maps as indented blocks, lists in
// brackets, texts without quotes where that cannot be misread and in double
// quotes where it can, comments where they were. Tags, anchors and the quotes
// of the original are not kept. A nil root gives an empty file.
//
// Lists hold scalars only; an alias is written as the text of its name.
func Format(root *Node) []byte {
	if root == nil {
		return nil
	}
	var w writer
	if root.Head != "" { // a blank line keeps it from becoming the first key's
		w.comment(root.Head, 0)
		w.b.WriteByte('\n')
	}
	if root.Kind == Map && len(root.Pairs) > 0 {
		w.pairs(root, 0)
	} else {
		w.value(root)
		w.b.WriteByte('\n')
	}
	w.comment(root.Foot, 0)
	return []byte(w.b.String())
}

type writer struct{ b strings.Builder }

func (w *writer) pairs(n *Node, depth int) {
	for _, p := range n.Pairs {
		w.comment(p.Key.Head, depth)
		w.indent(depth)
		w.b.WriteString(scalar(p.Key, true))
		w.b.WriteByte(':')
		nested := p.Value.Kind == Map && len(p.Value.Pairs) > 0
		if !nested {
			w.b.WriteByte(' ')
			w.value(p.Value)
		}
		w.tail(p.Key.Tail, p.Value.Tail)
		w.b.WriteByte('\n')
		if nested {
			w.comment(p.Value.Head, depth+1)
			w.pairs(p.Value, depth+1)
			w.comment(p.Value.Foot, depth+1)
		}
		w.comment(p.Key.Foot, depth)
	}
}

func (w *writer) value(n *Node) {
	switch n.Kind {
	case Map:
		w.b.WriteString("{}")
	case List:
		w.b.WriteByte('[')
		for i, item := range n.Items {
			if i > 0 {
				w.b.WriteString(", ")
			}
			w.b.WriteString(scalar(item, false))
		}
		w.b.WriteByte(']')
	default:
		w.b.WriteString(scalar(n, false))
	}
}

func (w *writer) indent(depth int) {
	for range depth {
		w.b.WriteString("    ")
	}
}

// comment writes the lines of a comment above or below something.
func (w *writer) comment(text string, depth int) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line = clean(line); line != "" {
			w.indent(depth)
			w.b.WriteString(line)
		}
		w.b.WriteByte('\n')
	}
}

// tail writes a comment behind a value.
func (w *writer) tail(texts ...string) {
	for _, text := range texts {
		if line := clean(strings.ReplaceAll(text, "\n", " ")); line != "" {
			w.b.WriteByte(' ')
			w.b.WriteString(line)
		}
	}
}

// clean makes sure that a line of a comment is one, and nothing else.
func clean(line string) string {
	line = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == utf8.RuneError || isBreak(r) || !printable(r) {
			return -1
		}
		return r
	}, line))
	if line != "" && line[0] != '#' {
		line = "# " + line
	}
	return line
}

func isBreak(r rune) bool { return r == '\u0085' || r == '\u2028' || r == '\u2029' }

// printable are the characters that YAML lets stand unescaped.
func printable(r rune) bool {
	return r == '\t' || r >= ' ' && r <= '~' || r >= '\u00a0' && r < 0xd800 || r >= 0xe000 && r < 0xfeff ||
		r > 0xfeff && r <= 0xfffd || r >= 0x10000
}

// scalar is a text as it stands in the file. A null is written as such.
func scalar(n *Node, key bool) string {
	switch {
	case n.IsNull() && !key:
		return "null"
	case plain(n.Text):
		return n.Text
	}
	return quote(n.Text)
}

// plain says that a text can do without quotes: it begins with a letter, a digit
// or a slash, holds nothing that means something in YAML, and no reader takes it
// for null or a YAML 1.1 boolean spelled unusually.
func plain(text string) bool {
	if text == "" || len(text) > 200 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/'
		inner := c == '.' || c == '_' || c == '-' || c == '@' || c == '+' || c == '/' || c == ';' || c == '='
		if !letter && (i == 0 || !inner) && !(c == ' ' && i > 0 && i < len(text)-1) {
			return false
		}
	}
	switch strings.ToLower(text) {
	case "null", "y", "n", "yes", "no", "on", "off":
		return false
	}
	return true
}

// quote writes text in double quotes (YAML 1.2 section 7.3.1).
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case isBreak(r) || !printable(r):
			b.WriteString(escape(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func escape(r rune) string {
	hex := strings.ToUpper(strconv.FormatInt(int64(r), 16))
	pad := func(n int) string { return strings.Repeat("0", n-len(hex)) + hex }
	switch {
	case r <= 0xff:
		return `\x` + pad(2)
	case r <= 0xffff:
		return `\u` + pad(4)
	}
	return `\U` + pad(8)
}
