package phone

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// screen prints lines, and on a terminal a last line that changes.
type screen struct {
	out      io.Writer
	terminal bool
	start    time.Time

	mu     sync.Mutex
	status string // the last line
	typing bool   // the user types there
	typed  string // what it shows then
	text   []byte // room for a line
	held   bool   // what is written waits
	due    bool   // and flush will be called
	waits  []byte
	wrote  time.Time // when something that waited was last written
}

// pace is how long a busy phone gathers what it writes: every write may wake whoever
// reads, and nobody reads a thousand lines a second.
const pace = 10 * time.Millisecond

func newScreen(out io.Writer, terminal bool) *screen {
	if out == nil {
		out = io.Discard
	}
	return &screen{out: out, terminal: terminal, start: time.Now()}
}

const clearLine = "\r\x1b[K"

// rubOut takes the last character back.
const rubOut = "\b \b"

// line prints what has happened, with the time since the start.
func (s *screen) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = fmt.Appendf(s.text[:0], "%8.3f  ", time.Since(s.start).Seconds())
	s.text = append(fmt.Appendf(s.text, format, args...), '\n')
	s.printLocked(s.text)
}

// print prints lines above the status.
func (s *screen) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.printLocked([]byte(text))
}

func (s *screen) printLocked(text []byte) {
	if s.terminal {
		text = []byte(clearLine + strings.ReplaceAll(string(text), "\n", "\r\n") + s.status + s.typed)
	}
	s.writeLocked(text)
}

// hold lets what is written wait until release.
func (s *screen) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = true
}

// release writes what waits, now, or a little after what was written last.
func (s *screen) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waits) == 0 {
		s.held = false
	} else if rest := pace - time.Since(s.wrote); rest <= 0 {
		s.flushLocked()
	} else if !s.due {
		s.due = true
		time.AfterFunc(rest, s.flush)
	}
}

// flush writes what waits.
func (s *screen) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushLocked()
}

func (s *screen) flushLocked() {
	s.held, s.due = false, false
	if len(s.waits) > 0 {
		s.wrote = time.Now()
		s.writeLocked(s.waits)
		s.waits = s.waits[:0]
	}
}

func (s *screen) writeLocked(text []byte) {
	if s.held {
		s.waits = append(s.waits, text...)
		return
	}
	_, _ = s.out.Write(text) // nobody reads: nothing to be done
}

// show replaces the status.
func (s *screen) show(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.terminal || s.typing || status == s.status {
		return
	}
	s.status = status
	s.writeLocked([]byte(clearLine + status))
}

// echo shows what is typed in place of the status. The end of a line gives the
// place back.
func (s *screen) echo(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.terminal {
		return
	}
	if !s.typing {
		s.writeLocked([]byte(clearLine))
	}
	s.status = ""
	switch s.typing = text != "\r\n"; {
	case !s.typing:
		s.typed = ""
	case text == rubOut:
		s.typed = s.typed[:max(0, len(s.typed)-1)]
	default:
		s.typed += text
	}
	s.writeLocked([]byte(text))
}
