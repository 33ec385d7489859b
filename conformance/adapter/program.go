package adapter

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/conformance/play"
)

// Program is a running adapter. It is a [play.Phone].
type Program struct {
	cmd     *exec.Cmd
	orders  io.WriteCloser
	replies chan reply   // closed at the end of its output
	said    tail         // on its standard error
	last    int          // number of the last order
	wait    func() error // for its end, and for the last of what it says
}

var _ play.Phone = (*Program)(nil)

// order is a line to the program.
type order struct {
	ID int `json:"id"`
	play.Order
	Place *play.Place `json:"place,omitempty"` // of begin
}

// reply is a line from it.
type reply struct {
	ID int `json:"id"`
	play.Ready
	Error  string `json:"error,omitempty"`
	Cannot string `json:"cannot,omitempty"`

	malformed error
}

const (
	endLimit    = 5 * time.Second // for the program to end by itself
	longestLine = 1 << 20
)

// Start runs a program with its arguments.
func Start(name string, args ...string) (*Program, error) {
	p := &Program{cmd: exec.Command(name, args...), replies: make(chan reply)}
	p.cmd.Stderr = &p.said
	p.cmd.WaitDelay = endLimit
	var err error
	if p.orders, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.wait = sync.OnceValue(p.cmd.Wait)
	go p.listen(out)
	return p, nil
}

// listen reads the replies until the program ends.
func (p *Program) listen(out io.Reader) {
	defer close(p.replies)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var r reply
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			r.malformed = fmt.Errorf("expected a reply such as {\"id\":1}, got %q: %w", lines.Text(), err)
		}
		p.replies <- r
	}
}

// Begin implements [play.Phone].
func (p *Program) Begin(ctx context.Context, in play.Place) (play.Ready, error) {
	r, err := p.ask(ctx, order{Order: play.Order{Do: "begin"}, Place: &in})
	return r.Ready, err
}

// Do implements [play.Phone].
func (p *Program) Do(ctx context.Context, o play.Order) error {
	_, err := p.ask(ctx, order{Order: o})
	return err
}

// ask sends an order and waits for its reply.
func (p *Program) ask(ctx context.Context, o order) (reply, error) {
	p.last++
	o.ID = p.last
	_ = p.send(o) // of a program that has ended the replies have ended, too
	cancelled := ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case r, ok := <-p.replies:
			switch {
			case !ok:
				return reply{}, p.ended()
			case r.malformed != nil:
				return r, p.explain(r.malformed)
			case r.ID != o.ID:
				return r, p.explain(fmt.Errorf("a reply to order %d, expected one to %d", r.ID, o.ID))
			case ctx.Err() != nil:
				return r, ctx.Err()
			case r.Cannot != "":
				return r, &play.CannotError{What: r.Cannot}
			case r.Error != "":
				return r, p.explain(errors.New(r.Error))
			}
			return r, nil
		case <-cancelled:
			cancelled = nil
			_ = p.send(order{ID: o.ID, Order: play.Order{Do: "cancel"}})
			late = time.After(endLimit)
		case <-late:
			return reply{}, p.explain(ctx.Err())
		}
	}
}

// ended tells how the program has ended.
func (p *Program) ended() error {
	err := errors.New("the program has ended")
	if status := p.wait(); status != nil {
		err = fmt.Errorf("%w: %w", err, status)
	}
	return p.explain(err)
}

func (p *Program) send(o order) error {
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = p.orders.Write(append(line, '\n'))
	return err
}

// End implements [play.Phone].
func (p *Program) End() {
	_ = p.send(order{Order: play.Order{Do: "quit"}})
	_ = p.orders.Close()
	kill := time.AfterFunc(endLimit, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	for range p.replies { // the rest of its output is of no interest
	}
	_ = p.wait()
}

// explain adds what the program has said last to an error.
func (p *Program) explain(err error) error {
	if said := p.said.String(); said != "" {
		return fmt.Errorf("%w; its last words:\n%s", err, said)
	}
	return err
}

// tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const longestTail = 2000 // octets

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-longestTail):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
