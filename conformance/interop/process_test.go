// Package interop calls telephones that others have written, over real sockets
// on 127.0.0.1: baresip, SIPp and Linphone, of Debian's packages baresip-core,
// sip-tester and linphone-cli. A test whose program is not installed is skipped.
package interop

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for a peer: a loaded machine is slow, and only a
// test that fails waits that long.
const patience = 30 * time.Second

// process is a program that runs for the length of a test.
type process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	mu      sync.Mutex
	printed bytes.Buffer
	more    chan struct{} // closed when something is printed
}

// need skips the test when a program is not installed.
func need(t testing.TB, program, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("needs %s (Debian: %s): 1 test is skipped", program, pkg)
	}
}

// start runs a program in a folder.
func start(t testing.TB, dir, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, cmd: exec.Command(name, args...), done: make(chan struct{}), more: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // its exit code is in ProcessState
		close(p.done)
	}()
	t.Cleanup(p.stop)
	return p
}

// Write takes what the program prints.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.more)
	p.more = make(chan struct{})
	return p.printed.Write(text)
}

func (p *process) text() (text string, more <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.printed.String(), p.more
}

// prints waits until something is printed that fits, and returns its groups.
func (p *process) prints(pattern string) []string {
	p.t.Helper()
	limit := time.After(patience)
	for {
		text, more := p.text()
		if found := regexp.MustCompile(pattern).FindStringSubmatch(text); found != nil {
			return found
		}
		select {
		case <-more:
		case <-limit:
			p.t.Fatalf("%s does not print %q but\n%s", p.name, pattern, text)
		}
	}
}

// printsTimes waits until a text has been printed so many times.
func (p *process) printsTimes(part string, times int) {
	p.t.Helper()
	limit := time.After(patience)
	for {
		text, more := p.text()
		if strings.Count(text, part) >= times {
			return
		}
		select {
		case <-more:
		case <-limit:
			p.t.Fatalf("%s does not print %q %d times but\n%s", p.name, part, times, text)
		}
	}
}

// stop ends the program, the hard way if need be.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.done:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	if text, _ := p.text(); p.t.Failed() {
		p.t.Logf("%s printed:\n%s", p.name, text)
	}
}

// bound waits until the program has opened a UDP port of 127.0.0.1; false when
// it has ended instead.
func (p *process) bound(port int) bool {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !p.holds(port) {
		select {
		case <-tick.C:
		case <-p.done:
			return false
		case <-limit:
			p.t.Fatalf("%s does not open port %d", p.name, port)
		}
	}
	return true
}

// holds asks Linux whether a UDP port of 127.0.0.1 is the program's.
func (p *process) holds(port int) bool {
	table, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		p.t.Fatal(err)
	}
	local := fmt.Sprintf("0100007F:%04X", port)
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 9 && f[1] == local {
			return p.owns("socket:[" + f[9] + "]")
		}
	}
	return false
}

// owns tells whether one of the program's descriptors is the socket.
func (p *process) owns(socket string) bool {
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.cmd.Process.Pid))
	return err == nil && slices.ContainsFunc(links, func(link string) bool {
		target, err := os.Readlink(link)
		return err == nil && target == socket
	})
}

// freePorts are ports of 127.0.0.1, UDP and TCP, that the kernel has just given
// out: n of them in a row.
func freePorts(t testing.TB, n int) int {
	t.Helper()
	for range 100 {
		if port, ok := tryPorts(n); ok {
			return port
		}
	}
	t.Fatalf("no %d free ports in a row", n)
	return 0
}

func tryPorts(n int) (first int, ok bool) {
	for i := range n {
		port := 0
		if i > 0 {
			port = first + i
		}
		taken, free := portFree(port)
		if !free {
			return 0, false
		}
		if i == 0 {
			first = taken
		}
	}
	return first, true
}

// portFree reports whether a port is, for UDP and TCP; 0 is any that is.
func portFree(port int) (taken int, free bool) {
	ip := net.IPv4(127, 0, 0, 1)
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: ip, Port: port})
	if err != nil {
		return 0, false
	}
	defer udp.Close()
	taken = udp.LocalAddr().(*net.UDPAddr).Port
	tcp, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: ip, Port: taken})
	if err != nil {
		return 0, false
	}
	defer tcp.Close()
	return taken, true
}
