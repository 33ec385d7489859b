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
}

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
	_, _ = io.WriteString(s.out, clearLine+status)
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
		_, _ = io.WriteString(s.out, clearLine)
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
	_, _ = io.WriteString(s.out, text)
}
