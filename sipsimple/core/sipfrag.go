package core

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// notification is what a NOTIFY says.
type notification struct {
	state      string // in lower case
	terminated bool
	reason     string
	retryAfter time.Duration // 0 when it does not say
	expires    time.Duration // 0 when it does not say
	code       int           // status line of the body; 0 without one
	phrase     string
}

// notificationOf reads a NOTIFY. It must have a Subscription-State (RFC 6665
// section 8.2.3); a body that is no sipfrag is ignored.
func notificationOf(req *sip.Request) (notification, bool) {
	parts := splitQuoted(headerText(req, "subscription-state"), ';')
	state := strings.ToLower(strings.TrimSpace(parts[0]))
	if state == "" {
		return notification{}, false
	}
	n := notification{state: state, terminated: state == "terminated", reason: strings.ToLower(parameter(parts[1:], "reason"))}
	if seconds, err := strconv.ParseUint(parameter(parts[1:], "retry-after"), 10, 31); err == nil {
		n.retryAfter = time.Duration(seconds) * time.Second
	}
	if seconds, err := strconv.ParseUint(parameter(parts[1:], "expires"), 10, 31); err == nil {
		n.expires = time.Duration(seconds) * time.Second
	}
	if mediaType(req) == "message/sipfrag" {
		n.code, n.phrase = statusLine(string(req.Body()))
	}
	return n, true
}

// statusLine reads the first line of a sipfrag (RFC 3420), 0 if it is no
// status line.
func statusLine(text string) (code int, phrase string) {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	rest, ok := strings.CutPrefix(strings.TrimRight(line, "\r "), "SIP/2.0 ")
	if !ok || len(rest) < 3 {
		return 0, ""
	}
	code, err := strconv.Atoi(rest[:3])
	if err != nil || code < 100 || code > 699 || (len(rest) > 3 && rest[3] != ' ') {
		return 0, ""
	}
	return code, strings.TrimSpace(rest[3:])
}

// eventOf is the event package of a SUBSCRIBE or NOTIFY and its id parameter,
// 0 without one.
func eventOf(req *sip.Request) (name string, id uint32) {
	parts := splitQuoted(headerText(req, "event"), ';')
	number, _ := strconv.ParseUint(parameter(parts[1:], "id"), 10, 32)
	return strings.ToLower(strings.TrimSpace(parts[0])), uint32(number)
}

// replacesHeader is the header part of a Refer-To that makes the target's call
// replace dialog id, named as we see it. Nothing if a tag is unknown.
func replacesHeader(id DialogID) sip.HeaderParams {
	if id.CallID == "" || id.LocalTag == "" || id.RemoteTag == "" {
		return nil
	}
	// The target's own tag is our remote one.
	r := Replaces{Dialog: DialogID{CallID: id.CallID, LocalTag: id.RemoteTag, RemoteTag: id.LocalTag}}
	return sip.HeaderParams{{K: "Replaces", V: escapeHeader(r.String())}}
}

// replacesIn is the value of the Replaces header in a URI, unescaped; "" if it
// has none.
func replacesIn(uri sip.Uri) string {
	for _, h := range uri.Headers {
		if strings.EqualFold(h.K, "replaces") {
			if text, err := url.PathUnescape(h.V); err == nil {
				return text
			}
		}
	}
	return ""
}

// escapeHeader escapes what may not stand in a URI header value (RFC 3261
// section 25.1: hvalue).
func escapeHeader(text string) string {
	const plain = "-_.!~*'()[]/?:+$"
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte(plain, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)>>4, 16)+strconv.FormatUint(uint64(c)&15, 16)))
		}
	}
	return b.String()
}
