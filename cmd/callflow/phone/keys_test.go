package phone

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	typed := "a1\n" + "tcarols\x7f@x\r" + "t\x1b" + "t\n" + "\x03"
	keys, quit := make(chan key, 20), make(chan struct{})
	var echoed strings.Builder
	readKeys(strings.NewReader(typed), keys, quit, func(text string) { echoed.WriteString(text) })
	close(keys)
	var got []string
	for k := range keys {
		got = append(got, fmt.Sprintf("%c%s", k.pressed, k.line))
	}
	if want := []string{"a", "1", "tcarol@x", "q"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if want := "transfer to: carols\b \b@x\r\n" + "transfer to: \r\n" + "transfer to: \r\n"; echoed.String() != want {
		t.Errorf("shown %q, want %q", echoed.String(), want)
	}
}

// A reader that nobody listens to any more ends.
func TestKeysQuit(*testing.T) {
	quit := make(chan struct{})
	close(quit)
	readKeys(strings.NewReader("1"), make(chan key), quit, func(string) {})
}

func TestMeter(t *testing.T) {
	var m meter
	for _, c := range []struct {
		peak int16
		want string
	}{{0, ".........."}, {32767, "##########"}, {-32768, "##########"}, {328, "##........"}, {3277, "######...."}} {
		m.WriteFrame([]int16{0, c.peak, 0})
		if got := m.show(); got != c.want {
			t.Errorf("peak %d: %s, want %s", c.peak, got, c.want)
		}
	}
	m.WriteFrame(nil)
	if got := m.show(); got != ".........." {
		t.Errorf("silence: %s", got)
	}
}

func TestTerminalKeepsItsLastLine(t *testing.T) {
	var out strings.Builder
	s := newScreen(&out, true)
	s.show("00:01")
	s.print("it rings\n")
	s.echo("transfer to: ")
	s.show("00:02") // not while the user types
	s.echo("c")
	s.echo("x")
	s.echo(rubOut)
	s.print("they pressed 1\n") // above what is typed
	s.echo("\r\n")
	s.show("00:03")
	want := clearLine + "00:01" + clearLine + "it rings\r\n00:01" + clearLine + "transfer to: cx" + rubOut +
		clearLine + "they pressed 1\r\ntransfer to: c" + "\r\n" + clearLine + "00:03"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
