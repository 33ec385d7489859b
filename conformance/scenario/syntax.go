package scenario

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/internal/yamlnode"
)

var (
	bareItem     = regexp.MustCompile(`^(\s*(?:- +)+)([A-Za-z.][\w.!]*)\s*(#.*)?$`)
	smallLine    = regexp.MustCompile(`^\s*([A-Za-z_]+):(\s|$)`)
	braceBehind  = regexp.MustCompile(`[\[,] *([A-Za-z][\w!]*) *\{`)
	questionMark = regexp.MustCompile(`[:,\[{] *[^"'\s][^"',{}\[\]]*\?`)
)

// reportMissingColons finds the commonest slip, a bare item with a key below
// it, which YAML can only call "mapping values are not allowed in this
// context". It returns the lines with the colons put in, so that reading can go
// on; nil when there was none.
func reportMissingColons(r *reporter, name string, lines []string) []string {
	var repaired []string
	for i, line := range lines {
		m := bareItem.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		key := keyBelow(lines[i+1:], utf8.RuneCountInString(m[1]))
		if key == "" {
			continue
		}
		if repaired == nil {
			repaired = append(repaired, lines...)
		}
		repaired[i] = m[1] + m[2] + ":" + strings.TrimSuffix(" "+m[3], " ")
		pos := match.Pos{File: name, Line: i + 1, Col: utf8.RuneCountInString(m[1]) + 1}
		r.add(pos, len(m[2]), "a name that has \""+key+":\" below it needs a colon: \"- "+m[2]+":\"")
	}
	return repaired
}

// keyBelow is the key of the next line that says something, if it belongs to
// an item whose text begins at column indent.
func keyBelow(lines []string, indent int) string {
	for _, line := range lines {
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		m := smallLine.FindStringSubmatch(line)
		if m == nil || len(line)-len(strings.TrimLeft(line, " ")) < indent {
			return ""
		}
		return m[1]
	}
	return ""
}

// words says in our words what the YAML parser means.
var words = []struct{ yaml, ours string }{
	{"mapping values are not allowed", "a \":\" does not fit here; a text with \": \" in it is quoted, and a name with keys below it ends with a colon"},
	{"did not find expected key", "this does not line up with the keys above it, or a quote or bracket before it is not closed"},
	{"did not find expected '-' indicator", "this does not line up with the \"-\" items above it"},
	{"did not find expected ',' or ']'", "a list that began with \"[\" is not closed with \"]\" here"},
	{"did not find expected ',' or '}'", "a map that began with \"{\" is not closed with \"}\" here"},
	{"could not find expected ':'", "a key without a colon behind it"},
	{"found character that cannot start any token", "a value does not begin with this character; quote the text"},
	{"found unexpected end of stream", "a quoted text is not closed"},
	{"found a tab character", "a tab; indent with spaces"},
	{"block sequence entries are not allowed", "a \"- \" does not fit here; it begins an item on a line of its own"},
	{"block mapping", "this does not line up with the keys above it"},
	{"unknown anchor", "\"*\" begins a YAML alias, which scenarios do not have; quote the text"},
	{"did not find expected alphabetic or numeric character", "\"*\" and \"&\" begin a YAML alias; quote the text"},
	{"found unknown escape character", "a backslash in double quotes that means nothing; use single quotes"},
	{"control characters are not allowed", "a control character; this is no text file"},
	{"invalid", "this is not UTF-8 text"},
	{"incomplete UTF", "this is not UTF-8 text"},
}

// reportSyntax translates an error of the YAML parser. The parser gives no
// column and, for some errors, the line before the right one.
func reportSyntax(r *reporter, name string, lines []string, err error) {
	if second, ok := errors.AsType[*yamlnode.SecondDocumentError](err); ok {
		r.add(match.Pos{File: name, Line: second.Line, Col: 1}, 1, "a second document begins here; a file holds one")
		return
	}
	syntax, ok := errors.AsType[*yamlnode.SyntaxError](err)
	if !ok {
		r.file(name, "this is not YAML: %s", err)
		return
	}
	line, said := syntax.Line, syntax.Text
	if strings.HasPrefix(said, "did not find expected") && !strings.Contains(said, "alphabetic") {
		line++ // the parser counts from 0 here
	}
	line = min(max(line, 1), len(lines))
	for line < len(lines) && strings.TrimSpace(lines[line-1]) == "" {
		line++
	}
	line = offendingLine(lines, line, said)
	text := lines[line-1]
	message := "this is not YAML: " + said
	for _, w := range words {
		if strings.Contains(said, w.yaml) {
			message = w.ours
			break
		}
	}
	if strings.ContainsAny(text, "{[") && questionMark.MatchString(text) {
		message = "a text with \"?\" in it is quoted inside {} and []"
	}
	switch trimmed := strings.TrimSpace(text); {
	case !strings.Contains(said, "'-' indicator"):
	case !strings.HasPrefix(trimmed, "-"):
		message = "this lines up neither with the \"-\" above it nor with the text behind that"
	case trimmed != "-" && !strings.HasPrefix(trimmed, "- "):
		message = "a \"-\" needs a space behind it"
	}
	col := 1 + utf8.RuneCountInString(text) - utf8.RuneCountInString(strings.TrimLeft(text, " "))
	if strings.Contains(indentOf(text), "\t") {
		message, col = "a tab; indent with spaces", 1+strings.Index(text, "\t")
	}
	if i := offender(text); i >= 0 && strings.Contains(said, "cannot start any token") {
		col = i + 1
	}
	if m := braceBehind.FindStringSubmatchIndex(text); m != nil && strings.Contains(said, "',' or ']'") {
		message, col = "a name with fields behind it needs a colon: \""+text[m[2]:m[3]]+": {\"", 1+utf8.RuneCountInString(text[:m[2]])
	}
	width := utf8.RuneCountInString(strings.TrimSpace(text)) - (col - 1 - (len(text) - len(strings.TrimLeft(text, " "))))
	r.add(match.Pos{File: name, Line: line, Col: col}, min(width, 60), message)
}

// offendingLine finds the line that is meant, from the one that the parser
// names, a number from 1: of a tab it names the line before, of a list that
// ends in between its beginning.
func offendingLine(lines []string, line int, said string) int {
	if strings.Contains(said, "tab character") && !strings.Contains(indentOf(lines[line-1]), "\t") {
		if line < len(lines) && strings.Contains(indentOf(lines[line]), "\t") {
			return line + 1
		}
	}
	if !strings.Contains(said, "'-' indicator") {
		return line
	}
	indent := indentOf(lines[line-1])
	inside := behindDash(lines[line-1])
	for i := line; i < len(lines); i++ {
		text := strings.TrimSpace(lines[i])
		switch here := indentOf(lines[i]); {
		case text == "" || strings.HasPrefix(text, "#") || len(here) >= inside:
		case here == indent && (text == "-" || strings.HasPrefix(text, "- ")):
			inside = behindDash(lines[i])
		default:
			return i + 1
		}
	}
	return line
}

// behindDash is where the text of an item begins.
func behindDash(line string) int {
	dash := len(indentOf(line))
	return len(line) - len(strings.TrimLeft(line[min(dash+1, len(line)):], " "))
}

// indentOf is the white space that a line begins with.
func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

// offender finds a character that no plain value may begin with.
func offender(line string) int {
	for i, r := range line {
		if strings.ContainsRune("@`%", r) && (i == 0 || strings.ContainsRune(" [{,", rune(line[i-1]))) {
			return i
		}
	}
	return -1
}
