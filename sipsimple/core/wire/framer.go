package wire

import (
	"bytes"
	"strings"
)

// framer cuts a stream into messages by Content-Length (RFC 3261 section 18.3).
// It holds at most one message and what was read with it. Each octet is looked
// at once, however small the pieces are in which it comes.
type framer struct {
	buf      []byte
	searched int // octets of buf in which the end of the head has been searched
	need     int // length of the message at the start of buf, 0 while unknown
	lineEnds int // CRLFs since the last message
}

// frameEvent is what the framer found.
type frameEvent int

const (
	frameNone    frameEvent = iota // more octets are needed
	frameMessage                   // one message
	framePing                      // a keep-alive that wants an answer (RFC 5626 section 3.5.1)
	frameLost                      // a message, and the end of it is not known
)

const readSize = 4096

// space is where to read to.
func (f *framer) space() []byte {
	if cap(f.buf)-len(f.buf) < readSize/2 {
		grown := make([]byte, len(f.buf), max(2*cap(f.buf), readSize))
		copy(grown, f.buf)
		f.buf = grown
	}
	return f.buf[len(f.buf):cap(f.buf)]
}

// filled tells how much was read.
func (f *framer) filled(n int) { f.buf = f.buf[:len(f.buf)+n] }

// partial reports whether a message has begun to arrive.
func (f *framer) partial() bool { return len(f.buf) > 0 }

// next is the next message. The data is the caller's to keep.
func (f *framer) next() ([]byte, frameEvent) {
	if f.need == 0 {
		if ping := f.skipLineEnds(); ping {
			return nil, framePing
		}
		if event := f.measure(); event != frameMessage {
			if event == frameLost {
				return f.take(min(len(f.buf), MaxMessage)), event
			}
			return nil, event
		}
	}
	if len(f.buf) < f.need {
		return nil, frameNone
	}
	return f.take(f.need), frameMessage
}

// measure finds the end of the header fields and with it that of the message.
func (f *framer) measure() frameEvent {
	if len(f.buf) == 0 || len(f.buf) == 1 && f.buf[0] == '\r' {
		return frameNone
	}
	if !isTokenChar(f.buf[0]) {
		return frameLost // no start line begins so
	}
	head := headEnd(f.buf, f.searched)
	switch {
	case head < 0 && len(f.buf) > MaxMessage:
		return frameLost
	case head < 0:
		f.searched = len(f.buf)
		return frameNone
	}
	length := contentLength(f.buf[:head])
	if head+length > MaxMessage {
		return frameLost
	}
	f.need = head + length
	return frameMessage
}

// take cuts the message off and leaves the buffer small.
func (f *framer) take(n int) []byte {
	data := bytes.Clone(f.buf[:n])
	rest := f.buf[n:]
	if len(rest) == 0 && cap(f.buf) > 4*readSize {
		f.buf = nil
	} else {
		f.buf = f.buf[:copy(f.buf, rest)]
	}
	f.searched, f.need, f.lineEnds = 0, 0, 0
	return data
}

// skipLineEnds drops line ends between messages. Two of them are a ping.
func (f *framer) skipLineEnds() (ping bool) {
	n := 0
	for n+1 < len(f.buf) && f.buf[n] == '\r' && f.buf[n+1] == '\n' {
		n += 2
		f.lineEnds++
	}
	if n > 0 {
		f.buf = f.buf[:copy(f.buf, f.buf[n:])]
	}
	if f.lineEnds >= 2 {
		f.lineEnds = 0
		return true
	}
	return false
}

// contentLength is the first Content-Length in a head, 0 if there is none or it
// is malformed; the guard complains then.
func contentLength(head []byte) int {
	for len(head) > 0 {
		line, rest := cutLine(head)
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && isContentLength(bytes.TrimRight(name, " \t")) {
			for len(rest) > 0 && isLWS(rest[0]) { // folded
				line, rest = cutLine(rest)
				value = append(append(value[:len(value):len(value)], ' '), line...)
			}
			if n, ok := parseNumber(strings.Trim(string(value), " \t\r\n"), 1<<30); ok {
				return int(n)
			}
			return 0
		}
		head = rest
	}
	return 0
}

func cutLine(data []byte) (line, rest []byte) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return data[:i], data[i+1:]
	}
	return data, nil
}

func isContentLength(name []byte) bool {
	switch len(name) {
	case 1:
		return name[0]|0x20 == 'l'
	case len("content-length"):
		return bytes.EqualFold(name, []byte("content-length"))
	}
	return false
}
