package phone

import (
	"bufio"
	"io"
	"strings"
)

// key is what the user has pressed, or typed.
type key struct {
	pressed byte
	line    string // of a key that asks for one
}

// Keys of a terminal in raw mode.
const (
	interrupt = 3 // Ctrl-C
	endOfFile = 4 // Ctrl-D
	backspace = 8
	escape    = 27
	erase     = 127
)

// readKeys sends keys until the reader ends. It calls echo with what is typed of
// a line.
func readKeys(r io.Reader, keys chan<- key, quit <-chan struct{}, echo func(string)) {
	in := bufio.NewReader(r)
	for {
		pressed, err := in.ReadByte()
		if err != nil {
			return
		}
		k := key{pressed: pressed}
		switch pressed {
		case '\n', '\r', ' ':
			continue
		case interrupt, endOfFile:
			k.pressed = 'q'
		case 't':
			echo("transfer to: ")
			var ok bool
			if k.line, ok = readLine(in, echo); !ok {
				continue
			}
		}
		select {
		case keys <- k:
		case <-quit:
			return
		}
	}
}

// readLine reads what is typed as far as Enter; false when the user thinks
// better of it.
func readLine(in *bufio.Reader, echo func(string)) (string, bool) {
	var line []byte
	for {
		c, err := in.ReadByte()
		switch {
		case err != nil, c == interrupt, c == escape:
			echo("\r\n")
			return "", false
		case c == '\r', c == '\n':
			echo("\r\n")
			text := strings.TrimSpace(string(line))
			return text, text != ""
		case c == backspace || c == erase:
			if len(line) > 0 {
				line = line[:len(line)-1]
				echo(rubOut)
			}
		case c >= ' ':
			line = append(line, c)
			echo(string(rune(c)))
		}
	}
}
