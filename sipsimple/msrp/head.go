package msrp

import (
	"bytes"
	"errors"
	"math"
)

// Continuation is the flag of an end-line (RFC 4975 section 7.1).
type Continuation byte

// The flags.
const (
	Complete Continuation = '$' // the chunk ends the message
	More     Continuation = '+' // more chunks follow
	Aborted  Continuation = '#' // the sender has given the message up
)

// FailureReport is the value of the Failure-Report header: which responses the sender of a request wants.
type FailureReport byte

// The values; absent means yes.
const (
	FailureYes     FailureReport = iota // a response to everything
	FailureNo                           // no response at all
	FailurePartial                      // only a response other than 200
)

// String is the value as it is written.
func (f FailureReport) String() string {
	switch f {
	case FailureNo:
		return "no"
	case FailurePartial:
		return "partial"
	}
	return "yes"
}

// Unknown stands for "*" in a [ByteRange].
const Unknown = -1

// ByteRange is which octets of a message a chunk has, counted from 1 (RFC 4975 section 7.1.1). End and Total may be
// [Unknown]. An empty message has 1-0/0.
type ByteRange struct{ Start, End, Total int64 }

// Status is the value of the Status header of a REPORT.
type Status struct {
	Namespace int // 0
	Code      int
	Text      []byte
}

// Head is the start line and the headers of a message. It and all it points at are valid only while the call that got
// it runs.
type Head struct {
	TransactionID []byte
	Method        []byte // nil in a response
	Code          int    // of a response
	Comment       []byte // of a response

	ToPath, FromPath []byte // as written, nil if absent
	MessageID        []byte
	Range            ByteRange // 1-*/* if absent
	HasRange         bool
	SuccessReport    bool
	FailureReport    FailureReport
	Status           Status
	HasStatus        bool
	ContentType      []byte
	HasBody          bool // the empty line is there

	// Problem says that the message is malformed, and how; it is framed all the same. A request with a problem deserves
	// 400.
	Problem string

	fields []field
	seen   uint
}

// field is a header line. The offsets are needed because the buffer moves while it grows.
type field struct {
	name, value       []byte
	begin, colon, end int
}

// Fields calls yield for all headers, in order, until it returns false.
func (h *Head) Fields(yield func(name, value []byte) bool) {
	for i := range h.fields {
		if !yield(h.fields[i].name, h.fields[i].value) {
			return
		}
	}
}

// Field is the value of the first header with the name, nil without one.
func (h *Head) Field(name string) []byte {
	for i := range h.fields {
		if equalFold(h.fields[i].name, name) {
			return h.fields[i].value
		}
	}
	return nil
}

// Is tells whether the message is a request with the method.
func (h *Head) Is(method string) bool { return string(h.Method) == method }

func (h *Head) reset() {
	fields := h.fields[:0]
	*h = Head{fields: fields, Range: ByteRange{1, Unknown, Unknown}}
}

func (h *Head) problem(text string) {
	if h.Problem == "" {
		h.Problem = text
	}
}

// ErrNotMSRP closes a connection: what comes in cannot be framed.
var ErrNotMSRP = errors.New("not MSRP")

// parseStart reads "MSRP tid METHOD" and "MSRP tid 200 comment" (RFC 4975 section 9).
func (h *Head) parseStart(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("MSRP "))
	if !ok {
		return false
	}
	tid, rest, ok := bytes.Cut(rest, []byte(" "))
	if !ok || !isIdent(tid) || len(rest) == 0 {
		return false
	}
	h.TransactionID = tid
	if rest[0] < '0' || rest[0] > '9' {
		h.Method = rest
		return isMethod(rest)
	}
	code, comment, _ := bytes.Cut(rest, []byte(" "))
	n, ok := number(code)
	h.Code, h.Comment = int(n), comment
	return ok && len(code) == 3 && n >= 100 && n <= 999
}

// isIdent: ident = ALPHANUM 3*31ident-char.
func isIdent(b []byte) bool {
	if len(b) < 4 || len(b) > 32 || !isAlphanum(b[0]) {
		return false
	}
	for _, c := range b {
		if !isAlphanum(c) && bytes.IndexByte([]byte(".-+%="), c) < 0 {
			return false
		}
	}
	return true
}

func isAlphanum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// isMethod takes any token: which methods there are is for those who answer.
func isMethod(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 127 {
			return false
		}
	}
	return true
}

// number reads decimal digits, at most those of an int64.
func number(b []byte) (int64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		digit := int64(c) - '0'
		if digit < 0 || digit > 9 || n > (math.MaxInt64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, true
}

func equalFold(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i := range b {
		x, y := b[i], name[i]
		if x != y && (x|0x20 != y|0x20 || !isAlphanum(x)) {
			return false
		}
	}
	return true
}
