package scenario

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// A matcher that is a plain text can never be wrong by itself: "30db.." is a
// text like any other. What is compared with a number, a truth or one of a few
// words is therefore looked at here; other matchers pass.

var (
	rangeLike   = regexp.MustCompile(`^[-+]?\d[\w.% ]*\.\.[-+\w.% ]*$|^\.\.[-+]?\d[\w.% ]*$`)
	numberForm  = regexp.MustCompile(`^[-+]?\d+(\.\d+)? ?([A-Za-z%]*)$`)
	plainLetter = regexp.MustCompile(`^[A-Za-z0-9_.%+-]+( [A-Za-z%]+)?$`)
)

// literal is the text of a matcher that is plain text, "" for all others.
func literal(n *node, m match.Matcher) string {
	if l, ok := m.(match.Literal); ok && !l.Quoted && n.isScalar() {
		return l.Text
	}
	return ""
}

// checkRange reports a text that looks like a range and is none.
func (c *compiler) checkRange(n *node, m match.Matcher) {
	if text := literal(n, m); rangeLike.MatchString(text) {
		c.r.at(n, "%s is no range: expected numbers with units, ms s m h, Hz, dB, %%, B kB MB; quote the text if none is meant", quote(text))
	}
}

// fieldValue checks the value of a field of a notification.
func (c *compiler) fieldValue(name string, p pair, m match.Matcher) {
	text := literal(p.value, m)
	if text == "" {
		return
	}
	known := fieldWords[p.key.text]
	kind := ""
	for _, f := range c.catalogue.fields[name] {
		if f.Name == p.key.text {
			kind = f.Type.Kind().String()
		}
	}
	switch {
	case p.key.text == "ack_received":
		known = []string{"true", "false", "unknown"}
	case kind == "bool":
		known = []string{"true", "false"}
	case kind == "int" && known == nil:
		if _, err := strconv.Atoi(text); err != nil {
			c.r.at(p.value, "%s of %s is a number, never %s", p.key.text, name, quote(text))
		}
		return
	}
	if known != nil && plainLetter.MatchString(text) && !slices.Contains(known, text) {
		c.r.at(p.value, "%s of %s is never %s%s", p.key.text, name, quote(text), hint(text, known))
	}
}

var fieldWords = map[string][]string{"originator": {"local", "remote"}, "action": {"add", "remove"}}

// soundUnits are the units of each measure.
var soundUnits = map[string][]string{
	"tone": {"Hz"}, "tones": {"Hz"}, "snr": {"dB"}, "level": {"dB"}, "longest_gap": {"ms", "s"}, "delay": {"ms", "s"},
	"lost_frames": {""},
}

// soundValue checks the value of a measure: numbers and ranges with its unit.
func (c *compiler) soundValue(measure string, n *node) {
	for _, item := range n.items {
		c.soundValue(measure, item)
	}
	text := strings.TrimPrefix(n.plain(), "not ")
	units := soundUnits[measure]
	if text == "" || units == nil || slices.Contains(matcherWords, text) || strings.ContainsAny(text, "$|") {
		return
	}
	for bound := range strings.SplitSeq(text, "..") {
		m := numberForm.FindStringSubmatch(strings.TrimSpace(bound))
		if bound != "" && (m == nil || m[2] != "" && !slices.Contains(units, m[2])) {
			c.r.at(n, "%s is no %s: expected a number or a range, %s", quote(text), measure, unitWords(units))
			return
		}
	}
}

func unitWords(units []string) string {
	if units[0] == "" {
		return "without a unit"
	}
	return "in " + strings.Join(units, " or ")
}
