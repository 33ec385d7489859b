package simnet_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
)

func TestBubbleHasVirtualTime(t *testing.T) {
	wall := time.Now()
	var virtual time.Duration
	err := simnet.Bubble(func() {
		start := time.Now()
		time.Sleep(24 * time.Hour)
		virtual = time.Since(start)
	})
	if err != nil || virtual != 24*time.Hour || time.Since(wall) > time.Minute {
		t.Errorf("%v virtual, %v wall, %v", virtual, time.Since(wall), err)
	}
}

func TestDeadlockIsAnError(t *testing.T) {
	err := simnet.Bubble(waitForEver)
	var deadlock *simnet.DeadlockError
	if !errors.As(err, &deadlock) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(deadlock.Stacks, "waitForEver") || strings.Contains(deadlock.Stacks, "\n\n") { // one goroutine
		t.Errorf("stacks:\n%s", deadlock.Stacks)
	}
}

func waitForEver() { <-make(chan int) }

func TestDeadlockShowsOnlyItsOwnBubble(t *testing.T) {
	release := make(chan struct{})
	other := make(chan error)
	go func() {
		other <- simnet.Bubble(func() { <-release }) // a channel from outside does not block durably
	}()
	err := simnet.Bubble(waitForEver)
	close(release)
	if err := <-other; err != nil {
		t.Errorf("other bubble: %v", err)
	}
	if text := err.Error(); strings.Contains(text, "TestDeadlockShowsOnlyItsOwnBubble.func1.1") {
		t.Errorf("stacks of another bubble:\n%s", text)
	}
}

func TestLeakIsAnError(t *testing.T) {
	for name, leak := range map[string]func(){"blocked": waitForEver, "asleep": func() { time.Sleep(time.Hour) }} {
		err := simnet.Bubble(func() { go leak() })
		var leaked *simnet.LeakError
		if !errors.As(err, &leaked) || leaked.Stacks == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestPanicIsAnError(t *testing.T) {
	err := simnet.Bubble(func() {
		go waitForEver() // a leak beside it does not hide the panic
		panic(io.ErrUnexpectedEOF)
	})
	var panicked *simnet.PanicError
	if !errors.As(err, &panicked) || !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(panicked.Stack, "TestPanicIsAnError") {
		t.Errorf("got %v", err)
	}
}

func TestGoexitIsAnError(t *testing.T) {
	if err := simnet.Bubble(runtime.Goexit); !errors.Is(err, simnet.ErrGoexit) {
		t.Errorf("got %v", err)
	}
}

func TestBubbleInABubbleIsAnError(t *testing.T) {
	var inner error
	err := simnet.Bubble(func() { inner = simnet.Bubble(func() {}) })
	if err != nil || inner == nil {
		t.Errorf("outer %v, inner %v", err, inner)
	}
}

func TestPanicOfAReceiverComesOutOfClose(t *testing.T) {
	for name, fail := range map[string]func(){"panic": func() { panic("odd packet") }, "Goexit": runtime.Goexit} {
		err := simnet.Bubble(func() {
			n := simnet.New(1)
			defer n.Close()
			alice := mustHost(t, n, "alice")
			n.Tap(func(simnet.Packet) { fail() })
			c := mustListen(t, alice, ":1000")
			c.WriteToAddrPort([]byte("x"), address(mustListen(t, alice, alice.Addr().String()+":1001")))
			time.Sleep(time.Second)
		})
		var panicked *simnet.PanicError
		if !errors.As(err, &panicked) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

const program = `package main

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
)

func main() {
	err := simnet.Bubble(func() {
		n := simnet.New(1)
		defer n.Close()
		alice, _ := n.Host("alice", netip.Addr{})
		bob, _ := n.Host("bob", netip.Addr{})
		in, _ := bob.ListenPacket("udp", ":5060")
		out, _ := alice.Dial("udp", "bob:5060")
		out.Write([]byte("hello"))
		buf := make([]byte, 10)
		start := time.Now()
		size, _, _ := in.ReadFrom(buf)
		fmt.Println(string(buf[:size]), time.Since(start).Round(time.Millisecond))
	})
	fmt.Println(err)
	fmt.Printf("%T\n", simnet.Bubble(func() { select {} }))
	fmt.Printf("%T\n", simnet.Bubble(func() { go func() { select {} }() }))
	fmt.Printf("%T\n", simnet.Bubble(func() { panic("x") }))
	errs := make(chan error)
	for range 4 {
		go func() { errs <- simnet.Bubble(func() { time.Sleep(time.Hour) }) }()
	}
	for range 4 {
		fmt.Println(<-errs)
	}
}
`

const programOutput = `hello 10ms
<nil>
*simnet.DeadlockError
*simnet.LeakError
*simnet.PanicError
<nil>
<nil>
<nil>
<nil>
`

// TestBubbleInAPlainProgram runs a program that is no test.
func TestBubbleInAPlainProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "run", file).CombinedOutput() // in the folder of this package, hence in the module
	if err != nil || string(out) != programOutput {
		t.Errorf("%v\n%s", err, out)
	}
}
