package wire

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// ErrUnsafe tells that a message could not be sent because a header field of
// it, or its start line, contains a line end.
var ErrUnsafe = errors.New("line end inside a header field")

// Marshal writes a message as octets. Content-Length is set to the length of
// the body (RFC 3261 section 18.3). Nothing that a user or a peer has typed can
// add a header field: a line end inside one is an error that matches ErrUnsafe.
func Marshal(msg sip.Message) ([]byte, error) {
	if h := msg.ContentLength(); h == nil || int(*h) != len(msg.Body()) {
		msg.SetBody(msg.Body())
	}
	b := drafts.Get().(*bytes.Buffer)
	defer drafts.Put(b)
	b.Reset()
	msg.StringWrite(b)
	data := b.Bytes()
	if err := checkLines(data[:len(data)-len(msg.Body())], len(headers(msg))); err != nil {
		return nil, err
	}
	return bytes.Clone(data), nil // no larger than needed: transactions keep it
}

// drafts are where messages are written.
var drafts = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// headers are the header fields. sip.Message does not tell, its two
// implementations do.
func headers(msg sip.Message) []sip.Header {
	if m, ok := msg.(interface{ Headers() []sip.Header }); ok {
		return m.Headers()
	}
	return nil
}

// Fields are the header fields of that name, case ignored. Unlike GetHeaders of
// the message it needs no memory.
func Fields(msg sip.Message, name string) iter.Seq[sip.Header] {
	return func(yield func(sip.Header) bool) {
		for _, h := range headers(msg) {
			if strings.EqualFold(h.Name(), name) && !yield(h) {
				return
			}
		}
	}
}

// First is the first header field of that name, case ignored; nil without one.
func First(msg sip.Message, name string) sip.Header {
	for h := range Fields(msg, name) {
		return h
	}
	return nil
}

// checkLines compares the number of lines with the number of header fields.
func checkLines(head []byte, fields int) error {
	lines := bytes.Count(head, []byte("\r\n"))
	if lines != fields+2 || bytes.Count(head, []byte("\n")) != lines || bytes.Count(head, []byte("\r")) != lines {
		start, _, _ := bytes.Cut(head, []byte("\r\n"))
		return fmt.Errorf("%.40q: %w", start, ErrUnsafe)
	}
	return nil
}
