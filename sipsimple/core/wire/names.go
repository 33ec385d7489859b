package wire

import "strings"

// kind tells how a header field is read. Everything that is not listed is kept
// as text.
type kind uint8

const (
	kindText kind = iota
	kindVia
	kindFrom
	kindTo
	kindCallID
	kindCSeq
	kindMaxForwards
	kindContentLength
	kindContentType
	kindContact
	kindRoute
	kindRecordRoute
	kindAddress // one address, kept as text so that nothing of it is lost
	kindExpires
	kindCount
)

type name struct {
	canonical string
	kind      kind
}

// names holds the names that are understood or have a compact form, in lower
// case (RFC 3261 section 7.3.3, and the IANA registry for the later ones).
var names = map[string]name{
	"via": {"Via", kindVia}, "v": {"Via", kindVia},
	"from": {"From", kindFrom}, "f": {"From", kindFrom},
	"to": {"To", kindTo}, "t": {"To", kindTo},
	"call-id": {"Call-ID", kindCallID}, "i": {"Call-ID", kindCallID},
	"cseq":           {"CSeq", kindCSeq},
	"max-forwards":   {"Max-Forwards", kindMaxForwards},
	"content-length": {"Content-Length", kindContentLength}, "l": {"Content-Length", kindContentLength},
	"content-type": {"Content-Type", kindContentType}, "c": {"Content-Type", kindContentType},
	"contact": {"Contact", kindContact}, "m": {"Contact", kindContact},
	"route":        {"Route", kindRoute},
	"record-route": {"Record-Route", kindRecordRoute},
	"refer-to":     {"Refer-To", kindAddress}, "r": {"Refer-To", kindAddress},
	"referred-by": {"Referred-By", kindAddress}, "b": {"Referred-By", kindAddress},
	"expires": {"Expires", kindExpires},

	"accept": text("Accept"), "accept-encoding": text("Accept-Encoding"), "accept-language": text("Accept-Language"),
	"a": text("Accept-Contact"), "accept-contact": text("Accept-Contact"), "alert-info": text("Alert-Info"),
	"allow": text("Allow"), "u": text("Allow-Events"), "allow-events": text("Allow-Events"),
	"authorization": text("Authorization"), "content-disposition": text("Content-Disposition"),
	"e": text("Content-Encoding"), "content-encoding": text("Content-Encoding"), "date": text("Date"),
	"o": text("Event"), "event": text("Event"), "n": text("Identity-Info"), "y": text("Identity"),
	"min-se": text("Min-SE"), "proxy-authenticate": text("Proxy-Authenticate"),
	"proxy-authorization": text("Proxy-Authorization"), "proxy-require": text("Proxy-Require"), "rack": text("RAck"),
	"reason": text("Reason"), "j": text("Reject-Contact"), "reject-contact": text("Reject-Contact"),
	"replaces": text("Replaces"), "d": text("Request-Disposition"), "require": text("Require"),
	"retry-after": text("Retry-After"), "rseq": text("RSeq"), "server": text("Server"),
	"x": text("Session-Expires"), "session-expires": text("Session-Expires"), "s": text("Subject"),
	"subject": text("Subject"), "subscription-state": text("Subscription-State"), "k": text("Supported"),
	"supported": text("Supported"), "timestamp": text("Timestamp"), "unsupported": text("Unsupported"),
	"user-agent": text("User-Agent"), "warning": text("Warning"), "www-authenticate": text("WWW-Authenticate"),
}

func text(canonical string) name { return name{canonical, kindText} }

// canonicalName is the long name in its usual spelling and how to read the
// field; a name that is not known is returned as it came.
func canonicalName(s string) (string, kind) {
	if n, ok := names[s]; ok {
		return n.canonical, n.kind
	}
	var buf [24]byte
	if len(s) > len(buf) {
		return s, kindText
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	if n, ok := names[string(buf[:len(s)])]; ok {
		return n.canonical, n.kind
	}
	return s, kindText
}

// isToken reports whether s is a token of RFC 3261 section 25.1.
func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenChar(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenChar(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("-.!%*_+`'~", c) >= 0
}
