package wirefields

import (
	"net/url"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// headerFields maps the full names of the headers to their value: a [Header],
// or a list of them when the message has several of that name.
func headerFields(msg sip.Message) map[string]any {
	f := make(map[string]any)
	type holder interface{ Headers() []sip.Header }
	for _, h := range msg.(holder).Headers() {
		name := HeaderName(h.Name())
		value := Header(strings.TrimSpace(h.Value()))
		switch had := f[name].(type) {
		case nil:
			f[name] = value
		case Header:
			f[name] = []any{had, value}
		case []any:
			f[name] = append(had, value)
		}
	}
	return f
}

// compactNames are the registered short forms of header names.
var compactNames = map[string]string{
	"a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition", "e": "Content-Encoding",
	"f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported", "l": "Content-Length", "m": "Contact",
	"n": "Identity-Info", "o": "Event", "r": "Refer-To", "s": "Subject", "t": "To", "u": "Allow-Events", "v": "Via",
	"x": "Session-Expires", "y": "Identity",
}

// oddNames are the header names that do not follow the rule of [HeaderName].
var oddNames = map[string]string{
	"call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate", "rack": "RAck", "rseq": "RSeq",
	"mime-version": "MIME-Version", "sip-etag": "SIP-ETag", "sip-if-match": "SIP-If-Match", "min-se": "Min-SE",
}

// HeaderName is the full name of a header as RFCs write it, from any spelling
// and from the compact form: "Content-Type" for "c" and for "content-type".
func HeaderName(name string) string {
	name = strings.ToLower(name)
	if full, ok := compactNames[name]; ok {
		return full
	}
	if odd, ok := oddNames[name]; ok {
		return odd
	}
	words := strings.Split(name, "-")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "-")
}

// Header is the value of one header line.
type Header string

// String is the value as text.
func (h Header) String() string { return string(h) }

// Part is a part of the value: `uri` and `name` (display name) of an address,
// `value` (what stands before the parameters), a parameter of the header, of a
// challenge or of credentials, or a header inside the URI (Refer-To), which is
// unescaped. Quotes are off. Names compare without case. A parameter without a
// value is "".
func (h Header) Part(name string) any {
	value, params := h.split()
	uri, display, isAddress := address(value)
	switch name {
	case "value":
		return value
	case "uri":
		if isAddress {
			return uri
		}
	case "name":
		if isAddress {
			return display
		}
	}
	if v, ok := parameter(params, name); ok {
		return v
	}
	if _, inner, ok := strings.Cut(uri, "?"); ok {
		if v, ok := parameter(strings.Split(inner, "&"), name); ok {
			if plain, err := url.PathUnescape(v); err == nil {
				return plain
			}
			return v
		}
	}
	return match.Absent{}
}

// split separates the value from its parameters: after ";", or after the scheme
// and separated by "," in a challenge.
func (h Header) split() (value string, params []string) {
	parts := splitOutside(string(h), ';')
	if len(parts) > 1 {
		return strings.TrimSpace(parts[0]), parts[1:]
	}
	scheme, rest, _ := strings.Cut(strings.TrimSpace(string(h)), " ")
	if strings.EqualFold(scheme, "Digest") {
		return scheme, splitOutside(rest, ',')
	}
	return strings.TrimSpace(string(h)), nil
}

// address takes a name-addr or addr-spec apart.
func address(value string) (uri, display string, ok bool) {
	if start := strings.LastIndexByte(value, '<'); start >= 0 {
		uri, _, ok = strings.Cut(value[start+1:], ">")
		return uri, unquote(strings.TrimSpace(value[:start])), ok
	}
	scheme, _, ok := strings.Cut(value, ":")
	return value, "", ok && scheme != "" && !strings.ContainsAny(scheme, " \"")
}

func parameter(params []string, name string) (string, bool) {
	for _, p := range params {
		key, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return unquote(strings.TrimSpace(value)), true
		}
	}
	return "", false
}

func unquote(text string) string {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	var b strings.Builder
	escaped := false
	for _, c := range text[1 : len(text)-1] {
		if c == '\\' && !escaped {
			escaped = true
			continue
		}
		escaped = false
		b.WriteRune(c)
	}
	return b.String()
}

// splitOutside splits at a separator that stands neither in quotes nor in <>.
func splitOutside(text string, separator byte) []string {
	var parts []string
	quoted, angle, start := false, false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == separator && !angle:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}
