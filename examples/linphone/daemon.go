package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// States of a call, as linphone-daemon calls them.
const (
	incoming = "LinphoneCallIncomingReceived"
	running  = "LinphoneCallStreamsRunning"
	theyHold = "LinphoneCallPausedByRemote"
	paused   = "LinphoneCallPaused"
	released = "LinphoneCallReleased"
)

// daemon is a linphone-daemon: commands are written to it and answers and events
// read from it, lines of text.
type daemon struct {
	process *exec.Cmd
	in      io.WriteCloser
	asking  sync.Mutex // one command at a time
	answers chan error
	sound   string // a file that is played in every call

	mu    sync.Mutex
	call  string        // the number of the call
	state string        // of the call
	more  chan struct{} // closed when there is another
}

func start(home, config, sound string) (*daemon, error) {
	d := &daemon{sound: sound, answers: make(chan error, 1), more: make(chan struct{})}
	d.process = exec.Command("linphone-daemon", "--config", config, "--disable-stats-events")
	d.process.Env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_CONFIG_HOME=")
	d.process.Stderr = os.Stderr
	out, err := d.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if d.in, err = d.process.StdinPipe(); err != nil {
		return nil, err
	}
	if err := d.process.Start(); err != nil {
		return nil, fmt.Errorf("%w (Debian's package is linphone-cli)", err)
	}
	go d.listen(bufio.NewScanner(out))
	return d, nil
}

// listen reads until the daemon ends. An answer is a line with its status, and
// if that is an error another one with the reason; an event is a line with the
// state and, later, one with the number of the call.
func (d *daemon) listen(lines *bufio.Scanner) {
	event := ""
	for lines.Scan() {
		key, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "daemon-linphone>"), ": ")
		switch {
		case key == "Status" && value == "Ok":
			d.answers <- nil
		case key == "Reason":
			d.answers <- errors.New(value)
		case key == "Event":
			event = value
		case key == "Id" && event != "":
			d.note(value, event)
			event = ""
		}
	}
}

func (d *daemon) note(call, state string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.call, d.state = call, state
	close(d.more)
	d.more = make(chan struct{})
	if state == running {
		go d.play(call)
	}
}

// play speaks into the call from the start, and again when it has been held.
func (d *daemon) play(call string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := d.tell(ctx, "incall-player-start "+d.sound+" "+call); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// id is the number of the call that there was a word of last.
func (d *daemon) id() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.call
}

// await waits until the call is in one of some states.
func (d *daemon) await(ctx context.Context, states ...string) error {
	for {
		d.mu.Lock()
		now, more := d.state, d.more
		d.mu.Unlock()
		if slices.Contains(states, now) {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s, the call is %q: %w", strings.Join(states, " or "), now, ctx.Err())
		}
	}
}

// tell gives a command and waits for the answer.
func (d *daemon) tell(ctx context.Context, command string) error {
	d.asking.Lock()
	defer d.asking.Unlock()
	if _, err := fmt.Fprintln(d.in, command); err != nil {
		return err
	}
	select {
	case err := <-d.answers:
		if err != nil {
			return fmt.Errorf("linphone-daemon refuses %s: %w", command, err)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// quit ends the call and the daemon.
func (d *daemon) quit() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if d.tell(ctx, "terminate "+d.id()) == nil {
		_ = d.await(ctx, released) // the BYE has been answered
	}
	_ = d.tell(ctx, "quit")
	stop := time.AfterFunc(2*time.Second, func() { _ = d.process.Process.Kill() })
	defer stop.Stop()
	_ = d.process.Wait()
}
