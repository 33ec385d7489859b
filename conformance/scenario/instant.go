package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
)

func itoa(i int) string { return strconv.Itoa(i) }

var (
	labelForm = regexp.MustCompile(`^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?`)
	termForm  = regexp.MustCompile(`^\s*([-+])\s*(\[[^\]]*\]|[^-+\s]+(?: ?(?:ms|s|m|h)\b)?)`)
)

// parseInstant reads a label or time and the terms behind it. A window or a
// list may be the last term only.
func (c *compiler) parseInstant(n *node, in *match.Instant, text string) error {
	text = c.insertVariables(n, text)
	rest := text
	base := time.Duration(0)
	if label := labelForm.FindString(text); label != "" {
		in.Label = c.instantLabel(n, label)
		rest = text[len(label):]
	} else if strings.HasPrefix(text, "-") {
		return errors.New("a time alone counts from the step before, and is not negative")
	} else {
		rest = "+ " + text
	}
	for strings.TrimSpace(rest) != "" {
		m := termForm.FindStringSubmatch(rest)
		if m == nil {
			return fmt.Errorf("expected + or - and a time at %s", quote(strings.TrimSpace(rest)))
		}
		if in.Offset != nil {
			return errors.New("a window or a list must be the last term")
		}
		rest = rest[len(m[0]):]
		term := m[2]
		switch {
		case strings.HasPrefix(term, "["):
			if err := readList(in, base, m[1], term); err != nil {
				return err
			}
		case strings.Contains(term, ".."):
			if err := readWindow(in, base, m[1], term); err != nil {
				return err
			}
		default:
			d, err := parseTime(term)
			if err != nil {
				return err
			}
			base = signed(base, m[1], d)
		}
	}
	if in.Offset == nil {
		in.Offset = []time.Duration{base}
	}
	return nil
}

func signed(base time.Duration, sign string, d time.Duration) time.Duration {
	if sign == "-" {
		return base - d
	}
	return base + d
}

func readList(in *match.Instant, base time.Duration, sign, term string) error {
	in.List = true
	for part := range strings.SplitSeq(strings.Trim(term, "[]"), ",") {
		d, err := parseTime(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		in.Offset = append(in.Offset, signed(base, sign, d))
	}
	return nil
}

func readWindow(in *match.Instant, base time.Duration, sign, term string) error {
	from, to, _ := strings.Cut(term, "..")
	a, err := parseTime(from)
	if err != nil && strings.Trim(from, "0123456789.") == "" { // 2..4s
		a, err = parseTime(from + strings.TrimLeft(to, "0123456789."))
	}
	if err != nil {
		return err
	}
	b, err := parseTime(to)
	if err != nil {
		return err
	}
	if b < a || sign == "-" {
		return fmt.Errorf("the window %s is upside down", term)
	}
	in.Offset, in.Upto = []time.Duration{base + a}, base+b
	return nil
}
