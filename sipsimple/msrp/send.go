package msrp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"time"
)

// writeSize is how much of a body is read and written at once. With the head of a chunk it fits in one packet of the
// loopback interface: what needs a second one for its last octets costs a third of the throughput.
const writeSize = 56 << 10

// interruptible is the size above which a chunk must be interruptible (RFC 4975 section 5.1).
const interruptible = 2048

// outgoing is a message under way. Failed and over are guarded by the session's lock, the rest is the writer's.
type outgoing struct {
	Outgoing
	sent   int64        // octets of the body
	chunk  *transaction // open; its id is that of the chunk
	carry  []byte       // end of what was written, to find an end-line across pieces
	failed bool         // nothing more of it is sent
	over   bool         // and the peer knows
}

// Send queues a message and returns its Message-ID. What becomes of it is told to the handler. After the end of the
// session it is thrown away.
func (s *Session) Send(o Outgoing) string {
	if o.ID == "" {
		o.ID = s.ids.New()
	}
	if o.Body == nil {
		o.Body, o.Size = bytes.NewReader(o.Data), int64(len(o.Data))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dead && !s.closing {
		s.queue = append(s.queue, &outgoing{Outgoing: o})
		s.wakeLocked()
	}
	return o.ID
}

// Cancel gives a message up: it ends with "#" if some of it is sent, else it is forgotten. Nothing is told.
func (s *Session) Cancel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.queue {
		m.failed = m.failed || m.ID == id
	}
	if m := s.current; m != nil && m.ID == id {
		m.failed = true
		m.closeBody()
	}
	s.wakeLocked()
}

// closeBody wakes the writer up if it waits for more of the body.
func (m *outgoing) closeBody() {
	if closer, ok := m.Body.(io.Closer); ok {
		go func() { _ = closer.Close() }()
	}
}

// turn is what the writer does next.
type turn struct {
	interrupt *outgoing    // end its chunk first, or the whole of it
	flag      Continuation // … with this
	control   []byte
	ends      []int
	message   *outgoing // then a piece of this one
	last      bool      // nothing is left and the session is closing
}

// write is the writer's goroutine.
func (s *Session) write() {
	var buf, spare []byte
	for {
		t, ok := s.nextTurn(spare)
		if !ok {
			return
		}
		if t.last {
			s.halfClose()
			return
		}
		if t.interrupt != nil {
			buf = s.interrupt(buf[:0], t.interrupt, t.flag)
			if !s.put(buf) {
				return
			}
		}
		if !s.putControl(t) {
			return
		}
		spare = t.control[:0]
		if t.message == nil {
			continue
		}
		var complete bool
		buf, complete = s.piece(buf[:0], t.message)
		if !s.put(buf) {
			return
		}
		if complete {
			s.sent(t.message)
		}
	}
}

// nextTurn waits for something to write.
func (s *Session) nextTurn(spare []byte) (turn, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.dead {
		if t, ok := s.turnLocked(spare); ok {
			return t, true
		}
		s.mu.Unlock()
		select {
		case <-s.wake:
		case <-s.deadCh:
		}
		s.mu.Lock()
	}
	return turn{}, false
}

// turnLocked decides: the chunk in progress is ended if it is given up or somebody waits; responses and reports go
// first; then a piece of a message.
func (s *Session) turnLocked(spare []byte) (turn, bool) {
	t := turn{control: s.control, ends: s.controlEnds}
	s.chooseLocked(&t)
	if m := s.current; m != nil && (m.chunk != nil && t.interrupt == nil || s.pending < maxPending || s.closing) {
		t.message = m
	}
	if t.message == nil && t.interrupt == nil && len(t.control) == 0 {
		t.last = s.closing && s.current == nil && !s.holding
		return t, t.last
	}
	s.control, s.controlEnds = spare, nil
	s.controlRoom.Broadcast()
	return t, true
}

// chooseLocked sets the current message and what has to happen to the one before.
func (s *Session) chooseLocked(t *turn) {
	if m := s.current; m != nil {
		others := m.Bulk && len(s.queue) > 0
		switch {
		case s.givenUpLocked(m):
			s.current = nil
			t.abandon(m)
		case others:
			t.flag, s.current = More, nil
			s.queue = append(s.queue, m)
		case len(t.control) > 0:
			t.flag = More
		}
		if m.chunk != nil && t.flag != 0 {
			t.interrupt = m
		}
	}
	for s.current == nil && t.interrupt == nil && len(s.queue) > 0 && s.bind == bound {
		m := s.queue[0]
		s.queue[0] = nil
		s.queue = s.queue[1:]
		if s.givenUpLocked(m) {
			t.abandon(m)
		} else {
			s.current = m
		}
	}
}

// givenUpLocked tells whether the rest of a message is not sent.
func (s *Session) givenUpLocked(m *outgoing) bool { return m.failed || s.closing && m.Bulk }

// abandon has the end of a message told that is not sent as a whole, unless the peer knows.
func (t *turn) abandon(m *outgoing) {
	t.flag = Aborted
	if m.chunk != nil || m.sent > 0 && !m.over {
		t.interrupt = m
	}
}

// interrupt ends the chunk of a message; the end of the message itself takes an empty one if none is open.
func (s *Session) interrupt(b []byte, m *outgoing, flag Continuation) []byte {
	if m.chunk == nil {
		b = s.beginChunk(b, m)
	}
	return s.endChunk(b, m, flag)
}

// putControl writes the small messages, each by itself: a write may be a packet, and how many wait at a moment is chance.
// The system's TCP joins what it likes; it gets all at once.
func (s *Session) putControl(t turn) bool {
	if _, ok := s.conn.(*net.TCPConn); ok {
		return s.put(t.control)
	}
	begin := 0
	for _, end := range t.ends {
		if !s.put(t.control[begin:end]) {
			return false
		}
		begin = end
	}
	return true
}

// put writes; a peer that takes nothing for 30 s is cut off.
func (s *Session) put(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	s.mu.Lock()
	if !s.closing {
		_ = s.conn.SetWriteDeadline(time.Now().Add(stallTimeout))
	}
	s.mu.Unlock()
	if _, err := s.conn.Write(b); err != nil {
		s.abort(broken(err))
		return false
	}
	return true
}

// halfClose lets the peer read to the end before the connection goes.
func (s *Session) halfClose() {
	if half, ok := s.conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		timer := time.AfterFunc(lingerTimeout, func() { s.abort(nil) })
		<-s.deadCh
		timer.Stop()
		return
	}
	s.abort(nil)
}

// piece appends the next piece of a message at most, with the head and the end of the chunk where they belong. It tells
// whether that was the last of it.
func (s *Session) piece(b []byte, m *outgoing) ([]byte, bool) {
	if m.chunk == nil {
		b = s.beginChunk(b, m)
	}
	if m.Size == 0 {
		return s.endChunk(b, m, Complete), true
	}
	begin := len(b)
	want := int64(writeSize)
	if m.Size != Unknown {
		want = min(want, m.Size-m.sent)
	}
	b = slices.Grow(b, int(want)+len(m.ID)+512)[:begin+int(want)]
	n, err := io.ReadFull(m.Body, b[begin:])
	b = b[:begin+n]
	m.sent += int64(n)
	b = s.avoidEndLine(b, begin, m)
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case m.sent == m.Size, m.Size == Unknown && ended:
		return s.endChunk(b, m, Complete), true
	case err != nil:
		s.failMessage(m, 400, "reading the body: "+err.Error())
		return s.endChunk(b, m, Aborted), true
	}
	return b, false
}

// beginChunk appends a head. The position is that after what was sent.
func (s *Session) beginChunk(b []byte, m *outgoing) []byte {
	t := &transaction{id: s.ids.New(), message: m, partial: m.FailureReport == FailurePartial}
	m.chunk, m.carry = t, m.carry[:0]
	if m.FailureReport != FailureNo {
		s.mu.Lock()
		s.awaitLocked(t)
		s.mu.Unlock()
	}
	r := ByteRange{m.sent + 1, Unknown, m.Size}
	if m.Size != Unknown && m.Size <= interruptible {
		r.End = m.Size
	}
	b = append(append(append(b, "MSRP "...), t.id...), " SEND\r\n"...)
	b = appendField(b, "To-Path", s.paths.to)
	b = appendField(b, "From-Path", s.paths.from)
	b = appendField(b, "Message-ID", m.ID)
	b = append(r.Append(append(b, "Byte-Range: "...)), "\r\n"...)
	if m.SuccessReport {
		b = appendField(b, "Success-Report", "yes")
	}
	if m.FailureReport != FailureYes || m.SuccessReport {
		b = appendField(b, "Failure-Report", m.FailureReport.String())
	}
	if m.Size == 0 && m.ContentType == "" {
		return b
	}
	return append(appendField(b, "Content-Type", m.ContentType), "\r\n"...)
}

// endChunk appends the end-line; from now on the response has 30 s.
func (s *Session) endChunk(b []byte, m *outgoing, flag Continuation) []byte {
	if m.Size != 0 || m.ContentType != "" {
		b = append(b, "\r\n"...)
	}
	b = appendEnd(b, m.chunk.id, flag)
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.FailureReport != FailureNo {
		s.armLocked(m.chunk)
	}
	m.chunk = nil
	return b
}

// avoidEndLine ends the chunk before what looks like its end-line, however unlikely that is (RFC 4975 section 7.1), and
// goes on in another.
func (s *Session) avoidEndLine(b []byte, begin int, m *outgoing) []byte {
	mark := []byte("-------" + m.chunk.id)
	body := b[begin:]
	window := append(m.carry, body[:min(len(body), len(mark))]...)
	at := indexEndLine(body, mark)
	if i := bytes.Index(window, mark); i >= 0 {
		at = max(0, i-len(m.carry))
	}
	if at < 0 {
		tail := body[max(0, len(body)-len(mark)):]
		m.carry = append(m.carry[:0], tail...)
		return b
	}
	rest := bytes.Clone(body[at:])
	m.sent -= int64(len(rest))
	b = s.endChunk(b[:begin+at], m, More)
	b = s.beginChunk(b, m)
	begin = len(b)
	m.sent += int64(len(rest))
	return s.avoidEndLine(append(b, rest...), begin, m)
}

// sent is the end of a message.
func (s *Session) sent(m *outgoing) {
	s.mu.Lock()
	if s.current == m {
		s.current = nil
	}
	tell := !m.failed && !s.closing
	s.mu.Unlock()
	if h := s.running(); tell && h != nil {
		h.MessageSent(m.ID)
	}
}
