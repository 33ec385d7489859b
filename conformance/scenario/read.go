package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// This file reads values: each function reports what does not fit and returns
// a zero value then.

// text reads a scalar; want says what was expected.
func (c *compiler) text(n *node, want string) string {
	if !n.isScalar() {
		c.r.at(n, "expected %s, found %s", want, n.what())
		return ""
	}
	return n.text
}

// list reads a list.
func (c *compiler) list(n *node, want string) []*node {
	if !n.isList() {
		c.r.at(n, "expected %s, found %s", want, n.what())
		return nil
	}
	return n.items
}

// dict reads a map.
func (c *compiler) dict(n *node, want string) []pair {
	if !n.isDict() {
		c.r.at(n, "expected %s, found %s", want, n.what())
		return nil
	}
	return n.pairs
}

// texts reads a list of scalars; never nil.
func (c *compiler) texts(n *node, want string) []string {
	list := []string{}
	for _, item := range c.list(n, want) {
		if text := c.text(item, want); text != "" {
			list = append(list, text)
		}
	}
	return list
}

// word reads one of a few words.
func (c *compiler) word(n *node, known []string) string {
	text := c.text(n, strings.Join(known, ", "))
	if text != "" && !slices.Contains(known, text) {
		c.r.at(n, "unknown word %s%s", quote(text), hint(text, known))
		return ""
	}
	return text
}

func (c *compiler) bool(n *node) bool { return c.word(n, []string{"true", "false"}) == "true" }

var timeForm = regexp.MustCompile(`^(\d+(?:\.\d+)?) ?(ms|s|m|h)$`)

// parseTime reads a number with a unit.
func parseTime(text string) (time.Duration, error) {
	m := timeForm.FindStringSubmatch(text)
	if m == nil {
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return 0, fmt.Errorf("%s needs a unit: ms, s, m or h", quote(text))
		}
		return 0, fmt.Errorf("%s is no time such as 500ms, 1.5s, 2m or 1h", quote(text))
	}
	number, err := strconv.ParseFloat(m[1], 64)
	unit := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour}[m[2]]
	if d := number * float64(unit); err == nil && d <= float64(1000*time.Hour) {
		return time.Duration(d + 0.5), nil
	}
	return 0, fmt.Errorf("%s is too long", quote(text))
}

func (c *compiler) time(n *node) time.Duration {
	text := c.text(n, "a time such as 500ms, 1.5s or 2m")
	if text == "" {
		return 0
	}
	d, err := parseTime(c.insertVariables(n, text))
	if err != nil {
		c.r.at(n, "%v", err)
	}
	return d
}

// insertVariables replaces every $name of a text that is an expression.
func (c *compiler) insertVariables(n *node, text string) string {
	return bareVariable.ReplaceAllStringFunc(text, func(ref string) string {
		value, ok := c.scope.vars[ref[1:]]
		switch {
		case !ok:
			c.r.inside(n, ref, "%s is bound while matching and cannot be used here", ref)
			return "0s"
		case value.kind != scalarNode:
			c.r.inside(n, ref, "%s holds %s", ref, value.what())
			return "0s"
		}
		return value.text
	})
}

// number reads a whole number.
func (c *compiler) number(n *node) int {
	text := c.text(n, "a whole number")
	if text == "" {
		return 0
	}
	i, err := strconv.Atoi(text)
	if err != nil || i < 0 || i > 1e9 {
		c.r.at(n, "%s is no whole number", quote(text))
		return 0
	}
	return i
}

// rate reads a share: 2% or 0.02.
func (c *compiler) rate(n *node) float64 {
	text := c.text(n, "a share such as 2%")
	number, isPercent := strings.CutSuffix(text, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if isPercent {
		f /= 100
	}
	if text != "" && (err != nil || !(f >= 0 && f <= 1)) {
		c.r.at(n, "%s is no share such as 2%%", quote(text))
		return 0
	}
	return f
}

// isNoShare tells a rate of 0%, with which a fault is not in force at all.
func isNoShare(n *node) bool {
	share, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(n.plain(), "%")), 64)
	return err == nil && share == 0
}

// maxTimes is the largest number of repetitions.
const maxTimes = 10000

// times reads a number or range of repetitions.
func (c *compiler) times(n *node) match.Range {
	text := c.text(n, "a number or a range such as 1..2")
	if text == "" {
		return match.Range{From: 1, To: 1}
	}
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		to = from
	}
	result := match.Range{To: -1, Set: true}
	var err error
	if from != "" {
		result.From, err = strconv.Atoi(from)
	}
	if err == nil && to != "" {
		result.To, err = strconv.Atoi(to)
	}
	bad := result.From < 0 || result.From > maxTimes || result.To > maxTimes || to != "" && result.To < result.From || from+to == ""
	if err != nil || bad {
		c.r.at(n, "%s is no number of times: expected 3, 1..2 or 1.. (at most %d)", quote(text), maxTimes)
		return match.Range{From: 1, To: 1}
	}
	return result
}

// size reads a bandwidth: bytes a second.
func (c *compiler) size(n *node) int {
	text := c.text(n, "bytes a second such as 16kB")
	for _, unit := range []struct {
		name   string
		factor float64
	}{{"kB", 1e3}, {"MB", 1e6}, {"B", 1}} {
		if number, ok := strings.CutSuffix(text, unit.name); ok {
			if f, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil && f > 0 && f < 1e9 {
				return int(f * unit.factor)
			}
		}
	}
	if text != "" {
		c.r.at(n, "%s is no bandwidth: expected bytes a second with B, kB or MB", quote(text))
	}
	return 0
}

// knownKeys refuses keys that are not known.
func (c *compiler) knownKeys(pairs []pair, kind string, known []string) {
	for _, p := range pairs {
		if !slices.Contains(known, p.key.text) && !c.r.refused(p.key, kind, p.key.text) {
			c.r.at(p.key, "unknown %s %s%s", kind, quote(p.key.text), hint(p.key.text, known))
		}
	}
}
