package wire

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// errSyntax is all that is said about a fault inside a value: the peer knows
// what it sent, and a log must not repeat it.
var errSyntax = errors.New("malformed")

// parseURI reads an absolute URI. SIP and SIPS URIs are read as RFC 3261 section
// 19.1.1 says, parts left escaped; of all others only the scheme is read.
func parseURI(s string) (sip.Uri, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || !isScheme(scheme) || rest == "" || strings.ContainsAny(rest, " \t<>\"\\") || hasControl(rest) {
		return sip.Uri{}, errSyntax
	}
	scheme = strings.ToLower(scheme)
	if scheme != "sip" && scheme != "sips" {
		return opaqueURI(scheme, rest), nil
	}
	uri := sip.Uri{Scheme: scheme}
	err := parseSIPURI(rest, &uri)
	return uri, err
}

// opaqueURI keeps everything behind the scheme. sip.ParseUri is the only way to
// set the raw part, and it knows schemes of letters only.
func opaqueURI(scheme, rest string) sip.Uri {
	var uri sip.Uri
	if err := sip.ParseUri(scheme+":"+rest, &uri); err != nil {
		return sip.Uri{Scheme: scheme, Host: rest}
	}
	return uri
}

// isScheme matches ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ).
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || ('0' > s[i] || s[i] > '9') && strings.IndexByte("+-.", s[i]) < 0) {
			return false
		}
	}
	return s != ""
}

func parseSIPURI(s string, uri *sip.Uri) error {
	if user, rest, ok := strings.Cut(s, "@"); ok {
		uri.User, uri.Password, _ = strings.Cut(user, ":")
		if uri.User == "" {
			return errSyntax
		}
		s = rest
	}
	hostport, headers, hasHeaders := strings.Cut(s, "?")
	hostport, params, _ := strings.Cut(hostport, ";")
	host, port, ok := parseHostPort(hostport)
	if !ok {
		return errSyntax
	}
	uri.Host, uri.Port = host, port
	if err := parseURIParams(params, &uri.UriParams); err != nil {
		return err
	}
	if !hasHeaders {
		return nil
	}
	return parseURIHeaders(headers, &uri.Headers)
}

// parseHostPort reads host [":" port]; an IPv6 address keeps its brackets.
func parseHostPort(s string) (host string, port int, ok bool) {
	host, digits := s, ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, false
		}
		host, digits = s[:end+1], s[end+1:]
		addr, err := netip.ParseAddr(host[1:end])
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", 0, false
		}
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		host, digits = s[:i], s[i:]
	}
	if !strings.HasPrefix(host, "[") && !isHostname(host) {
		return "", 0, false
	}
	if digits == "" {
		return host, 0, true
	}
	n, ok := parseNumber(strings.TrimPrefix(digits, ":"), 65535)
	return host, int(n), ok && digits[0] == ':'
}

// isHostname is more tolerant than RFC 3261: "_" is in use in real names.
func isHostname(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return s != "" && s[0] != '-'
}

// parseURIParams reads name[=value] between semicolons. Empty ones are ignored:
// a trailing semicolon is common.
func parseURIParams(s string, out *sip.HeaderParams) error {
	for s != "" {
		var param string
		param, s, _ = strings.Cut(s, ";")
		if param == "" {
			continue
		}
		name, value, _ := strings.Cut(param, "=")
		if name == "" || len(*out) >= maxParams {
			return errSyntax
		}
		*out = append(*out, sip.HeaderKV{K: uriParamName(name), V: value})
	}
	return nil
}

// uriParamName writes the names that are understood in lower case and without
// escapes, so that they are found (RFC 3261 section 19.1.4).
func uriParamName(name string) string {
	if strings.IndexByte(name, '%') >= 0 {
		if plain := unescape(name); isToken(plain) {
			name = plain
		}
	}
	for _, known := range [...]string{"transport", "lr", "user", "method", "ttl", "maddr", "ob", "gr"} {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return name
}

// unescape resolves %HH. What is no escape stays.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0 {
			b.WriteByte(byte(hex(s[i+1])<<4 | hex(s[i+2])))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func parseURIHeaders(s string, out *sip.HeaderParams) error {
	for s != "" {
		var header string
		header, s, _ = strings.Cut(s, "&")
		name, value, ok := strings.Cut(header, "=")
		if name == "" || !ok || len(*out) >= maxParams {
			return errSyntax
		}
		*out = append(*out, sip.HeaderKV{K: name, V: value})
	}
	return nil
}
