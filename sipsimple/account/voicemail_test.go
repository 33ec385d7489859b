package account

import (
	"errors"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// TestVoicemailRests: how long a subscription to waiting messages rests after each
// kind of failure (application.md 8.1), and what it asks for then.
func TestVoicemailRests(t *testing.T) {
	routes := mwiLocated{routes: make([]core.Route, 1)}
	for name, c := range map[string]struct {
		located   mwiLocated
		ended     mwiEnded
		low, high time.Duration
		asks      time.Duration
	}{
		"no route found":        {mwiLocated{err: errors.New("no")}, mwiEnded{}, 15 * time.Second, 30 * time.Second, 0},
		"not authorised":        {routes, mwiEnded{code: 401}, time.Minute, 2 * time.Minute, time.Hour},
		"nor by a proxy":        {routes, mwiEnded{code: 407}, time.Minute, 2 * time.Minute, time.Hour},
		"too brief":             {routes, mwiEnded{code: 423, minExpires: 2 * time.Hour}, time.Minute, 2 * time.Minute, 2 * time.Hour},
		"too brief by far":      {routes, mwiEnded{code: 423, minExpires: 1000 * time.Hour}, time.Minute, 2 * time.Minute, 24 * time.Hour},
		"brief enough":          {routes, mwiEnded{code: 423, minExpires: time.Second}, time.Minute, 2 * time.Minute, time.Hour},
		"method not allowed":    {routes, mwiEnded{code: 405}, time.Hour, time.Hour, time.Hour},
		"not acceptable":        {routes, mwiEnded{code: 406}, time.Hour, time.Hour, time.Hour},
		"bad event":             {routes, mwiEnded{code: 489}, time.Hour, time.Hour, time.Hour},
		"a 2xx without Contact": {routes, mwiEnded{code: 200, noContact: true}, time.Hour, time.Hour, time.Hour},
		"it failed here":        {routes, mwiEnded{internal: true}, 5 * time.Second, 5 * time.Second, time.Hour},
		"anything else":         {routes, mwiEnded{code: 480}, time.Minute, 3 * time.Minute, time.Hour},
		"silence":               {routes, mwiEnded{code: 408}, time.Minute, 3 * time.Minute, time.Hour},
	} {
		for _, chance := range []float64{0, 1} {
			v := &voicemail{interval: func() time.Duration { return time.Hour }, chance: func() float64 { return chance }}
			now := time.Unix(0, 0)
			v.step(now, mwiWanted{})
			out := v.step(now, c.located)
			if c.located.err == nil {
				out = v.step(now, c.ended)
			}
			want := c.low
			if chance == 1 {
				want = c.high
			}
			if rest, ok := out[len(out)-1].(mwiStart); !ok || rest.retry != want {
				t.Errorf("%s: %+v, want a rest of %v", name, out, want)
			}
			v.step(now, mwiRetry{})
			for _, o := range v.step(now, routes) {
				if again, ok := o.(mwiSubscribe); ok && (c.asks != 0 && again.expires != c.asks || again.timeout != 5*time.Second) {
					t.Errorf("%s: asks for %v within %v, want %v within 5s", name, again.expires, again.timeout, c.asks)
				}
			}
		}
	}
}

// A server that ends each subscription at once is not asked again at once.
func TestVoicemailStaysCalm(t *testing.T) {
	for lasted, want := range map[time.Duration]time.Duration{0: 5 * time.Second, 3 * time.Second: 2 * time.Second, time.Hour: 1} {
		v := &voicemail{interval: func() time.Duration { return time.Hour }, chance: func() float64 { return 0 }}
		now := time.Unix(0, 0)
		v.step(now, mwiWanted{})
		v.step(now, mwiLocated{routes: make([]core.Route, 1)})
		v.step(now, mwiStarted{})
		out := v.step(now.Add(lasted), mwiEnded{established: true})
		if rest, ok := out[len(out)-1].(mwiStart); !ok || rest.retry != want {
			t.Errorf("after %v: %+v, want a rest of %v", lasted, out, want)
		}
	}
}

// What is wanted while the subscription is being ended begins when that is over,
// with what the settings say then.
func TestVoicemailBeginsAnew(t *testing.T) {
	routes := mwiLocated{routes: make([]core.Route, 1)}
	for name, inputs := range map[string][]any{
		"wanted again":    {mwiUnwanted{}, mwiWanted{}},
		"changed":         {mwiReload{}},
		"changed twice":   {mwiReload{}, mwiReload{}},
		"moved meanwhile": {mwiReload{}, mwiNetwork{}},
	} {
		v := &voicemail{interval: func() time.Duration { return time.Hour }, chance: func() float64 { return 0 }}
		now := time.Unix(0, 0)
		var out []any
		for _, in := range append([]any{mwiWanted{}, routes, mwiStarted{}}, append(inputs, mwiEnded{established: true})...) {
			out = v.step(now, in)
		}
		if _, ok := out[len(out)-1].(mwiLocate); !ok {
			t.Errorf("%s: %+v, want a look-up", name, out)
		}
	}
	v := &voicemail{interval: func() time.Duration { return time.Hour }, chance: func() float64 { return 0 }}
	var out []any
	for _, in := range []any{mwiWanted{}, routes, mwiEnded{code: 423, minExpires: 2 * time.Hour}, mwiReload{}, routes} {
		out = v.step(time.Unix(0, 0), in)
	}
	if got, ok := out[len(out)-1].(mwiSubscribe); !ok || got.expires != time.Hour {
		t.Errorf("%+v: the interval that another server wanted is asked for", out)
	}
}
