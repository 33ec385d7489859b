package double_test

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/double"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

type owner struct{}

func (owner) Transport() string         { return "udp" }
func (owner) LocalIP() netip.Addr       { return netip.Addr{} }
func (owner) Account() *account.Account { return nil }

// world collects what doubles post.
type world struct {
	env *streams.Environment
	mu  sync.Mutex
	log []string
}

func newWorld() *world {
	w := &world{env: &streams.Environment{Center: notification.NewCenter(nil)}}
	w.env.Center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		w.mu.Lock()
		defer w.mu.Unlock()
		text := n.Name
		if fail, ok := n.Data.(streams.MediaStreamDidFail); ok {
			text += ": " + fail.Reason
		}
		w.log = append(w.log, text)
	}))
	return w
}

func (w *world) posted(t *testing.T) []string {
	t.Helper()
	if err := w.env.Center.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.log)
}

// TestOutcomes: at once, after a time, a failure, never.
func TestOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		outcome     scenario.Outcome
		soon, later []string
	}{
		"at once":        {scenario.Outcome{}, []string{"MediaStreamDidInitialize"}, []string{"MediaStreamDidInitialize"}},
		"after a time":   {scenario.Outcome{After: time.Second}, nil, []string{"MediaStreamDidInitialize"}},
		"fails":          {scenario.Outcome{Fail: "no"}, []string{"MediaStreamDidFail: no"}, []string{"MediaStreamDidFail: no"}},
		"fails later":    {scenario.Outcome{Fail: "no", After: time.Second}, nil, []string{"MediaStreamDidFail: no"}},
		"never":          {scenario.Outcome{Never: true}, nil, nil},
		"never, by time": {scenario.Outcome{Never: true, After: time.Second}, nil, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			s := double.New(w.env, double.Config{Type: "chat", Double: scenario.Double{Initialize: c.outcome}})
			if err := s.Initialize(owner{}, streams.Outgoing); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
			if got := w.posted(t); !slices.Equal(got, c.soon) {
				t.Errorf("%s: after 0.5 s %v, want %v", name, got, c.soon)
			}
			time.Sleep(time.Second)
			if got := w.posted(t); !slices.Equal(got, c.later) {
				t.Errorf("%s: after 1.5 s %v, want %v", name, got, c.later)
			}
			s.End()
		})
	}
}

// TestOutOfTurn: commands of a scenario work in any state.
func TestOutOfTurn(t *testing.T) {
	w := newWorld()
	s := double.New(w.env, double.Config{Name: "c", Type: "chat"})
	s.Fail("gone")
	if err := s.Post("MediaStreamDidStart"); err != nil {
		t.Error(err)
	}
	if s.Post("SIPSessionDidEnd") == nil {
		t.Error("a stream posts for a session")
	}
	s.End()
	if got, want := w.posted(t), []string{"MediaStreamDidFail: gone", "MediaStreamDidStart"}; !slices.Equal(got, want) {
		t.Errorf("posted %v, want %v", got, want)
	}
	if got := s.Calls(); !slices.Equal(got, []string{"End"}) {
		t.Errorf("calls %v", got)
	}
}

// TestFactory: the far end finds the stream by its label, in preference to the
// real one.
func TestFactory(t *testing.T) {
	w := newWorld()
	var registry streams.Registry
	streams.RegisterAudio(&registry)
	registry.Add(double.Factory(func(label string, line *sdp.MediaDescription, index int) (double.Config, bool) {
		return double.Config{Name: label, Type: double.TypeOf(line)}, label == "c"
	}))
	for _, streamType := range []string{"audio", "chat", "file-transfer", "desktop-sharing", "video"} {
		for _, name := range []string{"c", "d"} {
			s := double.New(w.env, double.Config{Name: name, Type: streamType})
			if err := s.Initialize(owner{}, streams.Outgoing); err != nil {
				t.Fatal(err)
			}
			line, err := s.LocalMedia(true)
			if err != nil {
				t.Fatal(err)
			}
			remote := &sdp.SessionDescription{MediaDescriptions: []*sdp.MediaDescription{line}}
			if name == "d" && streamType == "audio" {
				continue // that is for a real stream
			}
			far, err := registry.NewFromSDP(w.env, remote, 0)
			if (err == nil) != (name == "c") {
				t.Errorf("%s %s: %v", streamType, name, err)
			}
			if err == nil && (far.Type() != streamType || far.(*double.Stream).Name() != "c") {
				t.Errorf("%s became %s", streamType, far.Type())
			}
		}
	}
}
