package wire

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// address is a name-addr or addr-spec with header parameters (RFC 3261
// section 20.10).
type address struct {
	display string // as between the quotes: quoted pairs stay
	uri     sip.Uri
	params  sip.HeaderParams
}

// parseAddress reads one. space is memory for its parameters, empty; may be nil.
func parseAddress(s string, space sip.HeaderParams) (a address, err error) {
	a.params = space
	s = trim(s)
	if strings.HasPrefix(s, `"`) {
		end := quotedEnd(s)
		if end < 0 {
			return a, errSyntax
		}
		a.display = s[1 : end-1]
		s = trimLeft(s[end:])
		if !strings.HasPrefix(s, "<") {
			return a, errSyntax
		}
	}
	open := strings.IndexAny(s, `<;"`)
	if open < 0 || s[open] == ';' {
		return a, a.addrSpec(s)
	}
	if open > 0 {
		a.display = trim(s[:open])
		if !isDisplayName(a.display) {
			return a, errSyntax
		}
	}
	return a, a.nameAddr(s[open:])
}

// isDisplayName is more tolerant than *(token LWS): everything is a name that
// needs no quotes to be told from the rest of the header field.
func isDisplayName(s string) bool { return !strings.ContainsAny(s, `,;"\<>@`) }

// nameAddr reads "<" URI ">" and parameters. White space inside the brackets is
// wrong and harmless.
func (a *address) nameAddr(s string) error {
	end := strings.IndexByte(s, '>')
	if s[0] != '<' || end < 0 {
		return errSyntax
	}
	uri, err := parseURI(trim(s[1:end]))
	if err != nil {
		return err
	}
	a.uri = uri
	return parseParams(s[end+1:], &a.params)
}

// addrSpec reads a URI without brackets: what follows a semicolon belongs to
// the header field, and the URI has neither comma nor question mark.
func (a *address) addrSpec(s string) error {
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	spec := trimRight(s[:end])
	if strings.ContainsAny(spec, ",?") {
		return errSyntax
	}
	uri, err := parseURI(spec)
	if err != nil {
		return err
	}
	a.uri = uri
	return parseParams(s[end:], &a.params)
}

// quotedEnd is the length of the quoted string that s begins with, or -1.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// parseParams reads *( ";" name [ "=" value ] ), white space allowed everywhere.
// A quoted value keeps its quotes, unless it holds white space: sip.HeaderParams
// writes those in quotes by itself. out is nil if there are none.
func parseParams(s string, out *sip.HeaderParams) error {
	s = trim(s)
	for s != "" {
		if s[0] != ';' || len(*out) >= maxParams {
			return errSyntax
		}
		s = trimLeft(s[1:])
		n := 0
		for n < len(s) && isTokenChar(s[n]) {
			n++
		}
		if n == 0 {
			return errSyntax
		}
		param := sip.HeaderKV{K: paramName(s[:n])}
		s = trimLeft(s[n:])
		if strings.HasPrefix(s, "=") {
			var err error
			if param.V, s, err = paramValue(trimLeft(s[1:])); err != nil {
				return err
			}
		}
		*out = append(*out, param)
	}
	if len(*out) == 0 {
		*out = nil
	}
	return nil
}

func paramValue(s string) (value, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		end := quotedEnd(s)
		if end < 0 {
			return "", "", errSyntax
		}
		value = s[:end]
		if strings.ContainsAny(value, " \t") {
			value = value[1 : end-1]
		}
		return value, trimLeft(s[end:]), nil
	}
	end := strings.IndexAny(s, "; \t,\"<>\\")
	if end < 0 {
		end = len(s)
	}
	return s[:end], trimLeft(s[end:]), nil
}

// paramName writes the names that are understood in lower case: they are
// case-insensitive, sip.HeaderParams is not.
func paramName(name string) string {
	for _, known := range [...]string{"tag", "branch", "rport", "received", "maddr", "ttl", "expires", "q"} {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return name
}

// once reports whether a parameter comes at most once.
func once(params sip.HeaderParams, name string) bool {
	n := 0
	for _, p := range params {
		if p.K == name {
			n++
		}
	}
	return n <= 1
}

// cutValue cuts the first value off a list with commas. Commas inside quotes
// and angle brackets separate nothing.
func cutValue(s string) (value, rest string, more bool) {
	brackets := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			if brackets {
				continue
			}
			end := quotedEnd(s[i:])
			if end < 0 {
				return s, "", false
			}
			i += end - 1
		case '<':
			brackets = true
		case '>':
			brackets = false
		case ',':
			if !brackets {
				return s[:i], s[i+1:], true
			}
		}
	}
	return s, "", false
}
