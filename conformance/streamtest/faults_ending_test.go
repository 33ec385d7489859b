package streamtest_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/streamtest"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// endFaults are mistakes of Deactivate and End: clauses 70 to 85.
var endFaults = []fault{
	{clause: 70, name: "Deactivate again is told", stream: func(b *broken) {
		var times atomic.Int64
		b.deactivate = func() {
			if times.Add(1) == 3 {
				b.post(strange{})
			}
		}
	}},
	{clause: 71, name: "Deactivate does nothing", chat: true, stream: func(b *broken) { b.deactivate = func() {} }},
	{clause: 72, name: "it does not tell that the peer has gone", chat: true, stream: func(b *broken) {
		b.filter = func(data notificationData) bool {
			fail, failed := data.(streams.MediaStreamDidFail)
			return !failed || fail.Context != "reading"
		}
	}},
	{clause: 73, name: "after Deactivate it ends twice", stream: deactivated(func(b *broken, off func() bool) {
		b.filter = func(data notificationData) bool {
			if data.NotificationName() == "MediaStreamWillEnd" && off() && !b.has("DidStart") && !b.has("DidFail") {
				b.post(data)
			}
			return true
		}
	})},
	{clause: 74, name: "after Deactivate it does not tell that it will end", stream: deactivated(func(b *broken, off func() bool) {
		b.filter = func(data notificationData) bool {
			return data.NotificationName() != "MediaStreamWillEnd" || !off() || !b.has("DidStart")
		}
	})},
	{clause: 75, name: "a fresh stream ends", stream: func(b *broken) {
		b.end = func() {
			if !b.has("DidInitialize") && !b.has("DidFail") {
				b.post(streams.MediaStreamWillEnd{})
				b.post(streams.MediaStreamDidEnd{})
			}
			b.MediaStream.End()
		}
	}},
	{clause: 76, name: "End after the end is told", stream: func(b *broken) {
		b.end = func() {
			if b.has("DidEnd") {
				b.post(streams.MediaStreamDidEnd{})
			}
			b.MediaStream.End()
		}
	}},
	{clause: 77, name: "everybody ends it", stream: func(b *broken) {
		var calls atomic.Int64
		b.end = func() {
			calls.Add(1)
			time.Sleep(time.Millisecond)
			if calls.Load() >= 10 && !b.has("DidEnd") {
				b.post(streams.MediaStreamWillEnd{})
			}
			b.MediaStream.End()
		}
	}},
	{clause: 78, name: "End waits", stream: func(b *broken) {
		b.end = func() { b.MediaStream.End(); time.Sleep(200 * time.Millisecond) }
	}},
	{clause: 79, name: "the end takes long", stream: func(b *broken) {
		b.filter = func(data notificationData) bool {
			if data.NotificationName() != "MediaStreamDidEnd" || !b.has("DidStart") {
				return true
			}
			time.AfterFunc(6*time.Second, func() { b.post(data) })
			return false
		}
	}},
	{clause: 80, name: "a timer is still running", stream: func(b *broken) {
		b.filter = func(data notificationData) bool {
			if data.NotificationName() == "MediaStreamDidEnd" {
				time.AfterFunc(20*time.Second, func() { b.post(strange{}) })
			}
			return true
		}
	}},
	{clause: 81, name: "every 8th stream keeps a socket", stream: func(b *broken) {
		n := b.class.next()
		b.start = func(local, remote *sdp.SessionDescription, index int) error {
			if n%8 == 1 && n > 1 {
				_, _ = b.env.Net.ListenPacket("udp", ":0")
			}
			return b.MediaStream.Start(local, remote, index)
		}
	}},
	{clause: 82, name: "End needs Deactivate", stream: deactivated(func(b *broken, off func() bool) {
		b.end = func() {
			if off() || !b.has("DidStart") {
				b.MediaStream.End()
			}
		}
	})},
	{clause: 83, name: "the end of what never began", stream: func(b *broken) {
		var once sync.Once
		b.end = func() {
			if b.has("DidFail") && !b.has("DidInitialize") {
				once.Do(func() { b.post(streams.MediaStreamWillEnd{}); b.post(streams.MediaStreamDidEnd{}) })
			}
			b.MediaStream.End()
		}
	}},
	{clause: 84, name: "it fails again", stream: func(b *broken) {
		b.update = func(local, remote *sdp.SessionDescription, index int) {
			if b.has("DidFail") && !b.has("DidEnd") {
				b.post(streams.MediaStreamDidFail{Reason: "still broken"})
			}
			b.MediaStream.Update(local, remote, index)
		}
	}},
	{clause: 85, name: "an update after the end is told", stream: func(b *broken) {
		b.update = func(local, remote *sdp.SessionDescription, index int) {
			if b.has("DidEnd") {
				b.post(strange{})
			}
			b.MediaStream.Update(local, remote, index)
		}
	}},
}

// deactivated makes a fault that knows whether Deactivate was called.
func deactivated(breaks func(b *broken, off func() bool)) breaker {
	return func(b *broken) {
		var called atomic.Bool
		b.deactivate = func() { called.Store(true); b.MediaStream.Deactivate() }
		breaks(b, called.Load)
	}
}

// dated is a notification with a date of its own.
type dated struct {
	When time.Time `field:"timestamp"`
}

func (dated) NotificationName() string { return "BrokenStreamDidDate" }

// live is a notification that changes while it is read.
type live struct {
	Count counter `field:"count"`
}

func (live) NotificationName() string { return "BrokenStreamDidCount" }

type counter struct{ n *atomic.Int64 }

// FieldValue is what observers see.
func (c counter) FieldValue() any { return c.n.Add(1) }

// conductFaults are mistakes with notifications, goroutines and the owner: clauses 86 to 95.
var conductFaults = []fault{
	{clause: 86, name: "somebody else posts", stream: func(b *broken) {
		b.filter = before("MediaStreamDidStart", func() { b.env.Center.Post(b.MediaStream, streams.MediaStreamDidStart{}) })
	}},
	{clause: 87, name: "time runs backwards", stream: func(b *broken) { b.filter = before("MediaStreamDidStart", func() { b.post(dated{}) }) }},
	{clause: 88, name: "no two observers see the same", stream: func(b *broken) {
		b.filter = before("MediaStreamDidStart", func() { b.post(live{counter{new(atomic.Int64)}}) })
	}},
	{clause: 89, name: "End waits for the observers", stream: func(b *broken) {
		b.end = func() {
			b.MediaStream.End()
			_ = b.env.Center.Flush(context.Background())
		}
	}},
	{clause: 90, name: "an error in the log is its own", fixture: func(_ *class, f *streamtest.Fixture) {
		f.Prepare = func(env *streams.Environment) { env.Logger = slog.New(&nervous{}) }
	}, stream: func(b *broken) {
		b.filter = func(data notificationData) bool {
			return data.NotificationName() != "MediaStreamDidEnd" || !b.env.Logger.Handler().(*nervous).upset.Load()
		}
	}},
	{clause: 91, name: "one at a time", stream: func(b *broken) {
		var busy atomic.Bool
		b.hold = func() {
			if busy.Swap(true) {
				panic("two at the same time")
			}
			time.Sleep(time.Millisecond)
			b.MediaStream.Hold()
			busy.Store(false)
		}
	}},
	{clause: 92, name: "it hangs up", stream: owning(func(s streams.Session) { s.(interface{ End() }).End() })},
	{clause: 93, name: "it keeps its owner", stream: func(b *broken) {
		var keep []streams.Session
		b.initialize = func(s streams.Session, d streams.Direction) error {
			keep = append(keep, s)
			return b.MediaStream.Initialize(s, d)
		}
		b.path = func() map[string]any { return map[string]any{"owner": keep} }
	}},
	{clause: 94, name: "one ends, all are silent", stream: func(b *broken) {
		send := b.send
		b.end = func() {
			b.class.mu.Lock()
			b.class.ended[b.env] = b.class.ended[b.env] || b.has("DidFail")
			b.class.mu.Unlock()
			b.MediaStream.End()
		}
		b.send = func(unit int) error {
			b.class.mu.Lock()
			silent := b.class.ended[b.env]
			b.class.mu.Unlock()
			if silent {
				return nil
			}
			return send(unit)
		}
	}},
	{clause: 95, name: "it asks for the subject", stream: owning(func(s streams.Session) { s.(interface{ Subject() *string }).Subject() })},
}

// owning does something with the owner when the stream is initialised.
func owning(do func(streams.Session)) breaker {
	return func(b *broken) {
		b.initialize = func(s streams.Session, d streams.Direction) error {
			do(s)
			return b.MediaStream.Initialize(s, d)
		}
	}
}

// nervous is a log handler that remembers errors.
type nervous struct{ upset atomic.Bool }

func (*nervous) Enabled(context.Context, slog.Level) bool { return true }
func (n *nervous) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		n.upset.Store(true)
	}
	return nil
}
func (n *nervous) WithAttrs([]slog.Attr) slog.Handler { return n }
func (n *nervous) WithGroup(string) slog.Handler      { return n }
