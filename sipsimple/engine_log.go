package sipsimple

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// SIPEngineLog: the SIP stack has something to say (application.md 13.3), in an
// application with storage: lines up to the level of the setting
// logs.pjsip_level. Nothing that a peer has written is in them. The sender is
// the [core.Engine].
type SIPEngineLog struct {
	Level   int    `field:"level"`  // 1 error, 2 warning, 3 information, 4 and 5 more than that
	Sender  string `field:"sender"` // the part that speaks: engine, transport
	Message string `field:"message"`
}

// NotificationName implements [notification.Data].
func (SIPEngineLog) NotificationName() string { return "SIPEngineLog" }

// engineLog is the logger of the engine: that of the application, whose lines are
// notified as well.
func (p *parts) engineLog() *slog.Logger {
	base := p.app.cfg.Logger
	if p.loaded == nil {
		return base
	}
	level := func() int { return int(p.loaded.general.Logs.PJSIPLevel.Get()) }
	post := func(line SIPEngineLog) {
		if engine := p.app.Engine(); engine != nil { // nothing of ours comes before the start
			p.app.center.Post(engine, line)
		}
	}
	return slog.New(&notifyingHandler{Handler: base.Handler(), level: level, post: post, sender: "engine"})
}

// notifyingHandler passes records on, and notifies them.
type notifyingHandler struct {
	slog.Handler
	level  func() int // up to which is notified
	post   func(SIPEngineLog)
	sender string
}

// Enabled implements [slog.Handler].
func (h *notifyingHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return levelNumber(level) <= h.level() || h.Handler.Enabled(ctx, level)
}

// Handle implements [slog.Handler]. A stack is for [SIPEngineGotException].
func (h *notifyingHandler) Handle(ctx context.Context, r slog.Record) error {
	if number := levelNumber(r.Level); number <= h.level() {
		var text strings.Builder
		text.WriteString(r.Message)
		r.Attrs(func(a slog.Attr) bool {
			if a.Key != "stack" {
				fmt.Fprintf(&text, " %s=%v", a.Key, a.Value)
			}
			return true
		})
		h.post(SIPEngineLog{Level: number, Sender: h.sender, Message: text.String()})
	}
	if h.Handler.Enabled(ctx, r.Level) {
		return h.Handler.Handle(ctx, r)
	}
	return nil
}

// WithAttrs implements [slog.Handler]: the attribute component is the sender.
func (h *notifyingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.Handler = h.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == "component" {
			next.sender = a.Value.String()
		}
	}
	return &next
}

// WithGroup implements [slog.Handler].
func (h *notifyingHandler) WithGroup(name string) slog.Handler {
	next := *h
	next.Handler = h.Handler.WithGroup(name)
	return &next
}

// levelNumber is a level as the setting counts them.
func levelNumber(level slog.Level) int {
	switch {
	case level >= slog.LevelError:
		return 1
	case level >= slog.LevelWarn:
		return 2
	case level >= slog.LevelInfo:
		return 3
	case level >= slog.LevelDebug:
		return 4
	}
	return 5
}
