package sipsimple_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// lockedBuffer takes what several goroutines log.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// A password is in no log, however detailed, and in no text of a notification:
// of registrations that fail and succeed, of settings that change.
func TestNoPasswordAnywhere(t *testing.T) {
	const password = "Pa55-of-alice"
	inLab(t, func(l *lab) {
		server := l.registrar("reg", answers("423", "500", "forward", "401"))
		defer server.Close()
		var out lockedBuffer
		p := l.phone("alice", stored("alice@reg.test auth.password="+password), func(c *sipsimple.Config) {
			c.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		p.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			_, _ = fmt.Fprintf(&out, "%s %+v %#v %v\n", n.Name, n.Data, n.Data, n.Fields())
		}))
		p.start()
		pass(10 * time.Minute)
		acc, _ := p.AccountManager().Account("alice@reg.test")
		must(t, acc.Settings().Update(func(d *configuration.Draft) error {
			acc.Settings().Auth.Password.Set(d, configuration.NewSecret(password+"2"))
			return nil
		}))
		pass(10 * time.Minute)
		_, _ = fmt.Fprintf(&out, "%v %+v %#v %s\n", acc, acc, acc, acc)
		_, _ = fmt.Fprintf(&out, "%v %+v %#v\n", p.AccountManager(), p.Configuration(), acc.Settings())
		p.stop()
		for line := range strings.Lines(out.buf.String()) {
			if strings.Contains(line, password) {
				t.Errorf("a password: %.200s", line)
			}
		}
	})
}
