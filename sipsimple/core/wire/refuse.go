package wire

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// refusal is the verdict on a message with a fault. An answer is written from
// the fields as they came, since they may not be readable; it needs a Via, for
// there the client transaction is named.
func (p *parser) refusal(raw []field) Result {
	res := Result{Verdict: Drop, Reason: p.fault.reason, Close: p.fault.close}
	if !p.start.request || !isToken(p.start.method) || p.start.method == string(sip.ACK) || first(raw, kindVia) == "" {
		return res
	}
	res.Verdict, res.Code, res.Answer = Refuse, p.fault.code, p.answer(raw)
	return res
}

// first is the first field of a kind.
func first(raw []field, k kind) string {
	for _, f := range raw {
		if f.kind == k {
			return f.value
		}
	}
	return ""
}

// answer writes the response (RFC 3261 section 8.2.6).
func (p *parser) answer(raw []field) []byte {
	var b bytes.Buffer
	b.WriteString(version + " " + strconv.Itoa(p.fault.code) + " " + refusalPhrase(p.fault.code) + "\r\n")
	top := true
	for _, f := range raw {
		if f.kind != kindVia {
			continue
		}
		value := f.value
		if top {
			value = p.topVia(value)
		}
		top = false
		writeField(&b, "Via", value)
	}
	for _, k := range [...]kind{kindFrom, kindTo, kindCallID, kindCSeq} {
		if value := first(raw, k); value != "" {
			if k == kindTo {
				value = tagged(value, raw)
			}
			writeField(&b, fieldName[k], value)
		}
	}
	if p.server != "" {
		writeField(&b, "Server", p.server)
	}
	writeField(&b, "Warning", `399 ua "`+p.fault.reason+`"`)
	b.WriteString("Content-Length: 0\r\n\r\n")
	return b.Bytes()
}

var fieldName = [kindCount]string{kindFrom: "From", kindTo: "To", kindCallID: "Call-ID", kindCSeq: "CSeq"}

// topVia is the first Via field with received and rport in its first value, if
// that can be read.
func (p *parser) topVia(value string) string {
	first, rest, more := cutValue(value)
	via := new(sip.ViaHeader)
	if parseVia(trim(first), via) != nil {
		return value
	}
	p.via = via
	p.addSource()
	if more {
		return via.Value() + "," + rest
	}
	return via.Value()
}

// tagged gives To the tag that every copy of this answer has.
func tagged(to string, raw []field) string {
	if a, err := parseAddress(to, nil); err == nil {
		if a.params.Has("tag") {
			return to
		}
	} else if strings.Contains(strings.ToLower(to), "tag") {
		return to
	}
	return to + ";tag=" + tagOf(first(raw, kindVia), first(raw, kindCallID), first(raw, kindCSeq))
}

// writeField writes a field; control characters of the peer go no further.
func writeField(b *bytes.Buffer, name, value string) {
	b.WriteString(name + ": ")
	for i := range len(value) {
		c := value[i]
		if (c < ' ' && c != '\t') || c == 0x7f {
			c = ' '
		}
		b.WriteByte(c)
	}
	b.WriteString("\r\n")
}

func refusalPhrase(code int) string {
	switch code {
	case sip.StatusRequestURITooLong:
		return "Request-URI Too Long"
	case unsupportedScheme:
		return "Unsupported URI Scheme"
	case sip.StatusVersionNotSupported:
		return "Version Not Supported"
	case sip.StatusMessageTooLarge:
		return "Message Too Large"
	}
	return "Bad Request"
}
