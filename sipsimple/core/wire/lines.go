package wire

import (
	"bytes"
	"strings"
)

// headEnd is the length of start line and header fields with the empty line
// behind them, or -1 while that has not come. The search begins at from, which
// may be any offset already searched. A bare LF counts as a line end here, so
// that a message with this fault can be answered and the next one be found.
func headEnd(data []byte, from int) int {
	for i := max(from-3, 0); ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return -1
		}
		i += n + 1
		rest := data[i:]
		switch {
		case len(rest) > 0 && rest[0] == '\n':
			return i + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return i + 2
		}
	}
}

// lineReader cuts a head into logical lines: folded lines become one, joined by
// a single SP (RFC 3261 section 7.3.1).
type lineReader struct {
	rest string
	bare bool // a CR or LF stood alone
}

// next is the next line without its end; ok is false at the end of the head.
func (r *lineReader) next() (line string, ok bool) {
	line, ok = r.physical()
	if !ok || line == "" || !folds(r.rest) {
		return line, ok
	}
	var b strings.Builder
	b.WriteString(trimRight(line))
	for folds(r.rest) {
		line, _ = r.physical()
		b.WriteByte(' ')
		b.WriteString(trim(line))
	}
	return b.String(), true
}

func folds(rest string) bool { return rest != "" && isLWS(rest[0]) }

func (r *lineReader) physical() (string, bool) {
	if r.rest == "" {
		return "", false
	}
	line := r.rest
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line, r.rest = line[:i], line[i+1:]
	} else {
		r.rest = ""
		r.bare = true
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	} else {
		r.bare = true
	}
	if strings.IndexByte(line, '\r') >= 0 {
		r.bare = true
	}
	return line, true
}

func isLWS(c byte) bool { return c == ' ' || c == '\t' }

func trimLeft(s string) string {
	for s != "" && isLWS(s[0]) {
		s = s[1:]
	}
	return s
}

func trimRight(s string) string {
	for s != "" && isLWS(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func trim(s string) string { return trimLeft(trimRight(s)) }

// hasControl finds a control character that is not quoted with a backslash
// (RFC 3261 section 25.1, quoted-pair). HT is no control character here.
func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c < ' ' && c != '\t', c == 0x7f:
			return true
		}
	}
	return false
}
