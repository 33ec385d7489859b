package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/hear"
)

// terminal is a command that runs, with its keys and what it prints.
type terminal struct {
	t    *testing.T
	name string
	keys *io.PipeWriter
	code chan int

	mu      sync.Mutex
	printed strings.Builder
	more    chan struct{} // closed when something is printed
}

// start runs a command line as typed.
func start(t *testing.T, name string, args ...string) *terminal {
	in, keys := io.Pipe()
	c := &terminal{t: t, name: name, keys: keys, code: make(chan int, 1), more: make(chan struct{})}
	root := newRoot()
	root.SetIn(in)
	t.Cleanup(func() {
		if text, _ := c.text(); t.Failed() {
			t.Logf("%s printed\n%s", name, text)
		}
	})
	go func() {
		c.code <- execute(root, args, c, c)
		c.keys.Close()
	}()
	return c
}

// Write is what the command prints to.
func (c *terminal) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.more)
	c.more = make(chan struct{})
	return c.printed.Write(text)
}

func (c *terminal) text() (text string, more <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.printed.String(), c.more
}

// await waits until something is printed that fits, and returns its groups.
func (c *terminal) await(pattern string) []string {
	c.t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		text, more := c.text()
		if found := regexp.MustCompile(pattern).FindStringSubmatch(text); found != nil {
			return found
		}
		select {
		case <-more:
		case <-limit.C:
			c.t.Fatalf("%s does not print %q but\n%s", c.name, pattern, text)
		}
	}
}

func (c *terminal) press(keys string) {
	c.t.Helper()
	if _, err := io.WriteString(c.keys, keys); err != nil {
		c.t.Fatal(err)
	}
}

// exit waits for the end.
func (c *terminal) exit(want int) {
	c.t.Helper()
	select {
	case code := <-c.code:
		if text, _ := c.text(); code != want {
			c.t.Fatalf("%s: exit code %d, want %d\n%s", c.name, code, want, text)
		}
	case <-time.After(20 * time.Second):
		text, _ := c.text()
		c.t.Fatalf("%s does not end\n%s", c.name, text)
	}
}

// answering starts a phone that waits for calls, and returns where.
func answering(t *testing.T, name string, args ...string) (*terminal, string) {
	c := start(t, name, append([]string{"phone", "answer", "--id", name, "--listen", "127.0.0.1:0"}, args...)...)
	at := c.await(`listening on udp (\S+)`)[1]
	c.await("waiting for calls")
	return c, fmt.Sprintf("sip:%s@%s", name, at)
}

// toneFile writes two seconds of a tone.
func toneFile(t *testing.T, dir string, hz float64) string {
	t.Helper()
	samples := make([]int16, 2*16000)
	for i := range samples {
		samples[i] = int16(10000 * math.Sin(2*math.Pi*hz*float64(i)/16000))
	}
	name := filepath.Join(dir, fmt.Sprintf("%.0f.wav", hz))
	if err := audio.WriteWaveFile(name, samples, 16000); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestTwoPhones(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	recordedBy := func(name string) string { return filepath.Join(dir, name+"-heard.wav") }
	bob, uri := answering(t, "bob", "--calls", "1", "--duration", "2s", "--play", toneFile(t, dir, 880), "--record", recordedBy("bob"))
	alice := start(t, "alice", "phone", "call", uri, "--id", "alice", "--listen", "127.0.0.1", "--play", toneFile(t, dir, 440),
		"--record", recordedBy("alice"))

	alice.await("it rings")
	bob.await("a call from sip:alice@127.0.0.1")
	bob.press("a")
	alice.await("talking with " + uri + ", [A-Z0-9]+, from 127.0.0.1")
	bob.await("talking with sip:alice@127.0.0.1")
	alice.press("1#")
	bob.await(`they pressed 1\n(.*\n)*.*they pressed #`)
	alice.press("h")
	bob.await("put on hold by them")
	alice.press("h")
	bob.await("resumed by them")
	alice.await("resumed by us")
	alice.press("m")
	alice.await("muted")
	alice.press("m?")
	alice.await(`not muted any more\n(.*\n)*keys: a answer`)
	alice.press("tsip:nobody@127.0.0.1:9;transport=tcp\n")
	bob.await("they want to transfer us to sip:nobody@127.0.0.1:9")
	bob.press("r")
	alice.await("the transfer failed: 603")
	alice.exit(0)
	bob.exit(0)
	alice.await(`ended by them after \d+\.\d s; [1-9]\d* packets out, [1-9]\d* in, \d+ lost`)

	for _, name := range []string{"alice", "bob"} {
		heardBoth(t, name, recordedBy(name))
	}
}

// heardBoth wants both tones in a recording, each somewhere: on a busy machine
// there are gaps, and beside a gap there seem to be more tones.
func heardBoth(t *testing.T, name, file string) {
	t.Helper()
	samples, rate, err := audio.ReadWaveFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tones := []float64{440, 880}
	heard := map[float64]bool{}
	for part := range slices.Chunk(samples, rate/5) {
		for _, hz := range hear.Measure(part, rate, tones).Tones {
			heard[hz] = true
		}
	}
	if !heard[440] || !heard[880] {
		t.Errorf("%s recorded %+v, want both tones", name, hear.Measure(samples, rate, tones))
	}
}

func TestPhoneTransfersByItself(t *testing.T) {
	t.Parallel()
	carol, toCarol := answering(t, "carol", "--auto-answer", "--calls", "1")
	bob, toBob := answering(t, "bob", "--auto-answer", "--calls", "2")
	alice := start(t, "alice", "phone", "call", toBob, "--id", "alice", "--listen", "127.0.0.1")
	alice.await("talking with")
	alice.press("t" + toCarol + "\n")
	alice.await("transferred")
	alice.exit(0)
	bob.await("they transfer us to " + toCarol)
	carol.await("talking with sip:bob@")
	bob.await("ended by them") // the call of alice
	bob.press("q")
	bob.exit(0)
	carol.exit(0)
}

func TestPhoneFails(t *testing.T) {
	t.Parallel()
	bob, uri := answering(t, "bob", "--calls", "1")
	alice := start(t, "alice", "phone", "call", uri, "--listen", "127.0.0.1")
	bob.await("a call from")
	bob.press("r")
	alice.exit(exitFailed)
	alice.await("the call failed: 603 Decline")
	bob.exit(0)

	bob, uri = answering(t, "bob")
	alice = start(t, "alice", "phone", "call", strings.Replace(uri, "bob", "nobody", 1), "--listen", "127.0.0.1")
	alice.exit(exitFailed)
	alice.await("the call failed: 404 Not Found")
	bob.press("5q")
	bob.await("there is no call")
	bob.exit(0)
}

func TestPhoneForAWhile(t *testing.T) {
	t.Parallel()
	bob, uri := answering(t, "bob", "--auto-answer", "--calls", "2")
	for _, transport := range []string{"udp", "tcp"} {
		uri := uri
		if transport == "tcp" {
			uri = "sip:bob@" + bob.await(`listening on tcp (\S+)`)[1]
		}
		alice := start(t, "alice", "phone", "call", uri, "--listen", "127.0.0.1", "--transport", transport, "--duration", "300ms")
		alice.exit(0)
		alice.await(`ended by us after \d+\.\d s`)
	}
	bob.exit(0)
}

func TestPhoneBadInput(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		err  string
	}{
		{[]string{"phone", "call"}, "expected one URI"},
		{[]string{"phone", "call", "sip:@"}, "sip:@"},
		{[]string{"phone", "call", "bob", "--listen", "127.0.0.1"}, "no domain"},
		{[]string{"phone", "call", "http://127.0.0.1", "--listen", "127.0.0.1"}, "no SIP URI"},
		{[]string{"phone", "call", "sip:bob@127.0.0.1", "--transport", "sctp"}, "--transport sctp: expected udp, tcp or tls"},
		{[]string{"phone", "call", "sip:bob@127.0.0.1", "--proxy", "x:y:z", "--listen", "127.0.0.1"}, "--proxy x:y:z: expected HOST"},
		{[]string{"phone", "call", "sip:bob@127.0.0.1", "--id", "a b@c", "--listen", "127.0.0.1"}, "is not user@domain"},
		{[]string{"phone", "call", "sip:bob@127.0.0.1", "--duration", "-5s"}, "--duration -5s: expected"},
		{[]string{"phone", "answer", "--calls", "-1"}, "--calls -1: expected"},
		{[]string{"phone", "call", "sip:bob@127.0.0.1", "--listen", "x"}, "--listen x"},
		{[]string{"phone", "call", "sip:bob@127.0.0.1", "--play", filepath.Join(dir, "none.wav")}, "none.wav"},
		{[]string{"phone", "call", "sip:bob@127.0.0.1", "--input", "no such device"}, "device"},
		{[]string{"phone", "answer", "--id", "@"}, "is not user@domain"},
	} {
		code, out, err := run(t, c.args...)
		if code != exitBadInput || !strings.Contains(err, c.err) {
			t.Errorf("callflow %s: exit %d, want 2 and %q\n%s\n%s", strings.Join(c.args, " "), code, c.err, out, err)
		}
	}
}

// The phone of a folder has its accounts and settings.
func TestPhoneWithConfiguration(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	const config = `Accounts:
    alice@127.0.0.1:
        enabled: true
        display_name: Alice
        sip:
            register: false
SIPSimpleSettings:
    sip:
        transport_list: [udp]
`
	if err := os.WriteFile(filepath.Join(folder, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	bob, uri := answering(t, "bob", "--auto-answer", "--calls", "1")
	alice := start(t, "alice", "phone", "call", uri, "--config", folder, "--listen", "127.0.0.1", "--duration", "200ms")
	alice.exit(exitOK)
	bob.await("talking with sip:alice@127.0.0.1")
	bob.exit(exitOK)

	nobody := start(t, "nobody", "phone", "answer", "--config", folder, "--id", "nobody@127.0.0.1", "--listen", "127.0.0.1:0")
	nobody.exit(exitBadInput)
	nobody.await("there is no such account, enabled, in " + regexp.QuoteMeta(folder))
}
