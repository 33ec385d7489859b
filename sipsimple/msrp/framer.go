package msrp

import (
	"bytes"
	"fmt"
)

// Limits of what a peer may make a [Framer] hold.
const (
	maxLine   = 16 << 10 // octets of a line, without its CRLF
	maxHead   = 64 << 10 // octets of a head
	maxFields = 64       // header lines
	maxMark   = 2 + 7 + 32
)

// FrameHandler gets what a [Framer] finds. For each message: Head once, Body any number of times, End once. An error of
// a method stops the framer and is returned by Feed.
type FrameHandler interface {
	Head(*Head) error
	Body([]byte) error // the octets are valid only during the call
	End(Continuation) error
}

// Framer takes a stream of octets apart into messages (RFC 4975 sections 7 and 9). What it finds does not depend on how
// the octets were split between calls of Feed, except for the borders between calls of Body. The zero value is ready;
// it allocates nothing once it has seen its longest head.
//
// A message with a bad header is framed and has a Head.Problem; a stream that cannot be framed is an error.
type Framer struct {
	head      Head
	buf       []byte // the head so far
	lineStart int
	startEnd  int // end of the start line in buf, 0 before
	inBody    bool
	mark      []byte // CRLF ------- transaction id
	tail      []byte // what may turn out to be the beginning of the end-line
	skip      int    // octets of tail that are no part of the body
	window    []byte
	err       error
}

// Idle tells whether the framer is between two messages.
func (f *Framer) Idle() bool { return len(f.buf) == 0 }

// InBody tells whether the head of the current message is complete.
func (f *Framer) InBody() bool { return f.inBody }

// Feed takes the next octets. After an error it returns that error for ever; the connection is of no use then.
func (f *Framer) Feed(data []byte, h FrameHandler) error {
	for len(data) > 0 && f.err == nil {
		if f.inBody {
			data, f.err = f.feedBody(data, h)
		} else {
			data, f.err = f.feedHead(data, h)
		}
	}
	return f.err
}

// feedHead takes one line at most.
func (f *Framer) feedHead(data []byte, h FrameHandler) ([]byte, error) {
	i := bytes.IndexByte(data, '\n')
	piece := data
	if i >= 0 {
		piece = data[:i]
	}
	if len(f.buf)-f.lineStart+len(piece) > maxLine+1 || len(f.buf)+len(piece) > maxHead {
		return nil, fmt.Errorf("%w: head too long", ErrNotMSRP)
	}
	if i < 0 {
		f.buf = append(f.buf, data...)
		return nil, nil
	}
	f.buf = append(f.buf, data[:i+1]...)
	end := len(f.buf) - 2
	if end < f.lineStart || f.buf[end] != '\r' {
		return nil, fmt.Errorf("%w: line without CRLF", ErrNotMSRP)
	}
	begin := f.lineStart
	f.lineStart = len(f.buf)
	return data[i+1:], f.line(begin, end, h)
}

func (f *Framer) line(begin, end int, h FrameHandler) error {
	line := f.buf[begin:end]
	switch {
	case begin == 0:
		f.head.reset()
		if !f.head.parseStart(line) {
			return fmt.Errorf("%w: start line %.60q", ErrNotMSRP, line)
		}
		f.startEnd = end
		f.mark = append(append(f.mark[:0], "\r\n-------"...), f.head.TransactionID...)
		return nil
	case len(line) == 0:
		f.head.HasBody = true
		f.head.finish(f.buf, f.startEnd)
		f.inBody = true
		// An empty body may lack its CRLF: the one before counts for it.
		f.tail, f.skip = append(f.tail[:0], "\r\n"...), 2
		return h.Head(&f.head)
	case len(line) == len(f.mark)-1 && bytes.HasPrefix(line, f.mark[2:]) && isFlag(line[len(line)-1]):
		flag := Continuation(line[len(line)-1])
		f.head.finish(f.buf, f.startEnd)
		if err := h.Head(&f.head); err != nil {
			return err
		}
		return f.end(flag, h)
	}
	f.head.addLine(f.buf, begin, end)
	return nil
}

func (f *Framer) end(flag Continuation, h FrameHandler) error {
	f.buf, f.lineStart, f.startEnd = f.buf[:0], 0, 0
	f.inBody, f.tail, f.skip = false, f.tail[:0], 0
	return h.End(flag)
}

func isFlag(c byte) bool { return c == '$' || c == '+' || c == '#' }

// feedBody returns what follows the end-line, or nothing.
func (f *Framer) feedBody(data []byte, h FrameHandler) ([]byte, error) {
	if len(f.tail) > 0 {
		return f.feedTail(data, h)
	}
	for from := 0; ; {
		found := indexEndLine(data[from:], f.mark[2:])
		if found < 0 {
			return nil, f.keepTail(data, from, h)
		}
		i := from + found - 2 // its CRLF
		from += found + 1
		if i < 0 {
			continue
		}
		switch n, match := f.match(data[i:]); match {
		case whole:
			if err := f.emit(data[:i], h); err != nil {
				return nil, err
			}
			return data[i+n:], f.end(Continuation(data[i+n-3]), h)
		case begun:
			f.tail = append(f.tail, data[i:]...)
			return nil, f.emit(data[:i], h)
		}
	}
}

// keepTail holds back the last octets if they may be the beginning of the end-line.
func (f *Framer) keepTail(data []byte, from int, h FrameHandler) error {
	i := max(from, len(data)-len(f.mark)+1)
	for ; i < len(data); i++ {
		if data[i] == '\r' && bytes.HasPrefix(f.mark, data[i:]) {
			f.tail = append(f.tail, data[i:]...)
			break
		}
	}
	return f.emit(data[:i], h)
}

// feedTail decides what the octets held back are, with the help of the next ones.
func (f *Framer) feedTail(data []byte, h FrameHandler) ([]byte, error) {
	held := len(f.tail)
	f.window = append(append(f.window[:0], f.tail...), data[:min(len(data), maxMark+3)]...)
	f.tail = f.tail[:0]
	for i := range held {
		switch n, match := f.match(f.window[i:]); match {
		case whole:
			flag := Continuation(f.window[i+n-3])
			if err := f.emit(f.window[:i], h); err != nil {
				return nil, err
			}
			return data[i+n-held:], f.end(flag, h)
		case begun:
			f.tail = append(f.tail, f.window[i:]...)
			return nil, f.emit(f.window[:i], h)
		}
	}
	return data, f.emit(f.window[:held], h)
}

type matching int

const (
	other matching = iota
	begun          // all there is fits, more is needed
	whole
)

// match compares octets with the end-line and its CRLF, n octets in all.
func (f *Framer) match(b []byte) (n int, m matching) {
	size := len(f.mark)
	if len(b) <= size {
		if bytes.HasPrefix(f.mark, b) {
			return 0, begun
		}
		return 0, other
	}
	switch {
	case !bytes.HasPrefix(b, f.mark), !isFlag(b[size]),
		len(b) > size+1 && b[size+1] != '\r', len(b) > size+2 && b[size+2] != '\n':
		return 0, other
	case len(b) < size+3:
		return 0, begun
	}
	return size + 3, whole
}

func (f *Framer) emit(b []byte, h FrameHandler) error {
	if f.skip > 0 {
		n := min(f.skip, len(b))
		b, f.skip = b[n:], f.skip-n
	}
	if len(b) == 0 {
		return nil
	}
	return h.Body(b)
}
