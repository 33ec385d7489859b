package adapter_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/adapter"
	"github.com/go-sipsimple/callflow/conformance/play"
)

// role is the environment variable that has the test program be an adapter.
const role = "CALLFLOW_TEST_ADAPTER"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "good":
		if err := adapter.Serve(os.Stdin, os.Stdout, &phone{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "garbled":
		bufio.NewScanner(os.Stdin).Scan()
		fmt.Println("hello")
	case "gone":
		fmt.Fprintln(os.Stderr, "no phone here")
		os.Exit(3)
	case "other":
		bufio.NewScanner(os.Stdin).Scan()
		fmt.Println(`{"id":7}`)
	}
}

// phone does what the tests ask for.
type phone struct{ place play.Place }

func (p *phone) Begin(_ context.Context, in play.Place) (play.Ready, error) {
	p.place = in
	return play.Ready{URI: "sip:" + in.Name + "@127.0.0.1", Plays: len(in.Plays) > 0}, nil
}

func (p *phone) Do(ctx context.Context, o play.Order) error {
	switch o.Do {
	case "accept":
		return nil
	case "reject":
		return fmt.Errorf("no call to refuse with %d", o.Code)
	case "ring": // waits for ever
		<-ctx.Done()
		return ctx.Err()
	}
	return &play.CannotError{What: o.Do}
}

func (p *phone) End() {}

func start(t *testing.T, as string) *adapter.Program {
	t.Helper()
	t.Setenv(role, as)
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	p, err := adapter.Start(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.End)
	return p
}

// TestOrders: what a phone answers gets to the player, in order.
func TestOrders(t *testing.T) {
	p := start(t, "good")
	ready, err := p.Begin(t.Context(), play.Place{Name: "bob", Plays: []float64{440}})
	if err != nil || ready.URI != "sip:bob@127.0.0.1" || !ready.Plays {
		t.Errorf("%+v, %v", ready, err)
	}
	if err := p.Do(t.Context(), play.Order{Do: "accept"}); err != nil {
		t.Error(err)
	}
	if err := p.Do(t.Context(), play.Order{Do: "reject", Code: 486}); err == nil || !strings.Contains(err.Error(), "no call to refuse with 486") {
		t.Error(err)
	}
	var cannot *play.CannotError
	if err := p.Do(t.Context(), play.Order{Do: "transfer"}); !errors.As(err, &cannot) || cannot.What != "transfer" {
		t.Error(err)
	}
}

// TestCancel: an order that takes too long is taken back, and the next one is
// answered.
func TestCancel(t *testing.T) {
	p := start(t, "good")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := p.Do(ctx, play.Order{Do: "ring"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := p.Do(t.Context(), play.Order{Do: "accept"}); err != nil {
		t.Error(err)
	}
}

// TestBadPrograms: what is wrong with a program is told.
func TestBadPrograms(t *testing.T) {
	for as, want := range map[string]string{
		"garbled": `expected a reply such as {"id":1}, got "hello"`,
		"gone":    "the program has ended: exit status 3; its last words:\nno phone here",
		"other":   "a reply to order 7, expected one to 1",
	} {
		p := start(t, as)
		if _, err := p.Begin(t.Context(), play.Place{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", as, err)
		}
	}
	if _, err := adapter.Start("/nonexistent/adapter"); err == nil {
		t.Error("a program that is not there")
	}
}

// TestServeBadInput: so is what an adapter cannot read.
func TestServeBadInput(t *testing.T) {
	var out strings.Builder
	err := adapter.Serve(strings.NewReader("hello\n"), &out, &phone{})
	if err == nil || !strings.Contains(err.Error(), `expected an order such as`) || out.Len() > 0 {
		t.Errorf("%v, %q", err, &out)
	}
}
