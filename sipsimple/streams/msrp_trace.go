package streams

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// Notifications for those who look into MSRP (streams.md 6.6).
type (
	// MSRPTransportTrace: a message, with the sender [msrp.Session]; see
	// MSRPSettings.TraceMessages. A body that is neither text nor a message has a
	// marker instead, as has what is beyond 64 KiB; credentials are left out.
	MSRPTransportTrace struct {
		Direction string `field:"direction"` // "incoming" or "outgoing"
		Data      []byte `field:"data"`
	}
	// MSRPLibraryLog: what package msrp writes into the log. The sender is the stream.
	MSRPLibraryLog struct {
		Message string `field:"message"`
		Level   string `field:"level"` // "DEBUG", "INFO", …
	}
)

func (MSRPTransportTrace) NotificationName() string { return "MSRPTransportTrace" }
func (MSRPLibraryLog) NotificationName() string     { return "MSRPLibraryLog" }

// tracer is who gets the octets of the stream; nil for nobody.
func (m *msrpStream) tracer() func(*msrp.Session, msrp.TraceEntry) {
	raw := m.env.MSRP.Trace
	if !m.env.MSRP.TraceMessages {
		if raw == nil {
			return nil
		}
		return func(_ *msrp.Session, e msrp.TraceEntry) { raw(e) }
	}
	var mu sync.Mutex
	messages := map[*msrp.Session]*tracers{} // few: those that may be the peer
	return func(s *msrp.Session, e msrp.TraceEntry) {
		if raw != nil {
			raw(e)
		}
		mu.Lock()
		t := messages[s]
		if t == nil {
			t = newTracers(m.env.Center, s)
			messages[s] = t
		}
		mu.Unlock()
		if e.Sent { // each direction has a goroutine of its own
			t.outgoing.Feed(e.Data)
		} else {
			t.incoming.Feed(e.Data)
		}
	}
}

// tracers are those of the two directions of a session.
type tracers struct{ incoming, outgoing msrp.Tracer }

func newTracers(center *notification.Center, s *msrp.Session) *tracers {
	emit := func(direction string) func([]byte) {
		return func(message []byte) {
			center.Post(s, MSRPTransportTrace{direction, append([]byte{}, message...)})
		}
	}
	return &tracers{msrp.Tracer{Emit: emit("incoming")}, msrp.Tracer{Emit: emit("outgoing")}}
}

// libraryLog is the log of package msrp, which posts what is written into it.
func (m *msrpStream) libraryLog() *slog.Logger {
	logger := m.env.Logger
	if logger == nil {
		logger = slog.Default()
	}
	return slog.New(&libraryLog{logger.Handler(), m.env.Center, m.kind})
}

type libraryLog struct {
	slog.Handler
	center *notification.Center
	sender any
}

// Enabled implements [slog.Handler]: observers may want all.
func (*libraryLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (l *libraryLog) Handle(ctx context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(", " + a.Key + ": " + a.Value.String())
		return true
	})
	l.center.Post(l.sender, MSRPLibraryLog{b.String(), r.Level.String()})
	if !l.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return l.Handler.Handle(ctx, r)
}
