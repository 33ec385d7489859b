package daemon

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// ErrAbsent: the program is not installed.
var ErrAbsent = errors.New("not installed")

const (
	startLimit = 30 * time.Second
	stopLimit  = 20 * time.Second
	tailLength = 12 // lines of its log that an error tells
)

// process is a program that runs.
type process struct {
	name  string
	dir   string // of its files, removed at the end
	cmd   *exec.Cmd
	leash io.Closer     // closed: the program is to end
	ended chan struct{} // closed when it has closed its log, that is when all of it has ended

	mu   sync.Mutex
	tail []string // last lines of its log
}

// keeper runs a program, and kills it, its children and itself when its own
// standard input ends: by Close, or because this process has ended in whatever
// way. They are not asked to end by themselves: Kamailio sometimes does not, and
// nothing of theirs is to be kept.
const keeper = `"$@" </dev/null & exec 1>&- 2>&-; read -r _; kill -KILL 0`

// look finds a program, also where a user's PATH does not lead.
func look(program string) (string, error) {
	for _, name := range []string{program, "/usr/sbin/" + program, "/usr/local/sbin/" + program, "/usr/local/bin/" + program} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s is %w", program, ErrAbsent)
}

// newFolder makes a folder for the files of a program, which its owner alone can
// read: there are passwords in them.
func newFolder(name string, files map[string]string) (string, error) {
	dir, err := os.MkdirTemp("", "callflow-"+name)
	for file, text := range files {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600)
		}
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	return dir, nil
}

// run starts a program in its folder and waits until a line of its log, on
// standard error or output, contains ready. The folder is the program's from
// here on.
func run(dir, ready string, program string, args ...string) (*process, error) {
	p := &process{name: filepath.Base(program), dir: dir, ended: make(chan struct{})}
	p.cmd = exec.Command("/bin/sh", append([]string{"-c", keeper, "sh", program}, args...)...)
	p.cmd.Dir = dir
	ownGroup(p.cmd)
	leash, err := p.cmd.StdinPipe()
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	p.leash = leash
	log, far, err := os.Pipe()
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	p.cmd.Stdout, p.cmd.Stderr = far, far
	err = p.cmd.Start()
	_ = far.Close()
	if err != nil {
		_ = log.Close()
		_ = os.RemoveAll(dir)
		return nil, err
	}
	isReady := make(chan struct{})
	go p.follow(log, ready, isReady)
	timer := time.NewTimer(startLimit)
	defer timer.Stop()
	select {
	case <-isReady:
		return p, nil
	case <-p.ended:
		err = fmt.Errorf("%s has ended; its log:\n%s", p.name, p.last())
	case <-timer.C:
		err = fmt.Errorf("%s is not ready after %v; its log:\n%s", p.name, startLimit, p.last())
	}
	return nil, errors.Join(err, p.Close())
}

// follow reads the log to its end.
func (p *process) follow(log io.ReadCloser, ready string, isReady chan struct{}) {
	defer close(p.ended)
	defer log.Close()
	said := false
	for lines := bufio.NewReader(log); ; {
		line, err := lines.ReadString('\n')
		if !said && strings.Contains(line, ready) {
			said = true
			close(isReady)
		}
		if line = strings.TrimSpace(line); line != "" {
			p.mu.Lock()
			p.tail = append(p.tail, line)
			p.tail = p.tail[max(0, len(p.tail)-tailLength):]
			p.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

func (p *process) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.tail, "\n")
}

// Close ends the program, waits for that, and removes its files.
func (p *process) Close() error {
	defer os.RemoveAll(p.dir)
	_ = p.leash.Close()
	_ = p.cmd.Wait() // its exit code is that of the signal
	timer := time.NewTimer(stopLimit)
	defer timer.Stop()
	select {
	case <-p.ended:
		return nil
	case <-timer.C:
		return fmt.Errorf("%s does not end within %v", p.name, stopLimit)
	}
}

// FreePort is a port of an address of this machine that nobody has now, for UDP
// and for TCP.
func FreePort(addr netip.Addr) (netip.AddrPort, error) {
	for range 100 {
		udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: addr.AsSlice()})
		if err != nil {
			return netip.AddrPort{}, err
		}
		at := netip.AddrPortFrom(addr, udp.LocalAddr().(*net.UDPAddr).AddrPort().Port())
		tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
		_ = udp.Close()
		if err == nil {
			return at, tcp.Close()
		}
	}
	return netip.AddrPort{}, fmt.Errorf("no port of %v is free for UDP and for TCP", addr)
}
