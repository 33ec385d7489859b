package wire

import (
	"bytes"
	"net/netip"

	"github.com/emiago/sipgo/sip"
)

// Verdict is what the guard decides about some octets.
type Verdict int

const (
	Accept    Verdict = iota // Result.Msg is a valid message
	Refuse                   // a request to be answered with Result.Answer and forgotten
	Drop                     // neither message nor answer
	KeepAlive                // nothing but line ends (RFC 5626 section 3.5)
)

// String is the name in lower case.
func (v Verdict) String() string { return [...]string{"accept", "refuse", "drop", "keep-alive"}[v] }

// Result is the guard's verdict with its reasons.
type Result struct {
	Verdict Verdict
	Msg     sip.Message // of Accept
	Answer  []byte      // of Refuse: the response, for the source of the request
	Code    int         // of Refuse: its status
	Reason  string      // of Refuse and Drop: what is wrong; a constant, safe to log
	Close   bool        // the rest of the stream cannot be read: close it after the answer
}

// fault is what is wrong with a message. The zero value means nothing.
type fault struct {
	code   int
	reason string
	close  bool // the end of the message is unknown
}

func bad(reason string) fault { return fault{code: sip.StatusBadRequest, reason: reason} }

// Inspect judges one datagram or one message cut from a stream. It is a pure
// function of its arguments; it never panics and its time is linear in the
// length of the data, which it does not keep.
//
// The order of the checks is: limits and shape, start line, number of header
// fields, mandatory ones, CSeq and Content-Length, the grammar of Via, From,
// To, Contact, Route and Record-Route, scheme of the Request-URI. The first
// fault decides. A faulty request is answered if it has a Via and is no ACK; a
// faulty response is dropped.
func Inspect(data []byte, stream bool, source netip.AddrPort) Result {
	p := parser{stream: stream, source: source}
	return p.inspect(data)
}

// inspect is Inspect for a message that may have a fault already.
func (p *parser) inspect(data []byte) Result {
	data = skipLineEnds(data)
	if len(data) == 0 || isPing(data, p.stream) {
		return Result{Verdict: KeepAlive}
	}
	if len(data) > MaxMessage {
		p.fail(fault{sip.StatusMessageTooLarge, "message too large", p.stream})
		data = data[:MaxMessage]
	}
	var space [16]field
	raw := p.read(data, space[:0])
	if p.fault.code != 0 {
		return p.refusal(raw)
	}
	p.addSource()
	if len(p.body) > 0 {
		p.msg.SetBody(bytes.Clone(p.body))
	}
	return Result{Verdict: Accept, Msg: p.msg}
}

// skipLineEnds drops the CRLFs before a start line (RFC 3261 section 7.5).
func skipLineEnds(data []byte) []byte {
	for len(data) > 0 && (data[0] == '\r' || data[0] == '\n') {
		data = data[1:]
	}
	return data
}

// isPing recognises the keep-alive datagrams that are no line ends: some phones
// send a few NULs or one printable octet.
func isPing(data []byte, stream bool) bool { return !stream && len(data) <= 4 }
