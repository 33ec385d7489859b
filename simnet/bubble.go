package simnet

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
)

// ErrGoexit is returned by [Bubble] when the body ended by runtime.Goexit, which is what FailNow of a test does.
var ErrGoexit = errors.New("simnet: the body ended by runtime.Goexit")

// DeadlockError tells that nothing could happen any more: all goroutines of a bubble waited for each other.
type DeadlockError struct {
	Stacks string // of the goroutines of the bubble
}

// Error names the fault and shows the stacks.
func (e *DeadlockError) Error() string {
	return "simnet: deadlock: all goroutines of the bubble are blocked\n" + e.Stacks
}

// LeakError tells that goroutines were left when the body of a bubble had returned.
type LeakError struct {
	Stacks string // of the goroutines that were left
}

// Error names the fault and shows the stacks.
func (e *LeakError) Error() string {
	return "simnet: the body has returned and goroutines remain\n" + e.Stacks
}

// PanicError tells that the body of a bubble, or a function that the network called, panicked.
type PanicError struct {
	Value any
	Stack string
}

// Error names the value and shows the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("simnet: panic: %v\n%s", e.Value, e.Stack) }

// Unwrap is the value if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Bubble runs body in virtual time (a bubble of testing/synctest) and returns when the body and all that it started
// have ended. It may be called from a test or from any program, but not inside a bubble, and several may run at the
// same time. The error is nil, a [*DeadlockError], a [*LeakError], a [*PanicError] or [ErrGoexit].
//
// Time starts at midnight UTC 2000-01-01 and moves only while every goroutine of the bubble is blocked. When the body
// has returned it moves no more: what sleeps then is a leak. The goroutines of a deadlock or a leak cannot be ended;
// they remain until the process ends. A panic in a goroutine that the body started ends the process, as it does
// everywhere in Go.
func Bubble(body func()) error {
	run := &bubble{body: body}
	done := make(chan struct{})
	go func() { // its own goroutine: synctest.Test may end it
		defer close(done)
		defer run.catchDeadlock()
		synctest.Test(new(testing.T), func(*testing.T) { run.awaitBody() })
	}()
	<-done
	return run.err
}

// bubble is one run of a body. Its fields are handed on between goroutines that wait for each other.
type bubble struct {
	body     func()
	id       string // as stack traces name it
	returned bool
	err      error
}

// awaitBody runs the body in a goroutine of its own, so that neither its panic nor its Goexit reaches package testing.
func (b *bubble) awaitBody() {
	b.id = bubbleID()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer b.catchBody()
		b.body()
		b.returned = true
	}()
	<-ended
}

func (b *bubble) catchBody() {
	if b.returned {
		return
	}
	b.returned = true
	switch value := recover().(type) {
	case nil:
		b.err = ErrGoexit
	case *PanicError:
		b.err = value
	default:
		b.err = &PanicError{Value: value, Stack: string(debug.Stack())}
	}
}

// catchDeadlock turns the panic of the runtime into an error. What the body did wrong first counts more.
func (b *bubble) catchDeadlock() {
	value := recover()
	if value == nil || b.err != nil {
		return
	}
	reason, ok := value.(error)
	switch {
	case !ok || !strings.HasPrefix(reason.Error(), "deadlock: "):
		b.err = &PanicError{Value: value, Stack: string(debug.Stack())}
	case b.returned:
		b.err = &LeakError{Stacks: stacksOf(b.id)}
	default:
		b.err = &DeadlockError{Stacks: stacksOf(b.id)}
	}
}

// bubbleID is the words by which the runtime marks the goroutines of the calling goroutine's bubble:
// "goroutine 7 [running, synctest bubble 3]:".
func bubbleID() string {
	var buf [128]byte
	head := buf[:runtime.Stack(buf[:], false)]
	_, id, ok := bytes.Cut(head, []byte("synctest bubble "))
	if !ok {
		return ""
	}
	id, _, _ = bytes.Cut(id, []byte("]"))
	return "synctest bubble " + string(id) + "]"
}

// Limits of what an error shows.
const (
	maxStackBytes = 16 << 20
	maxStacks     = 50
)

// stacksOf is the stacks of the goroutines of a bubble, without those that only wait for the body.
func stacksOf(id string) string {
	var found []string
	for _, stack := range strings.Split(allStacks(), "\n\n") {
		head, rest, _ := strings.Cut(stack, "\n")
		if id == "" || !strings.Contains(head, id) || isWaiter(rest) {
			continue
		}
		if len(found) == maxStacks {
			found = append(found, "(more left out)")
			break
		}
		found = append(found, stack)
	}
	return strings.Join(found, "\n\n")
}

// isWaiter tells whether a stack is that of awaitBody, or of package testing, which waits for awaitBody.
func isWaiter(stack string) bool {
	return strings.HasPrefix(stack, "github.com/go-sipsimple/callflow/simnet.(*bubble).awaitBody(") ||
		strings.HasPrefix(stack, "testing/synctest.")
}

func allStacks() string {
	for size := 64 << 10; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size || size >= maxStackBytes {
			return string(buf[:n])
		}
	}
}
