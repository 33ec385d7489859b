package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

// echo is a microphone of baresip: it hears the loudspeaker. It does not survive
// being held, nor a second call.
const echo = "aubridge,loop"

// baresipTone is what baresip says when it is no echo, in Hz.
const baresipTone = 440

// baresip is a running baresip. It answers every call.
type baresip struct {
	t       testing.TB
	process *process
	port    int // of SIP
	control net.Conn

	mu     sync.Mutex
	events []string      // of calls, such as "CALL_ESTABLISHED", with their parameter
	read   int           // of events
	more   chan struct{} // closed when there is an event
}

// baresipConfig is its configuration; the network is the loopback interface.
const baresipConfig = `poll_method epoll
sip_listen 127.0.0.1:%d
net_interface 127.0.0.1
call_max_calls 1000
audio_player aubridge,loop
audio_source %s
audio_alert aubridge,bell
module_path %s
module g711.so
module g722.so
module opus.so
module aubridge.so
module aufile.so
module srtp.so
module ice.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:%d
`

// startBaresip runs baresip with a microphone, echo or the tone file of the test,
// and with parameters of its account such as "mediaenc=srtp".
func startBaresip(t testing.TB, microphone, account string) *baresip {
	t.Helper()
	need(t, "baresip", "baresip-core")
	modules, err := filepath.Glob("/usr/lib*/*baresip/modules")
	if err != nil || len(modules) == 0 {
		t.Skip("needs the modules of baresip (Debian: baresip-core): 1 test is skipped")
	}
	for range 5 { // somebody may take the ports first
		dir := t.TempDir()
		b := &baresip{t: t, port: freePorts(t, 2), more: make(chan struct{})} // TLS is on the second
		control := freePorts(t, 1)
		write(t, dir, "config", fmt.Sprintf(baresipConfig, b.port, microphone, modules[0], control))
		write(t, dir, "accounts", fmt.Sprintf("<sip:baresip@127.0.0.1:%d>;regint=0;answermode=auto;%s\n", b.port, account))
		write(t, dir, "contacts", "")
		b.process = start(t, dir, "baresip", "-f", dir)
		if b.ready() && b.connect(control) {
			return b
		}
		b.process.stop()
	}
	t.Fatal("baresip does not find its ports free")
	return nil
}

// tone is a microphone of baresip that hears a minute of baresipTone.
func tone(t testing.TB) string {
	t.Helper()
	const rate = 8000
	samples := make([]int16, 60*rate)
	for i := range samples {
		samples[i] = int16(10000 * math.Sin(2*math.Pi*baresipTone*float64(i)/rate))
	}
	name := filepath.Join(t.TempDir(), "tone.wav")
	if err := audio.WriteWaveFile(name, samples, rate); err != nil {
		t.Fatal(err)
	}
	return "aufile," + name
}

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// ready waits until it has started; false when a port was taken.
func (b *baresip) ready() bool {
	b.t.Helper()
	limit := time.After(patience)
	for {
		text, more := b.process.text()
		switch {
		case strings.Contains(text, "Address already in use"):
			return false
		case strings.Contains(text, "baresip is ready"):
			return true
		}
		select {
		case <-more:
		case <-b.process.done:
			return false
		case <-limit:
			b.t.Fatalf("baresip does not start:\n%s", text)
		}
	}
}

// connect opens the control connection: JSON in netstrings.
func (b *baresip) connect(port int) bool {
	var err error
	if b.control, err = net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
		return false
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		b.listen()
	}()
	b.t.Cleanup(func() {
		_ = b.control.Close() // all that may fail is the closing
		<-over
	})
	return true
}

// listen collects events until the connection ends.
func (b *baresip) listen() {
	in := bufio.NewReader(b.control)
	for {
		size, err := in.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(size, ":"))
		if err != nil {
			return
		}
		data := make([]byte, n+1) // and a comma
		if _, err := io.ReadFull(in, data); err != nil {
			return
		}
		var message struct {
			Event       bool
			Type, Param string
			Response    bool
			OK          bool
			Data        string
		}
		switch err := json.Unmarshal(data[:n], &message); {
		case err != nil:
			b.note("unreadable " + string(data[:n]))
		case message.Event:
			b.note(message.Type + " " + message.Param)
		default:
			b.note(fmt.Sprintf("answer %v %s", message.OK, message.Data))
		}
	}
}

func (b *baresip) note(event string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, event)
	close(b.more)
	b.more = make(chan struct{})
}

// tell has baresip do something.
func (b *baresip) tell(command, params string) {
	b.t.Helper()
	text, err := json.Marshal(map[string]string{"command": command, "params": params})
	if err == nil {
		_, err = fmt.Fprintf(b.control, "%d:%s,", len(text), text)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// await waits for an event that begins so, after those that were waited for.
func (b *baresip) await(event string) string {
	b.t.Helper()
	limit := time.After(patience)
	for {
		b.mu.Lock()
		for b.read < len(b.events) {
			e := b.events[b.read]
			b.read++
			if strings.HasPrefix(e, event) {
				b.mu.Unlock()
				return e
			}
		}
		more, seen := b.more, strings.Join(b.events, "\n")
		b.mu.Unlock()
		select {
		case <-more:
		case <-limit:
			b.t.Fatalf("baresip does not tell %q but\n%s", event, seen)
		}
	}
}

func (b *baresip) uri() string { return fmt.Sprintf("sip:baresip@127.0.0.1:%d", b.port) }
