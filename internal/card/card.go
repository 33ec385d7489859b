//go:build linux

// Package card gives tests a sound card on machines that have none: a JACK
// server without hardware (Debian: jackd2), and devices that hear what they
// play.
package card

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Start runs a sound server for the length of the test, with a device called
// "loopback" and one more for each name. The rate is 48 kHz. Where JACK is not
// installed the test is skipped. There can be one server at a time: all tests
// that use it belong into one package.
//
// It sets variables of the environment, which the C libraries read when they are
// used first: call it before that.
func Start(t testing.TB, devices ...string) *Card {
	t.Helper()
	if _, err := exec.LookPath("jackd"); err != nil {
		t.Skip("no virtual sound card: jackd is not installed (Debian: jackd2)")
	}
	conf := filepath.Join(t.TempDir(), "asound.conf")
	// Without it ALSA complains at length about cards that are not there.
	if err := os.WriteFile(conf, []byte("pcm.default { type hw card 0 }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"ALSA_CONFIG_PATH": conf, "JACK_NO_START_SERVER": "1"} {
		if err := os.Setenv(name, value); err != nil {
			t.Fatal(err)
		}
	}
	c := &Card{t: t, clients: map[string]*exec.Cmd{}}
	// 40 ms at a time, and in each the server waits for everybody: on a busy machine
	// the card is slow then, but loses nothing.
	c.server = c.run("jackd", "-r", "-S", "-t", "500", "-L", "2", "-d", "dummy", "-r", "48000", "-p", "1920")
	t.Cleanup(c.stop)
	c.await("loopback")
	for _, name := range devices {
		c.Plug(name)
	}
	return c
}

// Card is a running sound server. Its methods belong to the test's goroutine.
type Card struct {
	t       testing.TB
	server  *exec.Cmd
	clients map[string]*exec.Cmd
}

// Plug adds a device that hears what it plays. It is there when Plug returns.
func (c *Card) Plug(name string) {
	c.t.Helper()
	c.clients[name] = c.run("jack_thru", name)
	c.await(name)
}

// Unplug removes a device.
func (c *Card) Unplug(name string) {
	end(c.clients[name])
	delete(c.clients, name)
}

// Kill ends the server as a crash does.
func (c *Card) Kill() {
	_ = c.server.Process.Kill() // it may have ended by itself
	_ = c.server.Wait()
}

func (c *Card) stop() {
	for name := range c.clients {
		c.Unplug(name)
	}
	if c.server.ProcessState == nil {
		end(c.server)
	}
}

func (c *Card) run(name string, args ...string) *exec.Cmd {
	c.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return cmd
}

// ports are those of a device: two of input, two of output. They come one by one.
const ports = 4

// await waits for a client of the server with all its ports. JACK has no way to tell.
func (c *Card) await(client string) {
	c.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if out, err := exec.Command("jack_lsp", client+":").Output(); err == nil && bytes.Count(out, []byte("\n")) >= ports {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.t.Fatalf("sound device %q did not appear", client)
}

// end terminates a process, by force if it takes too long.
func end(cmd *exec.Cmd) {
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	timer := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	_ = cmd.Wait() // its exit code says nothing
}
