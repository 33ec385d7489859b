package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/play"
)

// manual is a phone under test whose keys are pressed by whoever sits at the
// terminal.
type manual struct {
	uri      string
	name     string
	terminal *os.File
	answers  chan string // lines, closed at the end of the terminal
}

func newManual(uri string) (play.Phone, error) {
	terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("a phone that is driven by hand needs a terminal: %w", err)
	}
	m := &manual{uri: uri, terminal: terminal, answers: make(chan string)}
	go m.read()
	return m, nil
}

// read hands over what is typed, line by line.
func (m *manual) read() {
	defer close(m.answers)
	lines := bufio.NewScanner(m.terminal)
	for lines.Scan() {
		m.answers <- strings.TrimSpace(lines.Text())
	}
}

func (m *manual) Begin(ctx context.Context, in play.Place) (play.Ready, error) {
	m.name = in.Name
	err := m.ask(ctx, fmt.Sprintf("make the phone ready at %s (%s, %s)", m.uri, in.Transport, in.Codec))
	return play.Ready{URI: m.uri}, err
}

func (m *manual) Do(ctx context.Context, o play.Order) error { return m.ask(ctx, wording(o)) }

func (m *manual) End() { _ = m.terminal.Close() }

// ask has something done, and waits for Enter.
func (m *manual) ask(ctx context.Context, what string) error {
	fmt.Fprintf(m.terminal, "%s: %s, then press Enter (n: it cannot) ", m.name, what)
	select {
	case answer, ok := <-m.answers:
		switch {
		case !ok:
			return fmt.Errorf("the terminal is closed")
		case strings.HasPrefix(answer, "n"):
			return &play.CannotError{What: what}
		}
		return nil
	case <-ctx.Done():
		fmt.Fprintln(m.terminal, "too late")
		return ctx.Err()
	}
}

// wording is an order for people.
func wording(o play.Order) string {
	text := strings.ReplaceAll(o.Do, "_", " ")
	if o.To != "" {
		text += " " + o.To
	}
	if o.Text != "" {
		text += " " + o.Text
	}
	if o.Code != 0 {
		text += fmt.Sprintf(" with %d", o.Code)
	}
	if len(o.Streams) > 0 {
		text += " (" + strings.Join(o.Streams, ", ") + ")"
	}
	if o.With != "" {
		text += ", the call with " + o.With
	}
	return text
}
