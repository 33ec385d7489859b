package streams_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestMSRPDeterminism: the same seed gives the same octets at the same instants, and the same notifications.
func TestMSRPDeterminism(t *testing.T) {
	run := func() string {
		var mu sync.Mutex
		var trace strings.Builder
		withTalkers(t, func(n *simnet.Network, alice, bob *talker) {
			n.SetLink("", "", simnet.LinkConfig{Latency: 10 * time.Millisecond, Jitter: 3 * time.Millisecond, Loss: 0.05})
			n.Tap(func(p simnet.Packet) {
				mu.Lock()
				defer mu.Unlock()
				fmt.Fprintf(&trace, "%d %s>%s %x\n", p.Sent.UnixNano(), p.From, p.To, p.Data)
			})
			alice.stream = streams.NewChatStream(alice.env)
			join(alice, bob, nil)
			echo := bob.env.Center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
				_, _ = n.Sender.(*streams.ChatStream).SendMessage([]byte("echo"), nil) // the stream may have ended
			}), notification.Filter{Name: "ChatStreamGotMessage"})
			defer echo.Cancel()
			for i := range 20 {
				alice.say(fmt.Sprint("from alice ", i))
				bob.say(strings.Repeat("from bob ", i))
			}
			time.Sleep(10 * time.Second)
			end(alice, bob)
			file, err := streams.NewFileTransferStream(alice.env, streams.FileSelector{Name: "f", Size: 200000, Content: rand.NewChaCha8([32]byte{})}, callsdp.SendOnly)
			check(t, err)
			alice.stream, alice.neg, bob.neg = file, callsdp.NewNegotiation(1), callsdp.NewNegotiation(1)
			join(alice, bob, nil)
			time.Sleep(10 * time.Second)
			end(alice, bob)
			mu.Lock()
			defer mu.Unlock()
			for _, p := range []*talker{alice, bob} {
				p.take()
				for _, n := range p.all {
					fmt.Fprintf(&trace, "%d %s\n", n.Timestamp.UnixNano(), n.Name)
				}
			}
		})
		return trace.String()
	}
	first := run()
	runs := 50
	if streams.RaceDetector {
		runs = 5
	}
	for range runs {
		if second := run(); second != first {
			a, b := strings.Split(first, "\n"), strings.Split(second, "\n")
			for i := range min(len(a), len(b)) {
				if a[i] != b[i] {
					t.Fatalf("line %d of %d:\n%.600s\n%.600s", i, len(a), a[i], b[i])
				}
			}
			t.Fatalf("%d and %d lines", len(a), len(b))
		}
	}
}
