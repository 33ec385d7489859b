package transaction_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
)

// survivor is an executor on which a panic ends one step only.
type survivor struct{ box mailbox.Mailbox }

func (s *survivor) Post(f func()) {
	s.box.Post(func() {
		defer func() { _ = recover() }()
		f()
	})
}

// TestTimersRunOutInOrder: whatever the order in which they are started, timers run
// out by time, and at the same instant as they were started, whatever the scheduler
// does; one that was stopped does not, and one that panics harms no other.
func TestTimersRunOutInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := &survivor{}
		layer := transaction.NewLayer(transaction.LayerConfig{Executor: exec})
		began, got, want := time.Now(), []string{}, []string{}
		exec.Post(func() {
			for i := range 300 {
				d := time.Duration([]int{3, 1, 2}[i%3]) * time.Second
				stop := layer.After(d, func() {
					got = append(got, fmt.Sprintf("%v %03d", time.Since(began), i))
					if i%10 == 0 {
						panic("on purpose")
					}
				})
				if i%7 == 0 {
					stop()
				} else {
					want = append(want, fmt.Sprintf("%v %03d", d, i))
				}
			}
		})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("got\n%q\nwant\n%q", got, want)
		}
		exec.Post(func() {
			layer.After(time.Second, func() { t.Error("a timer runs out after Close") })
			layer.Close()
			layer.After(0, func() { t.Error("a timer of a closed layer runs out") })
		})
		time.Sleep(10 * time.Second)
	})
}

// TestTimerStartedByATimer: one of no time runs out at once, but not before what is
// due already; the queue goes on waiting after it was empty.
func TestTimerStartedByATimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec, got := &survivor{}, []string{}
		layer := transaction.NewLayer(transaction.LayerConfig{Executor: exec})
		say := func(text string) func() { return func() { got = append(got, text) } }
		exec.Post(func() {
			layer.After(time.Second, func() { layer.After(0, say("third")); say("first")() })
			layer.After(time.Second, say("second"))
		})
		time.Sleep(time.Minute)
		exec.Post(func() { layer.After(time.Minute, say("never")); layer.After(time.Second, say("fourth")) })
		time.Sleep(2 * time.Second)
		exec.Post(layer.Close)
		synctest.Wait()
		if want := []string{"first", "second", "third", "fourth"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
