package streams_test

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestSameBytes: the same call on the same seed is the same to the octet and
// the nanosecond, with losses and jitter.
func TestSameBytes(t *testing.T) {
	first := trace(t)
	runs := 20
	if streams.RaceDetector {
		runs = 3
	}
	for range runs {
		if again := trace(t); again != first {
			t.Fatalf("another call than before: %s, %s", again, first)
		}
	}
}

func trace(t *testing.T) string {
	t.Helper()
	var mu sync.Mutex
	sum := sha256.New()
	inLab(t, func(n *simnet.Network) {
		n.SetLink("", "", simnet.LinkConfig{Latency: 15 * time.Millisecond, Jitter: 25 * time.Millisecond, Loss: 0.03, Duplicate: 0.02})
		n.Tap(func(p simnet.Packet) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintln(sum, p.Sent.UnixNano(), p.Arrives.UnixNano(), p.Src, p.Dst, p.Lost, p.Data)
		})
		alice, bob := newParty(t, n, "alice", options{}, 440), newParty(t, n, "bob", options{}, 880)
		establish(t, alice, bob)
		time.Sleep(2 * time.Second)
		alice.stream.Hold()
		time.Sleep(time.Second)
		renegotiate(t, alice, bob)
		time.Sleep(2 * time.Second)
		from := time.Now().Add(-5 * time.Second)
		heard := []any{alice.sound.Heard(from, time.Now()), bob.sound.Heard(from, time.Now())}
		alice.close()
		bob.close()
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(sum, heard, alice.audio().Totals(), bob.audio().Totals(), alice.take(), bob.take())
	})
	return fmt.Sprintf("%x", sum.Sum(nil)[:8])
}
