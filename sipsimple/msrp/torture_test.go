package msrp_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

const torture = "../../../shared/data/torture"

// expectations reads the table of the set: file name to the outcomes that are right.
func expectations(t *testing.T) map[string][]string {
	index, err := os.ReadFile(filepath.Join(torture, "INDEX.md"))
	if err != nil {
		t.Skip("the torture messages are not here: 0 of 50 run")
	}
	table := map[string][]string{}
	for _, line := range strings.Split(string(index), "\n") {
		line = strings.ReplaceAll(line, `\|`, "/")
		cells := strings.Split(line, "|")
		if len(cells) > 5 && strings.HasSuffix(strings.TrimSpace(cells[1]), ".msrp") {
			table[strings.TrimSpace(cells[1])] = strings.Split(strings.TrimSpace(cells[4]), "/")
		}
	}
	return table
}

// collector assembles messages.
type collector struct {
	*recorder
	assembler msrp.Assembler
	messages  []string
}

func (c *collector) ReceiveChunk(k *msrp.Chunk) int {
	m, code := c.assembler.Add(k)
	if m != nil {
		c.messages = append(c.messages, string(m.Data))
	}
	c.session.Report(k, code, "")
	return code
}

func TestTorture(t *testing.T) {
	for name, outcomes := range expectations(t) {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(torture, "msrp", name))
			if err != nil {
				t.Fatal(err)
			}
			inLab(t, func(l *lab) {
				c, p := l.collect("kjhd37s2s20w2a", "msrp://atlanta.example.com:7654/jshA7weztas;tcp")
				p.write("%s", data)
				got := p.read(time.Second)
				outcome := outcomeOf(got)
				if !slices.ContainsFunc(outcomes, func(want string) bool { return fits(want, outcome) }) {
					t.Errorf("outcome %s, want one of %v\n%s", outcome, outcomes, got)
				}
				checkMessages(t, name, c.messages)
				if outcome == "nothing" && slices.Contains(outcomes, "timeout") {
					time.Sleep(31 * time.Second)
					p.expect("EOF")
				}
				c.session.Abort(nil)
				<-c.session.Done()
				_ = p.conn.Close()
			})
		})
	}
}

// collect is a session with the id that assembles what the peer with the path sends.
func (l *lab) collect(id, peer string) (*collector, *raw) {
	cfg := l.config(l.alice, msrp.Listen)
	cfg.Accept = []string{"text/plain", "application/octet-stream"}
	e := l.open(cfg)
	e.SetSessionID(id)
	theirs, _ := msrp.ParsePath(peer)
	conn, err := l.bob.Dial("tcp", e.Path()[0].HostPort())
	if err != nil {
		l.t.Fatal(err)
	}
	p := &raw{t: l.t, conn: conn}
	p.write("MSRP bind0 SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\nMessage-ID: bind0\r\n-------bind0$\r\n", e.Path(), theirs)
	c := &collector{recorder: newRecorder()}
	if c.session, err = e.Establish(context.Background(), msrp.Peer{Path: theirs, Active: true}); err != nil {
		l.t.Fatal(err)
	}
	c.session.Run(c)
	p.expect("MSRP bind0 200 OK")
	return c, p
}

// outcomeOf is the last response, "report", "close" or "nothing".
func outcomeOf(got string) string {
	outcome := "nothing"
	if strings.Contains(got, " REPORT\r\n") {
		outcome = "report"
	}
	for _, line := range strings.Split(got, "\r\n") {
		var tid string
		var code int
		if n, _ := fmt.Sscanf(line, "MSRP %s %d", &tid, &code); n == 2 {
			outcome = fmt.Sprint(code)
		}
	}
	if outcome == "nothing" && strings.HasSuffix(got, "EOF") {
		outcome = "close"
	}
	return outcome
}

func fits(want, outcome string) bool {
	switch want {
	case "timeout", "no-response", "drop":
		return outcome == "nothing"
	case "survive":
		return true
	}
	return want == outcome
}

func checkMessages(t *testing.T, name string, messages []string) {
	switch {
	case strings.HasPrefix(name, "v06"), strings.HasPrefix(name, "v12"):
		if len(messages) != 1 || messages[0] != "abcdEFGH" && len(messages[0]) != 8 {
			t.Errorf("messages %q", messages)
		}
	case strings.HasPrefix(name, "m35"):
		if len(messages) != 1 {
			t.Errorf("messages %q", messages)
		}
	case strings.HasPrefix(name, "v09"), strings.HasPrefix(name, "v13"):
		if len(messages) != 0 {
			t.Errorf("messages %q", messages)
		}
	}
}

// TestStrangers: connections for other sessions cannot keep the right one away, and are closed after a few tries.
func TestStrangers(t *testing.T) {
	inLab(t, func(l *lab) {
		e := l.open(l.config(l.alice, msrp.Listen))
		defer e.Close()
		theirs, _ := msrp.ParsePath("msrp://bob.test:2855/peer;tcp")
		var strangers []*raw
		for range 4 {
			conn, err := l.bob.Dial("tcp", e.Path()[0].HostPort())
			if err != nil {
				t.Fatal(err)
			}
			p := &raw{t: t, conn: conn}
			for range 5 {
				p.write("MSRP bind0 SEND\r\nTo-Path: msrp://x/guess;tcp\r\nFrom-Path: %s\r\nMessage-ID: bind0\r\n-------bind0$\r\n", theirs)
			}
			strangers = append(strangers, p)
		}
		eb := l.open(l.config(l.bob, msrp.Connect))
		done := make(chan error, 1)
		a, b := newRecorder(), newRecorder()
		go func() {
			var err error
			a.session, err = e.Establish(context.Background(), msrp.Peer{Path: eb.Path(), Active: true})
			done <- err
		}()
		time.Sleep(time.Second)
		var err error
		b.session, err = eb.Establish(context.Background(), msrp.Peer{Path: e.Path()})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range strangers {
			data, _ := io.ReadAll(p.conn)
			if n := strings.Count(string(data), " 481 "); n < 3 || n > 4 {
				t.Errorf("%d answers 481", n)
			}
			_ = p.conn.Close()
		}
		a.session.Run(a)
		b.session.Run(b)
		l.close(a, b)
	})
}
