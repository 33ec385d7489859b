package play

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
)

// TestDisasters: what ends a bubble is a failure of its case, and says what.
func TestDisasters(t *testing.T) {
	cases := []struct {
		err  error
		want string
	}{
		{&simnet.PanicError{Value: "boom", Stack: "here"}, "panic: simnet: panic: boom"},
		{&simnet.DeadlockError{Stacks: "there"}, "deadlock: everything waits for ever"},
		{&simnet.LeakError{Stacks: "there"}, "leak: something still runs after the end"},
		{errors.New("odd"), "the run broke down: odd"},
	}
	for _, c := range cases {
		f := disaster(0, &scenario.Case{File: "call.yaml"}, c.err)
		if !strings.Contains(f.String(), c.want) || f.Pos.File != "call.yaml" {
			t.Errorf("%T: %v", c.err, f)
		}
	}
}

// TestBubbleFailsAlone: a panic in the driver's goroutine, a deadlock and a leak
// end their own bubble and nothing else.
func TestBubbleFailsAlone(t *testing.T) {
	for _, body := range []func(){
		func() { panic("boom") },
		func() { <-make(chan int) },
		func() { go func() { <-make(chan int) }() },
	} {
		if err := simnet.Bubble(body); err == nil {
			t.Error("the bubble hides its failure")
		}
	}
	if err := simnet.Bubble(func() {}); err != nil {
		t.Error(err)
	}
}
