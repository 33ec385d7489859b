package streams_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestChatFates: whatever happens to the network and whoever ends first, each message has one fate, what is reported
// delivered has arrived once, and nothing arrives twice or out of order (reliability I31).
func TestChatFates(t *testing.T) {
	sizes := []int{1, 100, 3000, 200000}
	if streams.RaceDetector {
		sizes[3] = 50000
	}
	rapid.Check(t, func(rt *rapid.T) {
		messages := rapid.IntRange(1, 20).Draw(rt, "messages")
		size := rapid.SampledFrom(sizes).Draw(rt, "size")
		loss := rapid.SampledFrom([]float64{0, 0.01, 0.1}).Draw(rt, "loss")
		cutAt := rapid.IntRange(0, 3000).Draw(rt, "cut at ms")
		cutFor := rapid.SampledFrom([]int{0, 1, 20, 60}).Draw(rt, "cut for s")
		endAt := rapid.IntRange(0, 5000).Draw(rt, "end at ms")
		first := rapid.Bool().Draw(rt, "alice ends first")
		withTalkers(t, func(n *simnet.Network, alice, bob *talker) {
			n.SetLink("", "", simnet.LinkConfig{Latency: 10 * time.Millisecond, Jitter: 5 * time.Millisecond})
			alice.stream = streams.NewChatStream(alice.env)
			join(alice, bob, nil)
			n.SetLink("", "", simnet.LinkConfig{Latency: 10 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: loss, Bandwidth: 8 << 20})
			if cutFor > 0 {
				cut := time.AfterFunc(time.Duration(cutAt+1)*time.Millisecond, func() { n.Cut("alice", "bob") })
				heal := time.AfterFunc(time.Duration(cutAt+1)*time.Millisecond+time.Duration(cutFor)*time.Second, func() { n.Heal("alice", "bob") })
				defer cut.Stop()
				defer heal.Stop()
			}
			for i := range messages {
				if _, err := alice.chat().SendMessage([]byte(fmt.Sprint(i, " ", strings.Repeat("x", size))), nil); err != nil {
					break // it has failed already
				}
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(time.Duration(endAt+1) * time.Millisecond)
			if first {
				end(alice, bob)
			} else {
				end(bob, alice)
			}
			judgeFates(rt, alice, bob)
		})
	})
}

func judgeFates(t *rapid.T, alice, bob *talker) {
	alice.take()
	bob.take()
	arrived := 0
	last := -1
	for _, n := range bob.all {
		if data, ok := n.Data.(streams.ChatStreamGotMessage); ok {
			number := -1
			_, _ = fmt.Sscan(string(data.Message.Body), &number)
			if number <= last {
				t.Errorf("message %d after %d", number, last)
			}
			last = number
			arrived++
		}
	}
	fates := map[string]int{}
	sent, delivered := 0, 0
	for _, n := range alice.all {
		switch data := n.Data.(type) {
		case streams.ChatStreamDidSendMessage:
			sent++
		case streams.ChatStreamDidDeliverMessage:
			fates[data.MessageID]++
			delivered++
		case streams.ChatStreamDidNotDeliverMessage:
			fates[data.MessageID]++
		}
	}
	for id, n := range fates {
		if n != 1 {
			t.Errorf("message %s has %d fates", id, n)
		}
	}
	if sent > len(fates) || delivered > arrived {
		t.Errorf("%d sent, %d fates, %d delivered, %d arrived", sent, len(fates), delivered, arrived)
	}
}
