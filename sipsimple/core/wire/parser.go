package wire

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// field is one header field as it came, unfolded, its name in full.
type field struct {
	name  string
	value string
	kind  kind
}

// parser reads one message. It goes on after a fault, so that there is enough
// for an answer; the first fault is the one that counts. The header fields as
// they came are not in it, so that they can be on the stack.
type parser struct {
	stream bool
	source netip.AddrPort
	proxy  bool   // Config.Proxy
	server string // Config.Server
	fault  fault
	start  startLine
	count  [kindCount]int
	length int // Content-Length, -1 without
	body   []byte
	values int // of list fields
	msg    message
	common *common
	via    *sip.ViaHeader // top one
}

func (p *parser) fail(f fault) {
	if p.fault.code == 0 {
		p.fault = f
	}
}

// message is a *sip.Request or a *sip.Response.
type message interface {
	sip.Message
	AppendHeader(sip.Header)
}

// common are the header fields that nearly every message has once, in one piece
// of memory. One that is repeated costs the message, the top Via apart.
type common struct {
	via           sip.ViaHeader // the top one
	from          sip.FromHeader
	to            sip.ToHeader
	callID        sip.CallIDHeader
	cseq          sip.CSeqHeader
	maxForwards   sip.MaxForwardsHeader
	contentLength sip.ContentLengthHeader
	params        [4]sip.HeaderKV // branch and one more of Via, the tags of From and To
}

// read takes a message apart. It returns raw with the header fields.
func (p *parser) read(data []byte, raw []field) []field {
	head := headEnd(data, 0)
	if head < 0 {
		p.fail(bad("no empty line after the header fields"))
		head = len(data)
	}
	raw = p.readHead(string(data[:head]), raw)
	p.checkFields()
	p.readBody(data[head:], raw)
	p.common = new(common)
	if p.start.request {
		p.msg = sip.NewRequest(sip.RequestMethod(p.start.method), p.start.uri)
	} else {
		p.msg = sip.NewResponse(p.start.code, p.start.phrase)
	}
	for _, f := range raw {
		p.readField(f)
	}
	if p.start.late.code != 0 {
		p.fail(p.start.late)
	}
	return raw
}

// readHead reads the start line and cuts the header fields.
func (p *parser) readHead(head string, raw []field) []field {
	lines := lineReader{rest: head}
	first, _ := lines.next()
	var f fault
	p.start, f = readStartLine(first)
	if f.code == 0 && hasControl(first) {
		f = bad("control character in the start line")
	}
	if f.code != 0 {
		p.fail(f)
	}
	for {
		line, ok := lines.next()
		if !ok || line == "" {
			break
		}
		raw = p.readLine(line, raw)
	}
	if lines.bare {
		p.fail(bad("line without CRLF"))
	}
	return raw
}

func (p *parser) readLine(line string, raw []field) []field {
	switch {
	case len(raw) >= maxFields:
		p.fail(bad("too many header fields"))
		return raw
	case len(line) > maxLine:
		p.fail(bad("header field too long"))
		return raw
	case hasControl(line):
		p.fail(bad("control character in a header field"))
	}
	colon := strings.IndexByte(line, ':')
	if colon < 0 {
		p.fail(bad("header field without colon"))
		return raw
	}
	short := trimRight(line[:colon])
	if !isToken(short) {
		p.fail(bad("malformed header field name"))
		return raw
	}
	name, kind := canonicalName(short)
	p.count[kind]++
	return append(raw, field{name, trim(line[colon+1:]), kind})
}

// checkFields counts: RFC 3261 sections 8.1.1 and 20 (table 2), and section
// 8.1.3.3 for the single Via of a response.
func (p *parser) checkFields() {
	for _, k := range [...]kind{kindFrom, kindTo, kindCallID, kindCSeq} {
		if p.count[k] == 0 {
			p.fail(bad("mandatory header field missing"))
		}
	}
	for _, k := range [...]kind{
		kindFrom, kindTo, kindCallID, kindCSeq, kindMaxForwards, kindContentLength, kindContentType, kindExpires,
	} {
		if p.count[k] > 1 {
			p.fail(fault{sip.StatusBadRequest, "header field repeated", p.stream && k == kindContentLength})
		}
	}
	if p.count[kindVia] == 0 {
		p.fail(bad("no Via"))
	}
}

// readBody compares Content-Length with what came (RFC 3261 section 18.3): more
// than that is not part of the message.
func (p *parser) readBody(rest []byte, raw []field) {
	p.length = -1
	for _, f := range raw {
		if f.kind != kindContentLength {
			continue
		}
		n, ok := parseNumber(f.value, MaxMessage)
		if !ok && isDigits(f.value) {
			p.fail(fault{sip.StatusMessageTooLarge, "message too large", p.stream})
			return
		}
		if !ok {
			p.fail(fault{sip.StatusBadRequest, "malformed Content-Length", p.stream})
			return
		}
		p.length = int(n)
	}
	switch {
	case p.length > len(rest):
		p.fail(fault{sip.StatusBadRequest, "body shorter than Content-Length", p.stream})
	case p.length >= 0:
		p.body = rest[:p.length]
	case p.stream && len(raw) > 0:
		p.fail(fault{sip.StatusBadRequest, "no Content-Length", true})
	default:
		p.body = rest
	}
}

// readField reads the value of one header field.
func (p *parser) readField(f field) {
	var err error
	switch f.kind {
	case kindVia, kindContact, kindRoute, kindRecordRoute:
		err = p.readList(f)
	case kindFrom, kindTo, kindAddress:
		err = p.readAddress(f)
	case kindCallID:
		err = p.readCallID(f.value)
	case kindCSeq:
		err = p.readCSeq(f.value)
	case kindMaxForwards:
		n, ok := parseNumber(f.value, 255) // RFC 3261 section 20.22
		if !ok {
			err = errSyntax
		}
		p.common.maxForwards = sip.MaxForwardsHeader(n)
		p.add(&p.common.maxForwards)
	case kindContentLength:
		p.common.contentLength = sip.ContentLengthHeader(max(p.length, 0))
		p.add(&p.common.contentLength)
	case kindContentType:
		err = p.readContentType(f.value)
	case kindExpires:
		// A date, as in RFC 2543, is left to the user; a number that overflows is not.
		if _, ok := parseNumber(f.value, 1<<32-1); !ok && isDigits(f.value) {
			err = errSyntax
		}
		p.add(sip.NewHeader(f.name, f.value))
	default:
		p.add(sip.NewHeader(f.name, f.value))
	}
	if err != nil {
		p.fail(bad(malformed[f.kind]))
	}
}

// malformed holds the reasons, which go to the log and the answer.
var malformed = [kindCount]string{
	kindVia: "malformed Via", kindFrom: "malformed From", kindTo: "malformed To", kindCallID: "malformed Call-ID",
	kindCSeq: "malformed CSeq", kindMaxForwards: "malformed Max-Forwards", kindContentType: "malformed Content-Type",
	kindContact: "malformed Contact", kindRoute: "malformed Route", kindRecordRoute: "malformed Record-Route",
	kindAddress: "malformed Refer-To or Referred-By", kindExpires: "malformed Expires",
}

func (p *parser) add(h sip.Header) { p.msg.AppendHeader(h) }

func (p *parser) readCallID(value string) error {
	if value == "" || strings.ContainsAny(value, " \t") {
		return errSyntax
	}
	p.common.callID = sip.CallIDHeader(value)
	p.add(&p.common.callID)
	return nil
}

// readCSeq: RFC 3261 section 8.1.1.5 wants a number below 2**31, and the method
// of the request, letter for letter.
func (p *parser) readCSeq(value string) error {
	i := strings.IndexAny(value, " \t")
	if i < 0 {
		return errSyntax
	}
	n, ok := parseNumber(value[:i], 1<<31-1)
	method := trimLeft(value[i:])
	if !ok || !isToken(method) {
		return errSyntax
	}
	if p.start.request && method != p.start.method {
		p.fail(bad("CSeq method differs from the request"))
	}
	p.common.cseq = sip.CSeqHeader{SeqNo: uint32(n), MethodName: sip.RequestMethod(method)}
	p.add(&p.common.cseq)
	return nil
}

// readContentType wants type "/" subtype; white space goes, parameters stay.
func (p *parser) readContentType(value string) error {
	media, params, _ := strings.Cut(value, ";")
	typ, subtype, ok := strings.Cut(media, "/")
	typ, subtype = trim(typ), trim(subtype)
	if !ok || !isToken(typ) || !isToken(subtype) {
		return errSyntax
	}
	h := sip.ContentTypeHeader(value)
	if strings.ContainsAny(value, " \t") || strings.HasSuffix(value, ";") {
		if params = trim(params); params != "" {
			params = ";" + params
		}
		h = sip.ContentTypeHeader(typ + "/" + subtype + params)
	}
	p.add(&h)
	return nil
}

// addSource notes in the top Via where a request really came from: received
// if it differs from sent-by or rport was asked for (RFC 3261 section 18.2.1,
// RFC 3581 section 4). What the peer wrote into them does not count.
func (p *parser) addSource() {
	if !p.start.request || !p.source.IsValid() {
		return
	}
	params := &p.via.Params
	rport := params.Has("rport")
	params.Remove("received")
	if rport {
		params.Add("rport", strconv.Itoa(int(p.source.Port())))
	}
	from := p.source.Addr().Unmap()
	sentBy, err := netip.ParseAddr(strings.Trim(p.via.Host, "[]"))
	if rport || err != nil || sentBy.Unmap() != from {
		params.Add("received", from.String())
	}
}
