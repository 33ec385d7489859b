package msrp

import (
	"fmt"
	"strconv"
)

// Field is one header to write.
type Field struct{ Name, Value string }

// Message is a whole message to write: for relays, scripted peers and tests. Sessions write theirs piece by piece.
type Message struct {
	TransactionID string
	Method        string // of a request
	Code          int    // of a response, when Method is empty
	Comment       string
	ToPath        string
	FromPath      string
	Fields        []Field // the others, Content-Type last
	Body          []byte  // nil: none, not even the empty line
	Flag          Continuation
}

// Append writes the message behind b. Nothing is checked: what is to be malformed can be.
func (m *Message) Append(b []byte) []byte {
	b = m.appendStart(b)
	b = appendField(b, "To-Path", m.ToPath)
	b = appendField(b, "From-Path", m.FromPath)
	for _, f := range m.Fields {
		b = appendField(b, f.Name, f.Value)
	}
	if m.Body != nil {
		b = append(append(append(b, "\r\n"...), m.Body...), "\r\n"...)
	}
	return appendEnd(b, m.TransactionID, m.Flag)
}

func (m *Message) appendStart(b []byte) []byte {
	b = append(append(append(b, "MSRP "...), m.TransactionID...), ' ')
	if m.Method != "" {
		b = append(b, m.Method...)
	} else {
		b = strconv.AppendInt(b, int64(m.Code), 10)
		if m.Comment != "" {
			b = append(append(b, ' '), m.Comment...)
		}
	}
	return append(b, "\r\n"...)
}

func appendField(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	return append(append(b, value...), "\r\n"...)
}

func appendEnd(b []byte, tid string, flag Continuation) []byte {
	if flag == 0 {
		flag = Complete
	}
	b = append(append(b, "-------"...), tid...)
	return append(b, byte(flag), '\r', '\n')
}

// Append writes the value of a Byte-Range header.
func (r ByteRange) Append(b []byte) []byte {
	b = append(strconv.AppendInt(b, r.Start, 10), '-')
	b = append(appendCount(b, r.End), '/')
	return appendCount(b, r.Total)
}

// String is the value of a Byte-Range header.
func (r ByteRange) String() string { return string(r.Append(nil)) }

func appendCount(b []byte, n int64) []byte {
	if n == Unknown {
		return append(b, '*')
	}
	return strconv.AppendInt(b, n, 10)
}

// comments are the words for the codes of RFC 4975 section 10 and RFC 4976 section 7.
var comments = map[int]string{
	200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 408: "Request Timeout",
	413: "Stop Sending", 415: "Unsupported Media Type", 423: "Interval Out Of Bounds", 481: "No Such Session",
	501: "Unknown Method", 506: "Wrong Connection",
}

// Comment is the phrase that goes with a code, "" for an unknown one.
func Comment(code int) string { return comments[code] }

// Error is a code that a peer or a relay has answered a request with.
type Error struct {
	Method  string
	Code    int
	Comment string
}

// Error names request and answer.
func (e *Error) Error() string {
	comment := e.Comment
	if comment == "" {
		comment = Comment(e.Code)
	}
	return fmt.Sprintf("%s was answered %d %s", e.Method, e.Code, comment)
}

// Timeout tells whether there was no answer.
func (e *Error) Timeout() bool { return e.Code == 408 }
