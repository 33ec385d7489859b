package cpim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Identity is who a message is from or to: a URI with a name to show.
type Identity struct {
	DisplayName string
	URI         string // such as sip:alice@example.test
}

var errIdentity = errors.New("identity without <URI>")

// ParseIdentity reads: Display Name <sip:user@host>. The name may be quoted.
func ParseIdentity(text string) (Identity, error) {
	text = strings.TrimSpace(text)
	open := strings.LastIndexByte(text, '<')
	if open < 0 || !strings.HasSuffix(text, ">") || open+2 >= len(text) {
		return Identity{}, errIdentity
	}
	uri := text[open+1 : len(text)-1]
	if strings.ContainsAny(uri, " \t\x00") || !strings.Contains(uri, ":") {
		return Identity{}, errIdentity
	}
	name := unescape(strings.TrimSpace(text[:open]))
	if n := len(name); n >= 2 && name[0] == '"' && name[n-1] == '"' {
		name = name[1 : n-1]
	}
	return Identity{name, uri}, nil
}

// String writes the identity.
func (id Identity) String() string {
	if id.DisplayName == "" {
		return "<" + id.URI + ">"
	}
	return escape(id.DisplayName) + " <" + id.URI + ">"
}

// Same tells whether user and host are equal; port, scheme, parameters and name do not matter.
func (id Identity) Same(other Identity) bool {
	user, host := id.split()
	otherUser, otherHost := other.split()
	return user == otherUser && strings.EqualFold(host, otherHost)
}

func (id Identity) split() (user, host string) {
	_, rest, _ := strings.Cut(id.URI, ":")
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, ";")
	user, host, ok := strings.Cut(rest, "@")
	if !ok {
		user, host = "", rest
	}
	user, _, _ = strings.Cut(user, ":") // a password
	if end := strings.LastIndexByte(host, ']'); end >= 0 {
		return user, host[:end+1]
	}
	host, _, _ = strings.Cut(host, ":")
	return user, host
}

// FieldValue is how observers of notifications see an identity.
func (id Identity) FieldValue() any { return id.String() }

// escape writes control characters and the backslash so that they pass (RFC 3862 section 2.3.1).
func escape(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unescape reverses escape, and reads the other escapes of the RFC.
func unescape(text string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '\\')
		if at < 0 || at+1 >= len(text) {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at])
		c := text[at+1]
		text = text[at+2:]
		switch c {
		case 'b':
			b.WriteByte('\b')
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'u':
			n, err := strconv.ParseUint(text[:min(4, len(text))], 16, 16)
			if err != nil || len(text) < 4 {
				b.WriteString(`\u`)
				continue
			}
			b.WriteRune(rune(n))
			text = text[4:]
		default:
			b.WriteByte(c)
		}
	}
}
