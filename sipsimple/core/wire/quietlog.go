package wire

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// quietLog logs what hostile peers can cause: constants, addresses and numbers,
// never a word of a message, and not more than some lines a second.
type quietLog struct {
	log *slog.Logger

	mu      sync.Mutex
	second  time.Time // beginning of that in which the lines are counted
	lines   int
	skipped int
}

const maxLinesPerSecond = 20

func newQuietLog(log *slog.Logger) *quietLog {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &quietLog{log: log}
}

func (q *quietLog) Info(msg string, args ...any)  { q.write(slog.LevelInfo, msg, args) }
func (q *quietLog) Warn(msg string, args ...any)  { q.write(slog.LevelWarn, msg, args) }
func (q *quietLog) Error(msg string, args ...any) { q.write(slog.LevelError, msg, args) }

func (q *quietLog) write(level slog.Level, msg string, args []any) {
	skipped, ok := q.count(time.Now())
	if !ok {
		return
	}
	if skipped > 0 {
		args = append(args, "skipped_before", skipped)
	}
	q.log.Log(context.Background(), level, msg, args...)
}

// count decides whether a line may be written, and how many were not before it.
func (q *quietLog) count(now time.Time) (skipped int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Sub(q.second) >= time.Second {
		q.second, q.lines = now, 0
	}
	if q.lines++; q.lines > maxLinesPerSecond {
		q.skipped++
		return 0, false
	}
	skipped, q.skipped = q.skipped, 0
	return skipped, true
}
