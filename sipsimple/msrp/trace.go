package msrp

import (
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// TraceEntry is octets of a session as they leave us or have reached us, without
// TLS.
type TraceEntry struct {
	At            time.Time
	Sent          bool
	Secure        bool // they go over TLS
	Local, Remote net.Addr
	Data          []byte // valid only during the call
}

// TraceConn shows what goes over a connection, to trace, from the goroutines that
// read and write.
func TraceConn(conn net.Conn, trace func(TraceEntry)) net.Conn {
	_, secure := conn.(*tls.Conn)
	return &tracedConn{Conn: conn, trace: trace, secure: secure}
}

// tracedConn shows what goes over a connection.
type tracedConn struct {
	net.Conn
	trace  func(TraceEntry)
	secure bool
}

func (c *tracedConn) show(sent bool, data []byte) {
	c.trace(TraceEntry{time.Now(), sent, c.secure, c.LocalAddr(), c.RemoteAddr(), data})
}

// Read implements [net.Conn].
func (c *tracedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.show(false, b[:n])
	}
	return n, err
}

// Write implements [net.Conn].
func (c *tracedConn) Write(b []byte) (int, error) {
	c.show(true, b)
	return c.Conn.Write(b)
}

// NetConn is the connection itself.
func (c *tracedConn) NetConn() net.Conn { return c.Conn }

// CloseWrite closes one direction, if the connection can.
func (c *tracedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Tracer makes texts of what goes over a session in one direction, a message
// each. The zero value is ready once Emit is set; it is for one goroutine.
type Tracer struct {
	Emit func(message []byte) // keeps nothing

	framer  Framer
	text    []byte
	tid     []byte
	hidden  bool // the body is none that people read
	hasBody bool
	kept    int
}

// What a text has of a message.
const (
	mostTraced = 64 << 10
	hiddenBody = "<<<stripped data>>>"
	secret     = "<left out>"
)

// Feed takes the next octets. What is no MSRP any more is not shown.
func (t *Tracer) Feed(data []byte) { _ = t.framer.Feed(data, t) }

// Head implements [FrameHandler].
func (t *Tracer) Head(h *Head) error {
	t.tid, t.hasBody, t.kept = append(t.tid[:0], h.TransactionID...), h.HasBody, 0
	m := Message{TransactionID: string(h.TransactionID), Method: string(h.Method), Code: h.Code, Comment: string(h.Comment)}
	t.text = m.appendStart(t.text[:0])
	for name, value := range h.Fields {
		if equalFold(name, "Authorization") { // who reads along could guess the password
			value = []byte(secret)
		}
		t.text = appendField(t.text, string(name), string(value))
	}
	t.hidden = h.ContentType == nil || !Accepts([]string{"text/*", "message/*", "application/im-iscomposing+xml"}, string(h.ContentType))
	if h.HasBody {
		t.text = append(t.text, "\r\n"...)
	}
	return nil
}

// Body implements [FrameHandler].
func (t *Tracer) Body(b []byte) error {
	room := mostTraced - t.kept
	t.kept += len(b)
	switch {
	case !t.hidden && room > 0:
		t.text = append(t.text, b[:min(len(b), room)]...)
	case t.hidden && t.kept == len(b):
		t.text = append(t.text, hiddenBody...)
	}
	return nil
}

// End implements [FrameHandler].
func (t *Tracer) End(flag Continuation) error {
	if !t.hidden && t.kept > mostTraced {
		t.text = append(t.text, hiddenBody...)
	}
	if t.hasBody {
		t.text = append(t.text, "\r\n"...)
	}
	t.text = appendEnd(t.text, string(t.tid), flag)
	t.Emit(t.text)
	return nil
}
