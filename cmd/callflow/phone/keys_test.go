package phone

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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

// writes counts what is written at a time.
type writes []string

func (w *writes) Write(text []byte) (int, error) {
	*w = append(*w, string(text))
	return len(text), nil
}

// TestBusyScreen: what happens at once is written at once, and what follows within
// the pace together, in order and with nothing lost.
func TestBusyScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out writes
		s := newScreen(&out, false)
		shows := func(texts ...string) {
			s.hold()
			for _, text := range texts {
				s.print(text)
			}
			s.release()
		}
		expect := func(want ...string) {
			t.Helper()
			synctest.Wait()
			s.mu.Lock()
			defer s.mu.Unlock()
			if !slices.Equal(out, want) {
				t.Fatalf("%v after %q, want %q", time.Since(s.start), []string(out), want)
			}
		}
		shows("a", "b")
		expect("ab")
		time.Sleep(pace / 2)
		shows("c")
		shows()
		shows("d")
		s.print("e")
		expect("ab")
		time.Sleep(pace / 2)
		expect("ab", "cde")
		time.Sleep(pace)
		shows("f")
		s.print("g")
		shows("h")
		s.flush()
		expect("ab", "cde", "f", "g", "h")
	})
}
