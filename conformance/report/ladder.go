package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/play"
)

// columnWidth is the distance between two parties of a ladder.
const columnWidth = 30

// Ladder prints the run as a ladder: a column for each party, an arrow for each
// message, and beside it what the parties posted.
func Ladder(out io.Writer, r *play.Result) {
	l := &ladder{out: out}
	for _, p := range r.Case.Parties {
		l.parties = append(l.parties, p.Name)
	}
	l.head()
	for _, e := range r.Log {
		switch {
		case e.Message != nil:
			l.arrow(e)
		case e.Watched:
			l.line(e, l.rails(), e.Party+": "+e.Event.String())
		}
	}
}

type ladder struct {
	out     io.Writer
	parties []string
	last    string // time printed last
}

func (l *ladder) head() {
	b := []byte(strings.Repeat(" ", columnWidth*len(l.parties)))
	for i, name := range l.parties {
		copy(b[l.column(i):], name)
	}
	fmt.Fprintf(l.out, "%9s  %s\n", "t (s)", strings.TrimRight(string(b), " "))
}

func (l *ladder) column(i int) int { return i*columnWidth + 2 }

func (l *ladder) rails() string {
	b := []byte(strings.Repeat(" ", columnWidth*(len(l.parties)-1)+4))
	for i := range l.parties {
		b[l.column(i)] = '|'
	}
	return string(b)
}

func (l *ladder) line(e play.Entry, picture, note string) {
	at := fmt.Sprintf("%.3f", e.At.Seconds())
	if at == l.last {
		at = ""
	} else {
		l.last = at
	}
	fmt.Fprintf(l.out, "%9s  %s\n", at, strings.TrimRight(picture+"  "+note, " "))
}

func (l *ladder) index(name string) int {
	for i, p := range l.parties {
		if p == name {
			return i
		}
	}
	return -1
}

// arrow draws a message between two columns; one to a stranger is a note.
func (l *ladder) arrow(e play.Entry) {
	from, to := l.index(e.Message.From), l.index(e.Message.To)
	label := e.Event.Text
	if e.Event.Lost {
		label += " (lost)"
	}
	if from < 0 || to < 0 || from == to {
		l.line(e, l.rails(), e.Event.Name+": "+label)
		return
	}
	left, right := l.column(min(from, to))+1, l.column(max(from, to))-1
	note := ""
	width := right - left + 1
	if len(label) > width-4 {
		note, label = label, strings.Fields(label)[0]
	}
	dashes := width - len(label) - 2
	body := strings.Repeat("-", dashes/2) + " " + label + " " + strings.Repeat("-", dashes-dashes/2)
	head, tail := ">", "-"
	if e.Event.Lost {
		head = "x"
	}
	if from > to {
		head, tail = "-", "<"
		if e.Event.Lost {
			tail = "x"
		}
	}
	body = tail + body[1:len(body)-1] + head
	rails := []byte(l.rails())
	copy(rails[left:], body)
	l.line(e, string(rails), note)
}
