package notification_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

type happened struct {
	Code   int       `field:"code"`
	Reason string    `field:"reason,null"`
	Ack    ackState  `field:"ack_received,omit"`
	At     time.Time // no attribute
}

func (happened) NotificationName() string { return "TestHappened" }

type ackState int

func (a ackState) FieldValue() any { return a == 1 }

type other struct{}

func (other) NotificationName() string { return "TestOther" }

func TestDeliveryIsInPostingOrderAndBreadthFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := notification.NewCenter(nil)
		var log []string
		record := func(who string) notification.ObserverFunc {
			return func(n notification.Notification) {
				log = append(log, fmt.Sprint(who, n.Seq))
				if who == "a" && n.Seq == 1 {
					c.Post("x", other{})
				}
			}
		}
		c.AddObserver(record("a"))
		c.AddObserver(record("b"))
		c.Post("x", happened{})
		synctest.Wait()
		if want := []string{"a1", "b1", "a2", "b2"}; !slices.Equal(log, want) {
			t.Fatalf("delivered %v, want %v", log, want)
		}
	})
}

func TestFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := notification.NewCenter(nil)
		counts := map[string]int{}
		count := func(who string, filters ...notification.Filter) *notification.Handle {
			return c.AddObserver(notification.ObserverFunc(func(notification.Notification) { counts[who]++ }), filters...)
		}
		count("name", notification.Filter{Name: "TestHappened"})
		count("sender", notification.Filter{Sender: "x"})
		count("either", notification.Filter{Name: "TestHappened"}, notification.Filter{Sender: "x"})
		gone := count("gone")
		gone.Cancel()
		gone.Cancel()
		c.Post("x", happened{})
		c.Post("y", happened{})
		c.Post("x", other{})
		synctest.Wait()
		want := map[string]int{"name": 2, "sender": 2, "either": 3}
		if fmt.Sprint(counts) != fmt.Sprint(want) {
			t.Fatalf("got %v, want %v", counts, want)
		}
	})
}

func TestPanicHarmsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		c := notification.NewCenter(slog.New(slog.NewTextHandler(&out, nil)))
		reached := 0
		c.AddObserver(notification.ObserverFunc(func(notification.Notification) { panic("boom") }))
		c.AddObserver(notification.ObserverFunc(func(notification.Notification) { reached++ }))
		c.Post("x", happened{})
		c.Post("x", other{})
		synctest.Wait()
		if reached != 2 {
			t.Fatalf("the other observer was called %d times, want 2", reached)
		}
		if !strings.Contains(out.String(), "TestHappened") || !strings.Contains(out.String(), "boom") {
			t.Fatalf("log does not name the notification and the panic: %s", out.String())
		}
	})
}

func TestPostWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := notification.NewCenter(nil)
		seen := ""
		c.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			seen += n.Name + " "
			if n.Name == "TestHappened" { // from the dispatcher: must not wait for itself
				if err := c.PostWait(n.Context(), "x", other{}); err != nil {
					t.Error(err)
				}
			}
		}))
		if err := c.PostWait(t.Context(), "x", happened{}); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(t.Context()); err != nil || seen != "TestHappened TestOther " {
			t.Fatalf("after Flush: %q, %v", seen, err)
		}
		if err := c.PostWait(t.Context(), "x", other{}); err != nil || seen != "TestHappened TestOther TestOther " {
			t.Fatalf("PostWait returned before delivery: %q, %v", seen, err)
		}
	})
}

func TestSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := notification.NewCenter(nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		events := c.Subscribe(ctx, notification.Filter{Name: "TestHappened"})
		c.Post("x", happened{Code: 1})
		c.Post("x", other{})
		c.Post("x", happened{Code: 2})
		var codes []int
		for n := range events {
			codes = append(codes, n.Data.(happened).Code)
			if len(codes) == 2 {
				cancel()
			}
		}
		if !slices.Equal(codes, []int{1, 2}) {
			t.Fatalf("got %v", codes)
		}
	})
}

func TestFields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		c := notification.NewCenter(nil)
		var got []map[string]any
		c.AddObserver(notification.ObserverFunc(func(n notification.Notification) { got = append(got, n.Fields()) }))
		c.Post("x", happened{Code: 200, Reason: "OK", Ack: 1})
		c.Post("x", happened{})
		synctest.Wait()
		want := []map[string]any{
			{"code": 200, "reason": "OK", "ack_received": true, "timestamp": now},
			{"code": 0, "reason": nil, "timestamp": now},
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	})
}

func BenchmarkPostWait(b *testing.B) {
	c := notification.NewCenter(nil)
	c.AddObserver(notification.ObserverFunc(func(notification.Notification) {}))
	for b.Loop() {
		_ = c.PostWait(context.Background(), "x", other{})
	}
}

// Observers of a sender and observers of everything are called in the order in
// which they were added, and each once.
func TestOrderOfRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := notification.NewCenter(nil)
		var log []string
		add := func(who string, filters ...notification.Filter) *notification.Handle {
			return c.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
				log = append(log, fmt.Sprint(who, n.Sender))
			}), filters...)
		}
		x, y := notification.Filter{Sender: "x"}, notification.Filter{Sender: "y"}
		add("a", x)
		add("b")
		gone := add("c", x)
		add("d", y, x, notification.Filter{Name: "TestOther", Sender: "y"})
		add("e", notification.Filter{Name: "TestHappened"})
		add("f", x)
		gone.Cancel()
		gone.Cancel()
		c.Post("x", happened{})
		c.Post("y", other{})
		c.Post([]int{1}, happened{}) // cannot be a key
		synctest.Wait()
		if want := []string{"ax", "bx", "dx", "ex", "fx", "by", "dy", "b[1]", "e[1]"}; !slices.Equal(log, want) {
			t.Errorf("called %v, want %v", log, want)
		}
	})
}

// TestManyRegistrations: those that are left of a thousand are called, in their
// order, whatever memory the others gave back.
func TestManyRegistrations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := notification.NewCenter(nil)
		var log []string
		var handles []*notification.Handle
		for sender := range 1000 {
			for _, who := range []string{"a", "b"} {
				handles = append(handles, c.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
					log = append(log, fmt.Sprint(who, n.Sender))
				}), notification.Filter{Sender: sender}))
			}
		}
		for i, h := range handles {
			if i/2%400 != 7 {
				h.Cancel()
			}
		}
		for sender := range 1000 {
			c.Post(sender, happened{})
		}
		synctest.Wait()
		if want := []string{"a7", "b7", "a407", "b407", "a807", "b807"}; !slices.Equal(log, want) {
			t.Errorf("called %v, want %v", log, want)
		}
	})
}
