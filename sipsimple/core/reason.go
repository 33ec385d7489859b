package core

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// reasonText is the text of the Reason headers of a message (RFC 3326): that
// of protocol SIP if there is one, else the first. "" without any.
func reasonText(msg sip.Message) string {
	first := ""
	for h := range wire.Fields(msg, "reason") {
		for _, value := range splitQuoted(h.Value(), ',') {
			parts := splitQuoted(value, ';')
			text := parameter(parts[1:], "text")
			if text == "" {
				continue
			}
			if strings.EqualFold(strings.TrimSpace(parts[0]), "SIP") {
				return text
			}
			if first == "" {
				first = text
			}
		}
	}
	return first
}

// reasonHeader is the Reason header of a BYE, CANCEL or final response.
func reasonHeader(cause int, text string) sip.Header {
	value := "SIP"
	if cause != 0 {
		value += ";cause=" + strconv.Itoa(cause)
	}
	if text != "" {
		value += `;text="` + escapeQuoted(text) + `"`
	}
	return sip.NewHeader("Reason", value)
}

// ReasonHeader makes the Reason header that goes with Invitation.Reject, such
// as SIP;cause=500;text="media stream failed to start" (RFC 3326).
func ReasonHeader(cause int, text string) sip.Header { return reasonHeader(cause, text) }

// parameter is the value of a header parameter, unquoted; "" without one.
func parameter(params []string, name string) string {
	for _, p := range params {
		key, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return unquote(strings.TrimSpace(value))
		}
	}
	return ""
}

// unquote takes the quotes and backslashes off a quoted-string.
func unquote(text string) string {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	text = text[1 : len(text)-1]
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// splitQuoted cuts text at each separator outside quotes. There is always at
// least one part.
func splitQuoted(text string, separator byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == separator && !quoted:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}
