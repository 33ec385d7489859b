package match

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	classForm    = regexp.MustCompile(`^([1-6])xx$`)
	letForm      = regexp.MustCompile(`^let \$([A-Za-z_][A-Za-z0-9_]*)$`)
	variableForm = regexp.MustCompile(`^\$([A-Za-z_][A-Za-z0-9_]*)(?: ([-+]) (\d+(?:\.\d+)?))?$`)
	insertForm   = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
)

// Resolver tells the value of a variable known before the run; ok is false for
// one that is bound while matching (or unknown: its caller checks that).
type Resolver = func(name string) (value any, ok bool)

// ParseMatcher compiles a scalar of a scenario file. A quoted one is literal
// text, but for "/re/" and "${v}". The value of a variable is compiled in its
// place: a text as if it stood there unquoted, a list or map element by
// element. `not` binds closer than `|`.
func ParseMatcher(text string, quoted bool, resolve Resolver) (Matcher, error) {
	if resolve == nil {
		resolve = func(string) (any, bool) { return nil, false }
	}
	text, late := insert(text, resolve)
	if late {
		return template{text, quoted}, nil
	}
	if isRegexp(text) && (quoted || len(alternatives(text)) == 1) {
		return parseRegexp(text)
	}
	if quoted {
		return Literal{Text: text, Quoted: true}, nil
	}
	if parts := alternatives(text); len(parts) > 1 {
		members := make(either, len(parts))
		for i, part := range parts {
			member, err := ParseMatcher(part, false, resolve)
			if err != nil {
				return nil, err
			}
			members[i] = member
		}
		return members, nil
	}
	return parseOne(text, resolve)
}

func parseOne(text string, resolve Resolver) (Matcher, error) {
	switch text {
	case "any", "set", "null", "absent", "identical":
		return word(text), nil
	}
	if rest, ok := strings.CutPrefix(text, "not "); ok {
		inner, err := ParseMatcher(strings.TrimSpace(rest), false, resolve)
		return not{inner}, err
	}
	for _, kind := range []string{"dialog", "contact"} {
		if subject, ok := strings.CutPrefix(text, kind+" of "); ok {
			return of{kind, strings.TrimSpace(subject)}, nil
		}
	}
	if m := letForm.FindStringSubmatch(text); m != nil {
		return let(m[1]), nil
	}
	if m := variableForm.FindStringSubmatch(text); m != nil {
		return parseVariable(text, m, resolve)
	}
	if m := classForm.FindStringSubmatch(text); m != nil {
		return class(m[1][0] - '0'), nil
	}
	if m, ok, err := parseRange(text); ok || err != nil {
		return m, err
	}
	return Literal{Text: text}, nil
}

// parseVariable compiles `$v` and `$v + 1`.
func parseVariable(text string, m []string, resolve Resolver) (Matcher, error) {
	plus := 0.0
	if m[3] != "" {
		plus, _ = strconv.ParseFloat(m[2]+m[3], 64)
	}
	value, ok := resolve(m[1])
	if !ok {
		return variable{name: m[1], plus: plus, text: text}, nil
	}
	if plus == 0 {
		return Compile(value, resolve)
	}
	base, isNumber := quantityOf(value)
	if !isNumber {
		return nil, fmt.Errorf("%s: $%s is %s, which is no number", text, m[1], Format(value))
	}
	for unit, q := range units {
		if q.dim == base.dim && q.value == 1 {
			return Literal{Text: strconv.FormatFloat(base.value+plus, 'f', -1, 64) + unit}, nil
		}
	}
	return Literal{Text: strconv.FormatFloat(base.value+plus, 'f', -1, 64)}, nil
}

// Compile makes a matcher of a value out of a file: a text is a matcher as
// written without quotes, a list or map is one of its elements.
func Compile(value any, resolve Resolver) (Matcher, error) {
	switch v := value.(type) {
	case nil:
		return word("null"), nil
	case Matcher:
		return v, nil
	case string:
		return ParseMatcher(v, false, resolve)
	case map[string]any:
		m := Map{}
		for name, inner := range v {
			compiled, err := Compile(inner, resolve)
			if err != nil {
				return nil, err
			}
			m[name] = compiled
		}
		return m, nil
	}
	list, ok := listOf(value)
	if !ok {
		return Literal{Text: Format(value)}, nil
	}
	members := List{}
	for _, inner := range list {
		compiled, err := Compile(inner, resolve)
		if err != nil {
			return nil, err
		}
		members = append(members, compiled)
	}
	return members, nil
}

func parseRange(text string) (Matcher, bool, error) {
	left, right, found := strings.Cut(text, "..")
	if !found || strings.Contains(right, "..") {
		return nil, false, nil
	}
	m := between{text: text}
	left, right = strings.TrimSpace(left), strings.TrimSpace(right)
	if left == "" && right == "" {
		return nil, false, nil
	}
	if left != "" {
		if m.from, m.hasFrom = parseQuantity(left); !m.hasFrom {
			return nil, false, nil
		}
	}
	if right != "" {
		if m.to, m.hasTo = parseQuantity(right); !m.hasTo {
			return nil, false, nil
		}
	}
	if m.hasFrom && m.hasTo {
		if m.from.dim == plain { // 2..4s: the unit at the end is meant for both
			if unit := quantityForm.FindStringSubmatch(right)[2]; unit != "" {
				m.from, _ = parseQuantity(left + unit)
			}
		}
		if !m.from.comparable(m.to) {
			return nil, true, fmt.Errorf("the ends of %s have different units", text)
		}
		if m.from.value > m.to.value {
			return nil, true, fmt.Errorf("%s is upside down", text)
		}
	}
	return m, true, nil
}

func isRegexp(text string) bool {
	return len(text) >= 2 && text[0] == '/' && text[len(text)-1] == '/'
}

func parseRegexp(text string) (Matcher, error) {
	re, err := regexp.Compile(text[1 : len(text)-1])
	if err != nil {
		return nil, fmt.Errorf("%s is no regular expression: %w", text, err)
	}
	return Regexp{re}, nil
}

// alternatives cuts a text at " | ", but not inside a regular expression.
func alternatives(text string) []string {
	var parts []string
	for {
		end := strings.Index(text, " | ")
		if strings.HasPrefix(strings.TrimPrefix(text, "not "), "/") {
			start := strings.Index(text, "/") + 1
			end = -1
			if close := strings.Index(text[start:], "/ | "); close >= 0 {
				end = start + close + 1
			}
		}
		if end < 0 {
			return append(parts, text)
		}
		parts = append(parts, text[:end])
		text = text[end+len(" | "):]
	}
}

// insert replaces each ${v} that resolve knows; late tells that others are left.
func insert(text string, resolve Resolver) (result string, late bool) {
	result = insertForm.ReplaceAllStringFunc(text, func(ref string) string {
		value, ok := resolve(ref[2 : len(ref)-1])
		if !ok {
			late = true
			return ref
		}
		return Format(value)
	})
	return result, late
}

// substitute replaces every ${v}.
func substitute(text string, resolve Resolver) (string, error) {
	result, late := insert(text, resolve)
	if late {
		return "", fmt.Errorf("a variable of %q has no value yet", text)
	}
	return result, nil
}

// Substitute inserts bound variables into a text that is to be sent: ${v}, or
// $v alone. It fails when one has no value yet.
func Substitute(text string, env Env) (string, error) {
	if m := variableForm.FindStringSubmatch(text); m != nil && m[2] == "" {
		value, ok := env.Lookup(m[1])
		if !ok {
			return "", fmt.Errorf("$%s has no value yet", m[1])
		}
		return Format(value), nil
	}
	return substitute(text, env.Lookup)
}
