package relay

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// transit is the message that a connection's reader is in the middle of. It is a msrp.FrameHandler.
type transit struct {
	conn    *conn
	target  *conn // nil: nothing is passed on
	message msrp.Message
	head    forwarded // of the chunk
	send    bool
	hasBody bool
	bytes   msrp.ByteRange
	piece   []byte
	reply   *msrp.Message // nil: none
}

var errNoReturn = errors.New("request without From-Path")

func status(code int) string { return fmt.Sprintf("000 %03d %s", code, msrp.Comment(code)) }

// Head decides what becomes of a message.
func (t *transit) Head(h *msrp.Head) error {
	t.target, t.reply, t.piece = nil, nil, t.piece[:0]
	if h.Method == nil {
		t.conn.answered(string(h.TransactionID), h.Code)
		return nil
	}
	from, _, _ := strings.Cut(string(h.FromPath), " ")
	to, rest, _ := strings.Cut(string(h.ToPath), " ")
	if from == "" {
		return errNoReturn
	}
	code := 200
	switch {
	case h.Problem != "":
		code = 400
	case h.Is("AUTH"):
		t.reply = t.conn.relay.auth(t.conn, h)
		return nil
	case h.Is("SEND"), h.Is("REPORT"):
		code = t.route(h, to, rest)
	default:
		code = 501
	}
	t.conn.relay.count(code == 200)
	failure := h.FailureReport
	if h.Is("REPORT") || failure == msrp.FailureNo || failure == msrp.FailurePartial && code == 200 {
		return nil
	}
	t.reply = &msrp.Message{
		TransactionID: string(h.TransactionID), Code: code, Comment: msrp.Comment(code), ToPath: from, FromPath: to,
	}
	return nil
}

func (r *Relay) count(forwarded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if forwarded {
		r.counts.Forwarded++
	} else {
		r.counts.Refused++
	}
}

// route finds the next hop and makes the message for it: our URI moves from the left of To-Path to the left of
// From-Path (RFC 4976 section 6.3).
func (t *transit) route(h *msrp.Head, to, rest string) int {
	ours, err := msrp.ParseURI(to)
	if err != nil {
		return 400
	}
	next, err := msrp.ParsePath(rest)
	if err != nil {
		return 400
	}
	r := t.conn.relay
	r.mu.Lock()
	p := r.paths[ours.SessionID]
	if p != nil && p.client != t.conn {
		from, _, _ := strings.Cut(string(h.FromPath), " ")
		r.hops[from] = t.conn // the way back
	}
	r.mu.Unlock()
	if p == nil || !time.Now().Before(p.expires) {
		return 481
	}
	t.target = p.client
	if p.client == t.conn {
		if t.target, err = r.hop(next[0]); err != nil {
			return 408
		}
	}
	t.send, t.hasBody, t.bytes = h.Is("SEND"), h.HasBody, h.Range
	t.message = msrp.Message{Method: string(h.Method), ToPath: rest, FromPath: to + " " + string(h.FromPath)}
	for name, value := range h.Fields {
		switch text := string(name); {
		case strings.EqualFold(text, "To-Path"), strings.EqualFold(text, "From-Path"), strings.EqualFold(text, "Byte-Range"):
		default:
			t.message.Fields = append(t.message.Fields, msrp.Field{Name: text, Value: string(value)})
		}
	}
	t.head = forwarded{
		origin: t.conn, relay: r, toPath: string(h.FromPath), fromPath: to, messageID: string(h.MessageID),
		failure: h.FailureReport.String(),
	}
	return 200
}

// Body passes on what makes 64 KiB.
func (t *transit) Body(b []byte) error {
	for t.target != nil && len(b) > 0 {
		if len(t.piece) == pieceSize {
			t.pass(msrp.More)
		}
		n := min(len(b), pieceSize-len(t.piece))
		t.piece = append(t.piece, b[:n]...)
		b = b[n:]
	}
	return nil
}

// End passes on the rest and answers.
func (t *transit) End(flag msrp.Continuation) error {
	if t.reply != nil {
		t.conn.put(t.reply, false)
	}
	if t.target != nil {
		t.pass(flag)
	}
	return nil
}

// pass sends a piece as a chunk of its own.
func (t *transit) pass(flag msrp.Continuation) {
	m := t.message
	m.TransactionID, m.Flag = t.conn.relay.ids.New(), flag
	bytes := t.bytes
	if t.hasBody {
		m.Body = append([]byte{}, t.piece...)
		bytes.End = bytes.Start + int64(len(t.piece)) - 1
		t.bytes.Start += int64(len(t.piece))
		t.piece = t.piece[:0]
	}
	m.Fields = append([]msrp.Field{{Name: "Byte-Range", Value: bytes.String()}}, m.Fields...)
	if t.send && t.head.failure != "no" {
		f := t.head
		f.bytes = bytes
		t.target.expect(m.TransactionID, &f)
	}
	t.target.put(&m, true)
}
