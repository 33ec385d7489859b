package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// control is the control connection of a baresip (its module ctrl_tcp): commands,
// answers and events, JSON objects in netstrings.
type control struct {
	conn    net.Conn
	answers chan message

	mu   sync.Mutex
	seen map[string]bool // events of the call
	more chan struct{}   // closed when there is another
}

// message is an answer or an event.
type message struct {
	Event bool   `json:"event"`
	Type  string `json:"type"` // of an event
	OK    bool   `json:"ok"`   // of an answer
	Data  string `json:"data"`
}

// dial connects as soon as baresip listens.
func dial(ctx context.Context, address string) (*control, error) {
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			c := &control{conn: conn, answers: make(chan message, 16), seen: map[string]bool{}, more: make(chan struct{})}
			go c.listen()
			return c, nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("baresip does not start: %w", err)
		}
	}
}

func (c *control) close() { _ = c.conn.Close() }

// listen reads until the connection ends.
func (c *control) listen() {
	in := bufio.NewReader(c.conn)
	for {
		m, err := readMessage(in)
		switch {
		case err != nil:
			return
		case m.Event:
			c.note(m.Type)
		default:
			c.answers <- m
		}
	}
}

func readMessage(in *bufio.Reader) (m message, err error) {
	length, err := in.ReadString(':')
	if err != nil {
		return m, err
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(length, ":"), 10, 20)
	if err != nil {
		return m, err
	}
	data := make([]byte, n+1) // and a comma
	if _, err := io.ReadFull(in, data); err != nil {
		return m, err
	}
	return m, json.Unmarshal(data[:n], &m)
}

// note remembers what has happened to the call; a new one begins anew.
func (c *control) note(event string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if event == "CALL_CLOSED" {
		clear(c.seen)
	}
	c.seen[event] = true
	close(c.more)
	c.more = make(chan struct{})
}

// await waits until something has happened to the call.
func (c *control) await(ctx context.Context, event string) error {
	for {
		c.mu.Lock()
		seen, more := c.seen[event], c.more
		c.mu.Unlock()
		if seen {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tell gives a command and waits for the answer.
func (c *control) tell(ctx context.Context, command, params string) error {
	text, err := json.Marshal(map[string]string{"command": command, "params": params})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c.conn, "%d:%s,", len(text), text); err != nil {
		return err
	}
	select {
	case answer := <-c.answers:
		if !answer.OK {
			return fmt.Errorf("baresip refuses %s: %s", command, answer.Data)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
