package wire

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

const version = "SIP/2.0"

// startLine is a Request-Line or a Status-Line (RFC 3261 sections 7.1, 7.2).
type startLine struct {
	request bool
	method  string
	uri     sip.Uri
	code    int
	phrase  string
	late    fault // reported after all other checks: an unknown scheme is well-formed
}

// readStartLine reads what it can, so that a faulty request can be answered.
func readStartLine(line string) (s startLine, f fault) {
	if len(line) >= 4 && strings.EqualFold(line[:4], "SIP/") {
		return readStatusLine(line)
	}
	s.request = true
	method, rest, _ := strings.Cut(line, " ")
	s.method = method
	uri, ver := rest, ""
	if i := strings.LastIndexByte(rest, ' '); i >= 0 {
		uri, ver = rest[:i], rest[i+1:]
	}
	switch {
	case !isToken(method):
		return s, bad("malformed method")
	case len(uri) > maxURI:
		return s, fault{code: sip.StatusRequestURITooLong, reason: "Request-URI too long"}
	case !isVersion(ver):
		return s, bad("malformed Request-Line")
	case !strings.EqualFold(ver, version):
		return s, fault{code: sip.StatusVersionNotSupported, reason: "SIP version not supported"}
	}
	return readRequestURI(s, uri)
}

func readRequestURI(s startLine, uri string) (startLine, fault) {
	parsed, err := parseURI(uri)
	if err != nil || len(parsed.Headers) > 0 { // headers: RFC 3261 table 1
		return s, bad("malformed Request-URI")
	}
	s.uri = parsed
	if parsed.Scheme != "sip" && parsed.Scheme != "sips" {
		s.late = fault{code: unsupportedScheme, reason: "Request-URI scheme not supported"}
	}
	return s, fault{}
}

// unsupportedScheme is 416 of RFC 3261 section 21.4.14.
const unsupportedScheme = 416

func readStatusLine(line string) (s startLine, f fault) {
	ver, rest, _ := strings.Cut(line, " ")
	code, phrase, _ := strings.Cut(rest, " ")
	n, ok := parseNumber(code, 699)
	if !strings.EqualFold(ver, version) || !ok || len(code) != 3 || n < 100 {
		return s, bad("malformed Status-Line")
	}
	s.code, s.phrase = int(n), phrase
	return s, fault{}
}

// isVersion matches SIP/1*DIGIT.1*DIGIT.
func isVersion(s string) bool {
	if len(s) < 7 || !strings.EqualFold(s[:4], "SIP/") {
		return false
	}
	major, minor, ok := strings.Cut(s[4:], ".")
	return ok && isDigits(major) && isDigits(minor)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// parseNumber reads decimal digits up to a maximum; it cannot wrap around.
func parseNumber(s string, limit uint64) (uint64, bool) {
	if !isDigits(s) {
		return 0, false
	}
	var n uint64
	for i := range len(s) {
		n = n*10 + uint64(s[i]-'0')
		if n > limit {
			return 0, false
		}
	}
	return n, true
}
