package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// pubWorld is the surroundings of a publisher: what is under way, and what a
// server would have.
type pubWorld struct {
	t       *rapid.T
	p       *publisher
	now     time.Time
	locates bool
	sent    *pubSend
	timer   time.Duration // 0: none runs
	ended   bool          // pubDone came last
}

func (w *pubWorld) feed(in any) {
	w.ended = false
	for _, o := range w.p.step(w.now, in) {
		switch o := o.(type) {
		case pubLocate:
			w.idle("a look-up")
			w.locates = true
		case pubSend:
			w.idle("a PUBLISH")
			w.check(o)
			w.sent = &o
		case pubAbandon:
			w.locates, w.sent = false, nil
		case pubStart:
			if o.after <= 0 {
				w.t.Fatalf("a timer of %v", o.after)
			}
			w.timer = o.after
		case pubStop:
			w.timer = 0
		case pubDone:
			if w.locates || w.sent != nil || w.timer != 0 {
				w.t.Fatalf("done with look-up %v, PUBLISH %v, timer %v", w.locates, w.sent, w.timer)
			}
			w.ended = true
		}
	}
	if resting := w.p.state != pubIdle && w.p.state != pubLocating && w.p.state != pubTrying; resting != (w.timer != 0) {
		w.t.Fatalf("in state %d the timer is %v", w.p.state, w.timer)
	}
}

func (w *pubWorld) idle(what string) {
	if w.locates || w.sent != nil {
		w.t.Fatalf("%s begins while a look-up (%v) or a PUBLISH (%v) is under way", what, w.locates, w.sent)
	}
}

// check holds a PUBLISH against table 1 of RFC 3903 section 4.
func (w *pubWorld) check(o pubSend) {
	switch {
	case o.timeout <= 0 || o.timeout > 10*time.Second:
		w.t.Fatalf("limit %v", o.timeout)
	case o.expires == 0 && (o.tag == "" || o.state != nil):
		w.t.Fatalf("a removal has a tag and no body: %+v", o)
	case o.expires > 0 && o.tag == "" && o.state == nil:
		w.t.Fatalf("a refresh without a tag: %+v", o)
	case o.tag != "" && !w.p.has(w.now):
		w.t.Fatalf("the server has dropped that: %+v", o)
	case o.expires > 0 && w.p.wanted == nil:
		w.t.Fatalf("published what nobody wants: %+v", o)
	}
}

// happen does something that may happen now. What goes on by itself comes first:
// small numbers are drawn more often.
func (w *pubWorld) happen() {
	documents := []*PresenceState{{Document: []byte("a")}, {Document: []byte("b")}}
	var all []func()
	switch {
	case w.sent != nil:
		all = append(all, func() { w.answer(200) }, w.refuse)
	case w.locates:
		all = append(all, func() { w.located(pubLocated{routes: make([]core.Route, 2)}) },
			func() { w.located(pubLocated{}) }, func() { w.located(pubLocated{err: errors.New("no")}) })
	case w.timer != 0:
		all = append(all, w.wait)
	}
	want := func(d *PresenceState) func() { return func() { w.feed(pubWanted{d}) } }
	all = append(all, want(documents[0]), want(documents[1]), func() { w.feed(pubNetwork{}) }, func() { w.feed(pubReload{}) },
		func() { w.feed(pubUnwanted{}) })
	if w.timer != 0 {
		all = append(all, w.wait)
	}
	all[rapid.IntRange(0, len(all)-1).Draw(w.t, "happening")]()
}

func (w *pubWorld) wait() {
	w.now = w.now.Add(w.timer)
	w.timer = 0
	w.feed(pubTimer{})
}

func (w *pubWorld) located(in pubLocated) {
	w.locates = false
	w.feed(in)
}

func (w *pubWorld) refuse() {
	w.answer(rapid.SampledFrom([]int{412, 503, 408, 401, 423, 489}).Draw(w.t, "code"))
}

func (w *pubWorld) answer(code int) {
	in := pubAnswered{code: code, granted: w.sent.expires, minExpires: time.Hour}
	if code == 200 {
		in.tag = rapid.SampledFrom([]string{"x", "y", ""}).Draw(w.t, "tag")
	}
	in.skipped = code == 503 && rapid.Bool().Draw(w.t, "skipped")
	w.sent = nil
	w.now = w.now.Add(time.Second)
	w.feed(in)
}

// TestPublisherKeepsTheRules: whatever happens there is one request at a time, each
// fits RFC 3903, and when nothing is wanted any more it comes to rest.
func TestPublisherKeepsTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &pubWorld{t: t, now: time.Unix(0, 0), p: &publisher{
			interval: func() time.Duration { return 10 * time.Minute }, chance: func() float64 { return 0.5 },
		}}
		for range 60 {
			w.happen()
			if w.p.wanted != nil && !w.locates && w.sent == nil && w.timer == 0 {
				t.Fatalf("nothing will ever happen, in state %d", w.p.state)
			}
		}
		w.feed(pubUnwanted{})
		for range 4 {
			if w.ended {
				return
			}
			switch {
			case w.sent != nil && rapid.Bool().Draw(t, "answered"):
				w.answer(200)
			case w.timer != 0:
				w.wait()
			}
		}
		if !w.ended {
			t.Fatalf("still in state %d", w.p.state)
		}
	})
}

// What follows from each answer (RFC 3903 section 4, application.md 8.2). A duration
// among the inputs lets that much time pass; want is what comes of the last input.
func TestPublisherSteps(t *testing.T) {
	one, two := &PresenceState{Document: []byte("one")}, &PresenceState{Document: []byte("two")}
	routes := pubLocated{routes: make([]core.Route, 2)}
	ok := func(tag string, granted time.Duration) pubAnswered {
		return pubAnswered{code: 200, tag: tag, granted: granted}
	}
	brief := pubAnswered{code: 423, minExpires: 1000 * time.Hour}
	nowhere := pubLocated{err: errors.New("no")}
	for name, c := range map[string]struct {
		inputs []any
		want   string
	}{
		"published":                     {[]any{routes, ok("x", time.Hour)}, "timer 59m30s"},
		"published for ever":            {[]any{routes, ok("x", 1000*time.Hour)}, "timer 23h59m30s"},
		"refreshed":                     {[]any{routes, ok("x", time.Hour), pubTimer{}, routes}, "PUBLISH x for 10m0s within 10s"},
		"refreshed late":                {[]any{routes, ok("x", time.Hour), time.Hour, pubTimer{}, routes}, "PUBLISH one for 10m0s within 10s"},
		"too brief":                     {[]any{routes, brief}, "timer 1m0s"},
		"brief at another server":       {[]any{routes, brief, pubReload{}, routes}, "PUBLISH one for 10m0s within 10s"},
		"brief no more":                 {[]any{routes, brief, pubTimer{}, routes}, "PUBLISH one for 24h0m0s within 10s"},
		"forgotten":                     {[]any{routes, ok("x", time.Hour), pubTimer{}, routes, pubAnswered{code: 412}}, "PUBLISH one for 10m0s within 10s"},
		"little time is left":           {[]any{routes, 29500 * time.Millisecond, pubAnswered{code: 408}}, "PUBLISH one for 10m0s within 1s"},
		"no time is left":               {[]any{routes, 30 * time.Second, pubAnswered{code: 408}}, "timer 1s"},
		"no route again":                {[]any{nowhere, pubTimer{}, nowhere}, "timer 2s"},
		"no route again, one meanwhile": {[]any{nowhere, pubTimer{}, routes, ok("x", time.Hour), pubTimer{}, nowhere}, "timer 1s"},
		"refused again": {[]any{routes, pubAnswered{code: 503}, pubAnswered{code: 503}, pubTimer{}, routes,
			pubAnswered{code: 503}, pubAnswered{code: 503}}, "timer 2s"},
		"refused again, not meanwhile": {[]any{routes, pubAnswered{code: 503}, pubAnswered{code: 503}, pubTimer{}, routes,
			ok("x", time.Hour), pubTimer{}, routes, pubAnswered{code: 503}, pubAnswered{code: 503}}, "timer 1s"},
		"other document meanwhile": {[]any{routes, pubWanted{two}, ok("x", time.Hour), routes}, "PUBLISH x two for 10m0s within 10s"},
		"unwanted":                 {[]any{routes, ok("x", time.Hour), pubUnwanted{}}, "PUBLISH x for 0s within 2s, timer 2s"},
		"unwanted under way":       {[]any{routes, pubUnwanted{}}, "timer 2s"},
		"unwanted, then published": {[]any{routes, pubUnwanted{}, ok("x", time.Hour)}, "PUBLISH x for 0s within 2s, timer 2s"},
		"unwanted, then another tag": {[]any{routes, ok("x", time.Hour), pubTimer{}, routes, pubUnwanted{}, ok("y", time.Hour)},
			"PUBLISH y for 0s within 2s, timer 2s"},
		"unwanted, then forgotten": {[]any{routes, ok("x", time.Hour), pubTimer{}, routes, pubUnwanted{}, pubAnswered{code: 412}}, "done"},
		"unwanted, then refused": {[]any{routes, ok("x", time.Hour), pubTimer{}, routes, pubUnwanted{}, pubAnswered{code: 503}},
			"PUBLISH x for 0s within 2s, timer 2s"},
	} {
		p := &publisher{interval: func() time.Duration { return 10 * time.Minute }, chance: func() float64 { return 0 }}
		now := time.Unix(0, 0)
		p.step(now, pubWanted{one})
		var out []any
		for _, in := range c.inputs {
			if d, ok := in.(time.Duration); ok {
				now = now.Add(d)
				continue
			}
			out = p.step(now, in)
		}
		if got := pubTexts(out); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// pubTexts are the requests and timers among the outputs, and the end.
func pubTexts(out []any) string {
	var texts []string
	for _, o := range out {
		switch o := o.(type) {
		case pubSend:
			words := []string{"PUBLISH"}
			if o.tag != "" {
				words = append(words, o.tag)
			}
			if o.state != nil {
				words = append(words, string(o.state.Document))
			}
			texts = append(texts, fmt.Sprintf("%s for %v within %v", strings.Join(words, " "), o.expires, o.timeout))
		case pubStart:
			texts = append(texts, fmt.Sprintf("timer %v", o.after))
		case pubDone:
			texts = append(texts, "done")
		}
	}
	return strings.Join(texts, ", ")
}
