package wire_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// overTCP is what differs from a datagram: the end of a message is known by
// Content-Length only.
var overTCP = map[string]string{
	"clerr.dat":   "timeout",    // the body never comes
	"baddn.dat":   "timeout",    // the empty line never comes
	"test.dat":    "drop",       // no Via
	"dblreq.dat":  "405 accept", // both messages count: REGISTER, INVITE
	"inv2543.dat": "400 close",  // RFC 3261 section 20.14: Content-Length is mandatory
	"ncl.dat":     "400 close",
	"mcl01.dat":   "400 close",
}

// TestTortureStreams sends each message of RFC 4475 to a transport over a
// connection of its own and looks at what comes back and through.
func TestTortureStreams(t *testing.T) {
	dir := tortureDir(t)
	want := expectations(t, dir, "rfc4475")
	for name, expected := range want {
		if other, ok := overTCP[name]; ok {
			expected = other
		}
		data, err := os.ReadFile(filepath.Join(dir, "rfc4475", name))
		if err != nil {
			t.Fatal(err)
		}
		inNetwork(t, func(n *simnet.Network) {
			alice, bob := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil)
			if got := streamVerdict(t, alice, bob, data); !allowed(got, expected) {
				t.Errorf("%s: got %s, want %s\n%s", name, got, expected, bob.logs.String())
			}
			alice.Close()
			bob.Close()
		})
	}
}

// streamVerdict is the statuses that came back and the verdicts of the user
// agent on what came through, and how the connection ended if it did early.
func streamVerdict(t *testing.T, alice, bob *node, data []byte) string {
	conn, err := alice.host.Dial("tcp", bob.at(t, "tcp").Addr.String())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var answer strings.Builder
	var closed time.Duration
	go func() {
		_, _ = io.Copy(&answer, conn)
		closed = time.Since(began)
		_ = conn.Close()
	}()
	_, _ = conn.Write(data)
	pass(40 * time.Second)
	var words []string
	for line := range strings.Lines(answer.String()) {
		if status, ok := strings.CutPrefix(line, "SIP/2.0 "); ok {
			words = append(words, status[:3])
		}
	}
	for _, m := range bob.take() {
		words = append(words, verdict(wire.Result{Msg: m.Msg}))
	}
	switch {
	case closed > 0 && closed < time.Second:
		words = append(words, "close")
	case closed > 30*time.Second && len(words) == 0 && bob.logs.Len() == 0:
		words = append(words, "timeout")
	case len(words) == 0:
		words = append(words, "drop")
	}
	_ = conn.Close()
	synctest.Wait()
	return strings.Join(words, " ")
}
