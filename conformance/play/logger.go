package play

import (
	"context"
	"log/slog"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// complaining is the log handler of a party. A panic that the middleware has
// survived is told nowhere but in its log: it fails the run.
type complaining struct{ party *party }

// Enabled implements [slog.Handler], as all below.
func (h *complaining) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelError
}

func (h *complaining) Handle(_ context.Context, r slog.Record) error {
	if !strings.Contains(r.Message, "panicked") {
		return nil
	}
	var details []string
	r.Attrs(func(a slog.Attr) bool {
		details = append(details, strings.Split(a.String(), "\n")...)
		return true
	})
	p := h.party
	f := failure(p.world.now(), match.Pos{File: p.world.c.File}, p.def.Name+": "+r.Message, details...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, f)
	return nil
}

func (h *complaining) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *complaining) WithGroup(string) slog.Handler      { return h }
