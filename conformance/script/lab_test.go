package script_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/conformance/script"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// lab is a network with two scripted parties, p and q, in virtual time.
type lab struct {
	t     *testing.T
	net   *simnet.Network
	start time.Time
	vars  map[string]any

	mu   sync.Mutex
	sent []string // "p 0.500 INVITE", in order
}

// play runs a test in a bubble.
func play(t *testing.T, test func(l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t, net: simnet.New(1), start: time.Now(), vars: map[string]any{}}
		defer l.net.Close()
		test(l)
	})
}

// party makes one; change may be nil.
func (l *lab) party(name string, change func(*script.Config)) *script.Party {
	l.t.Helper()
	host, err := l.net.Host(name, netip.Addr{})
	if err != nil {
		l.t.Fatal(err)
	}
	cfg := script.Config{
		Name: name, Net: host, Host: host.Addr(), Rand: rand.NewChaCha8([32]byte{name[0]}),
		Resolve: func(name string) (netip.AddrPort, error) {
			if h := l.net.Lookup(name); h != nil {
				return netip.AddrPortFrom(h.Addr(), 0), nil
			}
			return netip.AddrPort{}, errors.New("no such party " + name)
		},
		Streams: map[string]*scenario.StreamDef{"a": {Name: "a", Type: "audio"}, "c": {Name: "c", Type: "chat"}},
		Trace:   func(e wire.TraceEntry) { l.trace(name, e) },
	}
	if change != nil {
		change(&cfg)
	}
	p, err := script.New(cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(p.Close)
	return p
}

func (l *lab) trace(name string, e wire.TraceEntry) {
	if !e.Sent {
		return
	}
	line, _, _ := strings.Cut(string(e.Data), "\r\n")
	words := strings.Fields(line)
	word := words[0]
	if strings.HasPrefix(word, "SIP/") {
		word = words[1]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, fmt.Sprintf("%s %.1f %s", name, e.At.Sub(l.start).Truncate(100*time.Millisecond).Seconds(), word))
}

// wantSent compares what left the parties.
func (l *lab) wantSent(want ...string) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := strings.Join(l.sent, "\n"); got != strings.Join(want, "\n") {
		l.t.Errorf("sent\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// The environment of the matchers.
func (l *lab) Lookup(name string) (any, bool)           { v, ok := l.vars[name]; return v, ok }
func (l *lab) Bind(name string, value any)              { l.vars[name] = value }
func (l *lab) Subject(string, string) (any, error)      { return nil, errors.New("no subjects here") }
func (l *lab) Instant(string) (time.Duration, bool)     { return 0, false }
func (l *lab) Label(string, time.Duration, match.Event) {}
func (l *lab) elapsed() time.Duration                   { return time.Since(l.start) }
func (l *lab) sleep(d time.Duration)                    { time.Sleep(d); synctest.Wait() }

// do plays steps of one party: "request INVITE to=q", "receive 200", "p#label …" and
// so on, as a file has them, in one line each.
func (l *lab) do(p *script.Party, steps ...*scenario.Script) {
	l.t.Helper()
	for _, step := range steps {
		if err := l.try(p, step); err != nil {
			l.t.Fatalf("t = %v: %s: %s %s: %v%s", l.elapsed(), p.Name(), step.Name, step.Arg, err, differences(err))
		}
	}
}

func differences(err error) string {
	f, ok := errors.AsType[*match.Failure](err)
	if !ok {
		return ""
	}
	return fmt.Sprintf(" %v", f.Diff)
}

func (l *lab) try(p *script.Party, step *scenario.Script) error {
	ctx, cancel := context.WithTimeout(l.t.Context(), 2*time.Minute)
	defer cancel()
	label, _ := step.Params["as"].(string)
	plain := *step
	plain.Params = map[string]any{}
	for name, v := range step.Params {
		if name != "as" {
			plain.Params[name] = v
		}
	}
	return p.Do(ctx, &plain, l, label)
}

// with is parameters: name, value, name, value.
func with(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

func request(method string, pairs ...any) *scenario.Script {
	return &scenario.Script{Name: "request", Arg: method, Params: with(pairs...)}
}

func respond(code int, pairs ...any) *scenario.Script {
	return &scenario.Script{Name: "respond", Arg: fmt.Sprint(code), Params: with(pairs...)}
}

// receive expects METHOD, CODE or CODE METHOD with fields as in a file.
func receive(message string, fields ...any) *scenario.Script {
	want := with(fields...)
	code, method, _ := strings.Cut(message, " ")
	if code[0] >= '0' && code[0] <= '9' {
		want["code"] = code
		if method != "" {
			want["method"] = method
		}
	} else {
		want["method"], want["code"] = message, "absent"
	}
	params := map[string]any{}
	for _, name := range []string{"to", "from", "as"} {
		if v, ok := want[name]; ok {
			params[name] = v
			delete(want, name)
		}
	}
	compiled, err := match.Compile(want, nil)
	if err != nil {
		panic(err)
	}
	item := &match.Item{Fields: compiled.(match.Map), Source: message}
	return &scenario.Script{Name: "receive", Receive: item, Params: params}
}

// on gives the step a dialog label.
func on(label string, step *scenario.Script) *scenario.Script {
	step.Dialog = label
	return step
}

func lines(list ...scenario.SDPLine) *scenario.SDPSpec { return &scenario.SDPSpec{Lines: list} }

func line(name, value string) scenario.SDPLine { return scenario.SDPLine{Name: name, Value: value} }

func headers(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// wantUnread compares what was never received.
func wantUnread(t *testing.T, p *script.Party, want ...string) {
	t.Helper()
	var got []string
	for _, r := range p.Unread() {
		got = append(got, r.String())
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("%s: unread %v, want %v", p.Name(), got, want)
	}
}
