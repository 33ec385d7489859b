package scenario

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// Problem is one mistake in a file.
type Problem struct {
	Pos     match.Pos // Line 0: the file as a whole
	Message string    // what was found, what was expected, a suggestion
	Line    string    // the line of the file, "" when there is none to show
	Width   int       // how many characters of it, from Pos.Col on, are meant
}

// String is file:line:col: message, with the line and a caret line below it.
func (p Problem) String() string {
	if p.Pos.Line == 0 {
		return fmt.Sprintf("%s: %s", p.Pos.File, p.Message)
	}
	head := fmt.Sprintf("%s: %s", p.Pos, p.Message)
	if p.Line == "" {
		return head
	}
	col := min(max(p.Pos.Col, 1), utf8.RuneCountInString(p.Line)+1)
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string([]rune(p.Line)[:col-1]))
	return fmt.Sprintf("%s\n%5d | %s\n      | %s%s", head, p.Pos.Line, p.Line, indent, strings.Repeat("^", max(p.Width, 1)))
}

// Problems are all mistakes of one Load, by file and place.
type Problems []Problem

// String prints every problem, one below the other, each with a newline at its
// end.
func (p Problems) String() string {
	var b strings.Builder
	for _, one := range p {
		b.WriteString(one.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// Summary is "2 problems, nothing was run".
func (p Problems) Summary() string {
	if len(p) == 1 {
		return "1 problem, nothing was run"
	}
	return fmt.Sprintf("%d problems, nothing was run", len(p))
}

// Error is String with Summary as the last line, so that Problems can be
// returned as an error by who has found some.
func (p Problems) Error() string { return p.String() + p.Summary() }

// maxProblems of one file are kept: the rest follows from them more often than not.
const maxProblems = 100

// reporter collects the problems of one Load, each once.
type reporter struct {
	problems Problems
	seen     map[string]bool
	perFile  map[string]int
	lines    map[string][]string // by file
	prefix   string              // in front of the names of files
}

func newReporter(prefix string) *reporter {
	return &reporter{prefix: prefix, seen: map[string]bool{}, perFile: map[string]int{}, lines: map[string][]string{}}
}

// at reports a mistake at a node.
func (r *reporter) at(n *node, format string, args ...any) {
	r.add(n.pos, r.width(n), fmt.Sprintf(format, args...))
}

// inside reports a mistake in a scalar, at a part of its text.
func (r *reporter) inside(n *node, part, format string, args ...any) {
	pos, width := n.pos, r.width(n)
	if i := strings.Index(n.text, part); i >= 0 && !n.quoted && part != "" {
		pos.Col += utf8.RuneCountInString(n.text[:i])
		width = utf8.RuneCountInString(part)
	}
	r.add(pos, width, fmt.Sprintf(format, args...))
}

func (r *reporter) add(pos match.Pos, width int, message string) {
	key := pos.String() + message
	if r.seen[key] {
		return
	}
	r.seen[key] = true
	if r.perFile[pos.File]++; r.perFile[pos.File] > maxProblems {
		return
	}
	p := Problem{Pos: pos, Message: message, Width: width}
	if lines := r.lines[pos.File]; pos.Line > 0 && pos.Line <= len(lines) {
		p.Line = strings.TrimRight(lines[pos.Line-1], " \t\r")
		p.Width = max(1, min(width, utf8.RuneCountInString(p.Line)-pos.Col+1))
	}
	r.problems = append(r.problems, p)
}

// file reports a mistake of a file as a whole.
func (r *reporter) file(name, format string, args ...any) {
	r.add(match.Pos{File: r.prefix + name}, 0, fmt.Sprintf(format, args...))
}

func (r *reporter) width(n *node) int {
	switch {
	case n.kind != scalarNode && len(n.pairs) > 0:
		return r.width(n.pairs[0].key)
	case n.kind != scalarNode || n.null:
		return 1
	case n.quoted:
		return utf8.RuneCountInString(n.text) + 2
	}
	return utf8.RuneCountInString(n.text)
}

// sorted returns what was found, in order of place.
func (r *reporter) sorted() Problems {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		if c := strings.Compare(a.Pos.File, b.Pos.File); c != 0 {
			return c
		}
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Col - b.Pos.Col
	})
	return r.problems
}
