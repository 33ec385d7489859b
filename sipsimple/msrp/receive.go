package msrp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// binding says how far a connection belongs to its session (RFC 4975 section 5.4).
type binding int

const (
	bound       binding = iota
	bindActive          // our empty SEND is out
	bindPassive         // waiting for the peer's first SEND
)

// maxStrangers is how many requests for other sessions a connection that is not bound may send (reliability C26).
const maxStrangers = 3

var (
	errEarly   = errors.New("request before the connection was bound")
	errStalled = errors.New("message does not get on")
)

// incoming is what the reader knows of the message it is in the middle of. It is a [FrameHandler].
type incoming struct {
	session   *Session
	framer    Framer
	isRequest bool
	code      int // of the response, 0: no response
	answered  bool
	handler   Handler // of the body; nil: thrown away
	chunk     Chunk
	piece     []byte
	next      int64 // position of the next octet
	tid       string
	respond   FailureReport
	toFirst   string // for the response
	fromFirst string
	fromKnown string // From-Path that has been compared
	strangers int
	report    *Report
	binds     bool
	deadline  time.Time
	progress  int // octets since the deadline was set
}

const (
	firstRead = 16 << 10  // octets the reader takes at once, until it sees that there is more
	lastRead  = 256 << 10 // octets it takes at once then
	pieceSize = 64 << 10  // octets of a body handed on at once
)

// read is the reader's goroutine.
func (s *Session) read() {
	buf := make([]byte, firstRead)
	for {
		n, err := s.conn.Read(buf)
		if n > 0 {
			begin := time.Now()
			if err := s.in.framer.Feed(buf[:n], &s.in); err != nil {
				s.abort(err)
				return
			}
			s.in.watch(n, begin)
		}
		if n == len(buf) && n < lastRead {
			buf = make([]byte, 4*n) // there is much of it
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = errStalled
			}
			s.abort(broken(err))
			return
		}
	}
}

// broken is what has happened to a connection, whether its reader or its writer has noticed it first.
func broken(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Addr != nil {
		return fmt.Errorf("connection to %s: %w", op.Addr, op.Err)
	}
	return err
}

// watch bounds the time that a message may take without getting on: a head has 30 s, each KiB of a body has.
// What the handler takes of it is not the peer's fault.
func (in *incoming) watch(n int, begin time.Time) {
	s := in.session
	switch {
	case in.framer.Idle():
		in.progress = 0
		if !in.deadline.IsZero() {
			in.deadline = time.Time{}
			_ = s.conn.SetReadDeadline(in.deadline)
		}
		return
	case in.framer.InBody():
		in.progress += n
	}
	now := time.Now()
	if now.Sub(begin) > time.Second {
		in.deadline = time.Time{}
	}
	if in.deadline.IsZero() || in.progress >= 1024 && in.deadline.Sub(now) < stallTimeout-time.Second {
		in.progress = 0
		in.deadline = now.Add(stallTimeout)
		_ = s.conn.SetReadDeadline(in.deadline)
	}
}

// Head judges a message.
func (in *incoming) Head(h *Head) error {
	s := in.session
	in.isRequest, in.code, in.answered, in.handler, in.report, in.binds = h.Method != nil, 0, false, nil, nil, false
	if !in.isRequest {
		s.answered(h)
		return nil
	}
	in.tid, in.respond = string(h.TransactionID), h.FailureReport
	if !s.waitPaths() || in.strangers == maxStrangers {
		in.isRequest = false // nobody's
		return nil
	}
	if h.Is("REPORT") {
		in.readReport(h)
		return nil
	}
	if err := in.address(h); err != nil {
		return err
	}
	in.code = in.judge(h)
	if in.code == 481 || in.code == 506 {
		return in.stranger()
	}
	if in.code != 200 || !h.Is("SEND") {
		return in.early(h)
	}
	return in.open(h)
}

// address notes where the response goes. Without a From-Path there is no way to answer.
func (in *incoming) address(h *Head) error {
	from, _, _ := strings.Cut(string(h.FromPath), " ")
	if from == "" {
		return errors.New("request without From-Path")
	}
	in.fromFirst = from
	in.toFirst, _, _ = strings.Cut(string(h.ToPath), " ")
	if in.toFirst == "" {
		in.toFirst = in.session.paths.from
	}
	return nil
}

// judge is the code that the head of a request deserves.
func (in *incoming) judge(h *Head) int {
	s := in.session
	if h.Problem != "" {
		return 400
	}
	if code := in.judgePaths(h); code != 200 {
		return code
	}
	switch {
	case !h.Is("SEND"):
		return 501
	case h.MessageID == nil:
		return 400
	case h.HasBody && h.ContentType == nil:
		return 415
	case h.HasBody && !Accepts(s.accept, string(h.ContentType)):
		return 415
	}
	return 200
}

// judgePaths compares session ids: ours in To-Path, unless it is that of another session of ours; the peer's, or for reports
// our relay's, in From-Path. A path that has been compared once is compared by octets.
func (in *incoming) judgePaths(h *Head) int {
	s := in.session
	if string(h.ToPath) != s.paths.from {
		to, err := ParsePath(string(h.ToPath))
		switch {
		case err != nil:
			return 400
		case len(to) == 1 && to[0].SessionID == s.paths.own().SessionID:
		case s.siblings.has(to[0].SessionID):
			return 506
		default:
			return 481
		}
	}
	if in.fromKnown != "" && string(h.FromPath) == in.fromKnown {
		return 200
	}
	from, err := ParsePath(string(h.FromPath))
	switch {
	case err != nil:
		return 400
	case !s.paths.fromPeer(from) && !(h.Is("REPORT") && s.paths.fromRelay(from[0])):
		return 481
	}
	in.fromKnown = string(h.FromPath)
	return 200
}

// stranger counts requests for other sessions.
func (in *incoming) stranger() error {
	if in.session.bindState() != bindPassive {
		return nil
	}
	in.strangers++
	return nil
}

// early refuses what may not come while we wait for the connection to be bound.
func (in *incoming) early(h *Head) error {
	if in.session.bindState() == bindActive && !h.Is("SEND") {
		return errEarly
	}
	return nil
}

// open takes a SEND whose head is right.
func (in *incoming) open(h *Head) error {
	s := in.session
	switch s.bindState() {
	case bindActive:
		if h.HasBody {
			return errEarly
		}
		return nil // both sides are active
	case bindPassive:
		in.binds = true
	}
	if !h.HasBody {
		return nil
	}
	if in.binds {
		in.bindNow() // the body goes to the handler
	}
	in.handler = s.waitRunning()
	in.next = h.Range.Start
	in.chunk = Chunk{
		MessageID: string(h.MessageID), ContentType: string(h.ContentType),
		Range:         ByteRange{Total: h.Range.Total},
		SuccessReport: h.SuccessReport, FailureReport: h.FailureReport, fromPath: in.fromKnown,
	}
	in.piece = in.piece[:0]
	return nil
}

// bindNow answers the SEND that bound the connection before its body is handed on.
func (in *incoming) bindNow() {
	in.binds = false
	in.session.setBound()
}

func (in *incoming) readReport(h *Head) {
	if h.Problem != "" || !h.HasStatus || h.Status.Namespace != 0 || h.MessageID == nil || in.judgePaths(h) != 200 {
		return
	}
	in.report = &Report{
		MessageID: string(h.MessageID), Range: h.Range, Code: h.Status.Code, Comment: string(h.Status.Text),
	}
}

// Body collects 64 KiB and hands them on; what comes in pieces of that size is not copied. A full piece waits for the
// next octet: it may be the last.
func (in *incoming) Body(b []byte) error {
	for in.handler != nil && len(b) > 0 {
		switch {
		case len(in.piece) == pieceSize:
			in.deliver(in.piece, 0, len(b) > pieceSize)
			in.piece = in.piece[:0]
		case len(in.piece) == 0 && len(b) > pieceSize:
			in.deliver(b[:pieceSize], 0, len(b) > 2*pieceSize)
			b = b[pieceSize:]
		default:
			n := min(len(b), pieceSize-len(in.piece))
			in.piece = append(in.piece, b[:n]...)
			b = b[n:]
		}
	}
	return nil
}

// deliver hands a piece to the handler. What is refused is answered at once: the sender may have much more of it. The
// reports go out behind the last of the pieces that are here: more says that another follows.
func (in *incoming) deliver(piece []byte, flag Continuation, more bool) {
	in.chunk.Data, in.chunk.Flag = piece, flag
	in.chunk.Range.Start, in.chunk.Range.End = in.next, in.next+int64(len(piece))-1
	in.session.holdReports()
	code := in.handler.ReceiveChunk(&in.chunk)
	if code != 200 {
		in.code, in.handler = code, nil
	}
	if code != 200 || flag != 0 {
		in.answer()
	}
	in.session.releaseReports(more)
	for i, f := range in.chunk.later {
		f()
		in.chunk.later[i] = nil
	}
	in.chunk.later = in.chunk.later[:0]
	in.next += int64(len(piece))
}

// End finishes a message.
func (in *incoming) End(flag Continuation) error {
	s := in.session
	if in.handler != nil {
		in.deliver(in.piece, flag, false)
		in.handler = nil
	}
	if in.report != nil {
		if h := s.waitRunning(); h != nil {
			h.ReceiveReport(*in.report)
		}
		return nil
	}
	if in.isRequest && in.code != 0 {
		in.answer()
	}
	switch {
	case in.binds:
		in.bindNow()
	case in.strangers == maxStrangers:
		s.Close() // properly, so that the responses arrive
	}
	s.awaitRoom()
	return nil
}

// answer sends the response that the Failure-Report header asks for, once.
func (in *incoming) answer() {
	if in.answered || in.respond == FailureNo || in.respond == FailurePartial && in.code == 200 {
		return
	}
	in.answered = true
	m := Message{TransactionID: in.tid, Code: in.code, Comment: Comment(in.code), ToPath: in.fromFirst, FromPath: in.toFirst}
	s := in.session
	s.mu.Lock()
	defer s.mu.Unlock()
	s.controlLocked(&m)
}

// awaitRoom waits while too much waits to be written: the peer does not read.
func (s *Session) awaitRoom() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.control) > maxControl && !s.dead {
		s.controlRoom.Wait()
	}
}

// waitPaths waits until the paths are known: a relay may forward before we know the peer's.
func (s *Session) waitPaths() bool {
	select {
	case <-s.pathsCh:
		return true
	case <-s.deadCh:
		return false
	}
}

// waitRunning is the handler, for whom the reader waits; nil when the session is over.
func (s *Session) waitRunning() Handler {
	select {
	case <-s.ready:
	case <-s.deadCh:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || s.dead {
		return nil
	}
	return s.handler
}
