package adapter

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-sipsimple/callflow/conformance/play"
)

// Serve is the other end of [Start], for adapters written in Go: it reads orders
// from in, has the phone do them, and writes the replies to out. It returns when
// it is told to quit or in has ended, after the phone has ended.
func Serve(in io.Reader, out io.Writer, phone play.Phone) error {
	defer phone.End()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	orders := make(chan order)
	wrong := make(chan error, 1)
	go func() { wrong <- readOrders(ctx, in, orders) }()
	for {
		select {
		case o := <-orders:
			if o.Do == "quit" {
				return nil
			}
			if err := serveOne(ctx, o, orders, out, phone); err != nil {
				return err
			}
		case err := <-wrong:
			return err
		}
	}
}

// readOrders hands over orders until the end of the input, which is no error.
func readOrders(ctx context.Context, in io.Reader, orders chan<- order) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("expected an order such as {\"id\":1,\"do\":\"accept\"}, got %q: %w", lines.Text(), err)
		}
		select {
		case orders <- o:
		case <-ctx.Done():
			return nil
		}
	}
	return lines.Err()
}

// serveOne does one order, and what is ordered meanwhile: cancel and quit.
func serveOne(ctx context.Context, o order, orders <-chan order, out io.Writer, phone play.Phone) error {
	if o.Do == "cancel" {
		return nil // what it cancels is done already
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan reply, 1)
	go func() { done <- perform(ctx, o, phone) }()
	for {
		select {
		case r := <-done:
			return write(out, r)
		case <-orders:
			cancel()
		}
	}
}

func perform(ctx context.Context, o order, phone play.Phone) reply {
	r := reply{ID: o.ID}
	var err error
	switch {
	case o.Do == "begin" && o.Place == nil:
		err = errors.New("begin: no place")
	case o.Do == "begin":
		r.Ready, err = phone.Begin(ctx, *o.Place)
	default:
		err = phone.Do(ctx, o.Order)
	}
	if cannot, ok := errors.AsType[*play.CannotError](err); ok {
		r.Cannot = cannot.What
	} else if err != nil {
		r.Error = err.Error()
	}
	return r
}

func write(out io.Writer, r reply) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = out.Write(append(line, '\n'))
	return err
}
