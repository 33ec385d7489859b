package account

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// bench drives a registrar by hand.
type bench struct {
	registrar
	now    time.Time
	timers map[regTimer]time.Time
	log    []string
	flying int // REGISTERs under way
	done   int
}

func newBench() *bench {
	b := &bench{now: time.Unix(0, 0), timers: map[regTimer]time.Time{}}
	b.registrar = registrar{interval: func() time.Duration { return time.Hour }, chance: func() float64 { return 0.5 }}
	return b
}

// feed gives an input and carries out what comes of it.
func (b *bench) feed(in any) {
	for _, o := range b.step(b.now, in) {
		switch o := o.(type) {
		case regLocate:
			b.log = append(b.log, "locate")
		case regSend:
			b.flying++
			b.log = append(b.log, fmt.Sprintf("send %v to %s", o.expires, o.route.Address))
		case regAbandon:
			b.flying = 0
			b.log = append(b.log, "abandon")
		case regStart:
			b.timers[o.timer] = b.now.Add(o.after)
		case regStop:
			delete(b.timers, o.timer)
		case regTell:
			b.log = append(b.log, strings.TrimPrefix(strings.TrimPrefix(o.data.NotificationName(), "SIPAccountRegistration"), "SIPAccount"))
		case regNote:
			if end, ok := o.data.(SIPRegistrationDidEnd); ok && end.Expired {
				b.log = append(b.log, "expired")
			}
		case regDone:
			b.done++
			b.log = append(b.log, "done")
		}
	}
}

func (b *bench) answer(in regAnswered) {
	b.flying--
	b.feed(in)
}

// fire lets the next timer run out.
func (b *bench) fire() bool {
	first := regTimers
	for t := range regTimers {
		if at, ok := b.timers[t]; ok && (first == regTimers || at.Before(b.timers[first])) {
			first = t
		}
	}
	if first == regTimers {
		return false
	}
	b.now = b.timers[first]
	delete(b.timers, first)
	b.feed(first)
	return true
}

func (b *bench) expect(t *testing.T, want string) {
	t.Helper()
	if got := strings.Join(b.log, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	b.log = nil
}

func routes(addresses ...string) regLocated {
	var in regLocated
	for _, a := range addresses {
		in.routes = append(in.routes, core.Route{Address: a})
	}
	return in
}

var ok200 = regAnswered{code: 200, granted: 2 * time.Minute}

func TestRegistrarWalksRoutes(t *testing.T) {
	b := newBench()
	b.feed(regWanted{})
	b.feed(routes("a", "b", "c", "d"))
	b.expect(t, "WillRegister, locate, send 1h0m0s to a")
	b.answer(regAnswered{skipped: true})
	b.expect(t, "send 1h0m0s to b")
	b.now = b.now.Add(10 * time.Second)
	b.answer(regAnswered{code: 408})
	b.now = b.now.Add(20 * time.Second)
	b.answer(regAnswered{code: 408}) // the budget is used up
	b.expect(t, "GotAnswer, send 1h0m0s to c, GotAnswer, DidFail")
	if wait := b.timers[regRetry].Sub(b.now); wait != 1500*time.Millisecond {
		t.Errorf("the wait is %v", wait)
	}
}

func TestRegistrarTimes(t *testing.T) {
	for life, want := range map[time.Duration]time.Duration{
		3600 * time.Second: 3570 * time.Second, 120 * time.Second: 90 * time.Second, 60 * time.Second: 30 * time.Second,
		40 * time.Second: 20 * time.Second, 10 * time.Second: 5 * time.Second, time.Second: time.Second,
	} {
		if got := refreshAfter(life); got != want {
			t.Errorf("%v is refreshed after %v", life, got)
		}
	}
	for used, want := range map[time.Duration]time.Duration{0: 10 * time.Second, 25 * time.Second: 5 * time.Second,
		29500 * time.Millisecond: time.Second, 30 * time.Second: 0} {
		if got := turn(used, time.Second, 10*time.Second); got != want {
			t.Errorf("%v are left after %v", got, used)
		}
	}
	b := backoff{}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if got := b.delay(0); got != want*time.Second {
			t.Errorf("waits %v, not %v s", got, want)
		}
	}
}

// A registrar that forgets us although we ask in time.
func TestRegistrarLapses(t *testing.T) {
	b := newBench()
	b.feed(regWanted{})
	b.feed(routes("a"))
	b.answer(ok200)
	b.fire()
	b.feed(routes("a"))
	b.log = nil
	b.now = b.now.Add(30 * time.Second)
	if at := b.timers[regExpiry]; !at.Equal(b.now) {
		t.Errorf("expires %v", at.Sub(b.now))
	}
	b.feed(regExpiry)
	if b.registered() {
		t.Error("registered after the expiry")
	}
	b.answer(ok200)
	b.expect(t, "expired, GotAnswer, DidSucceed")
	b.feed(regExpiry) // the refresh of something that lasts for a second may come too late
	b.expect(t, "expired, WillRegister, locate")
}

// What a registrar says may be wrong by far: nothing of it keeps us away for more
// than a day.
func TestRegistrarDoubts(t *testing.T) {
	b := newBench()
	b.feed(regWanted{})
	b.feed(routes("a"))
	b.answer(regAnswered{code: 423, minExpires: 1000 * time.Hour})
	b.fire()
	b.feed(routes("a"))
	b.expect(t, "WillRegister, locate, send 1h0m0s to a, GotAnswer, DidFail, WillRegister, locate, send 24h0m0s to a")
	b.answer(regAnswered{code: 200, granted: 1000 * time.Hour})
	for timer, want := range map[regTimer]time.Duration{regRefresh: 24*time.Hour - 30*time.Second, regExpiry: 24 * time.Hour} {
		if got := b.timers[timer].Sub(b.now); got != want {
			t.Errorf("timer %d: %v, want %v", timer, got, want)
		}
	}
	b.log = nil
	b.feed(regReload{}) // what was learnt was learnt of another registrar, maybe
	b.answer(ok200)
	b.feed(routes("b"))
	b.expect(t, "send 0s to a, DidEnd, WillRegister, locate, send 1h0m0s to b")
}

// Waiting times begin anew after a success of the same kind.
func TestRegistrarForgivesFailures(t *testing.T) {
	b := newBench()
	b.feed(regWanted{})
	for _, in := range []regLocated{{err: fmt.Errorf("none")}, {err: fmt.Errorf("none")}, routes("a"), {err: fmt.Errorf("none")}} {
		b.feed(in)
		if len(in.routes) > 0 {
			b.answer(regAnswered{code: 503})
		}
		b.fire()
	}
	if b.dns.next != 2*time.Second || b.register.next != 2*time.Second {
		t.Errorf("next after %v without routes, after %v without an answer", b.dns.next, b.register.next)
	}
	b.feed(routes("a"))
	b.answer(ok200)
	if b.register.next != 0 {
		t.Errorf("next after %v", b.register.next)
	}
}

// The answer tells that we are seen elsewhere: one more REGISTER says so, and one
// at most each time, for there are servers that see us elsewhere each time.
func TestRegistrarMovesOnce(t *testing.T) {
	b := newBench()
	b.feed(regWanted{})
	b.feed(routes("a"))
	seen := regAnswered{code: 200, granted: time.Hour, rewritten: true}
	for range 2 {
		b.log = nil
		b.answer(seen)
		b.expect(t, "GotAnswer, DidSucceed, WillRefresh, locate")
		b.feed(routes("a"))
		b.log = nil
		b.answer(seen)
		b.expect(t, "GotAnswer, DidSucceed")
		b.fire()
		b.feed(routes("a"))
	}
}

// Another network while a REGISTER is under way: where we are now is told when it
// has been answered, whatever the answer is.
func TestRegistrarTellsOfAnotherNetwork(t *testing.T) {
	for _, c := range []struct {
		answer regAnswered
		want   string
	}{
		{ok200, "GotAnswer, DidSucceed, WillRefresh, locate"},
		{regAnswered{code: 401}, "GotAnswer, DidFail, WillRegister, locate"},
	} {
		b := newBench()
		b.feed(regWanted{})
		b.feed(routes("a"))
		b.feed(regNetwork{})
		b.log = nil
		b.answer(c.answer)
		b.expect(t, c.want)
		b.feed(routes("a"))
		b.log = nil
		b.answer(ok200)
		b.expect(t, "GotAnswer, DidSucceed") // once
	}
}

func TestRegistrarLeaves(t *testing.T) {
	for name, c := range map[string]struct {
		drive func(b *bench)
		want  string
	}{
		"idle":     {func(b *bench) {}, "done"},
		"locating": {func(b *bench) { b.feed(regWanted{}) }, "abandon, done"},
		"waiting": {func(b *bench) { b.feed(regWanted{}); b.feed(regLocated{err: fmt.Errorf("none")}) },
			"done"},
		"registered": {func(b *bench) { b.feed(regWanted{}); b.feed(routes("a")); b.answer(ok200) },
			"send 0s to a, DidEnd, done"},
		"trying, refused": {func(b *bench) { b.feed(regWanted{}); b.feed(routes("a")) }, "done"},
		"refreshing": {func(b *bench) {
			b.feed(regWanted{})
			b.feed(routes("a"))
			b.answer(ok200)
			b.fire()
		}, "abandon, send 0s to a, DidEnd, done"},
		"refreshing, refused": {func(b *bench) {
			b.feed(regWanted{})
			b.feed(routes("a"))
			b.answer(ok200)
			b.fire()
			b.feed(routes("b"))
		}, "send 0s to b, DidEnd, done"},
	} {
		b := newBench()
		c.drive(b)
		b.log = nil
		b.feed(regUnwanted{})
		for b.flying > 0 {
			if b.state == regLeaving {
				b.answer(ok200)
			} else {
				b.answer(regAnswered{code: 500})
			}
		}
		if got := strings.Join(b.log, ", "); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		if len(b.timers) > 0 || b.registered() {
			t.Errorf("%s: left %v", name, b.timers)
		}
	}
}

// A binding that nobody has heard of is given back without a word.
func TestRegistrarLeavesWhatCameLate(t *testing.T) {
	b := newBench()
	b.feed(regWanted{})
	b.feed(routes("a"))
	b.feed(regUnwanted{})
	b.log = nil
	b.answer(ok200)
	b.answer(ok200)
	b.expect(t, "send 0s to a, done")
}

// Whatever happens in whatever order: there is one REGISTER under way at most,
// nothing is told twice, and the end always comes.
func TestRegistrarAtRandom(t *testing.T) {
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		b := newBench()
		b.chance = rnd.Float64
		b.feed(regWanted{})
		for range 60 {
			switch rnd.IntN(9) {
			case 0:
				b.feed(regWanted{})
			case 1:
				b.feed(regUnwanted{})
			case 2:
				b.feed(regReload{})
			case 3:
				b.feed(regNetwork{})
			case 4:
				if b.state == regLocating {
					b.feed([]regLocated{routes("a"), routes("a", "b"), {err: fmt.Errorf("none")}}[rnd.IntN(3)])
				}
			case 5, 6:
				if b.flying > 0 {
					b.answer([]regAnswered{ok200, ok200, {code: 401}, {code: 423, minExpires: time.Hour}, {code: 503}, {skipped: true},
						{code: 200, granted: time.Minute, rewritten: true}}[rnd.IntN(7)])
				}
			default:
				b.fire()
			}
			if b.flying > 1 {
				t.Fatalf("seed %d: %d REGISTERs at once: %v", seed, b.flying, b.log)
			}
			if trying := b.state == regTrying || b.state == regDraining || b.state == regLeaving; trying != (b.flying == 1) {
				t.Fatalf("seed %d: state %d with %d under way: %v", seed, b.state, b.flying, b.log)
			}
		}
		b.feed(regUnwanted{})
		for before := b.done; b.done == before && b.state != regIdle; {
			if b.flying > 0 && rnd.IntN(2) == 0 {
				b.answer(ok200)
			} else if !b.fire() {
				t.Fatalf("seed %d: stuck in state %d", seed, b.state)
			}
		}
		if b.state != regIdle || b.registered() || len(b.timers) > 0 {
			t.Fatalf("seed %d: state %d, timers %v", seed, b.state, b.timers)
		}
		judge(t, seed, b.log)
	}
}

// judge checks that what is told makes sense: a success and an end belong to an
// attempt.
func judge(t *testing.T, seed uint64, log []string) {
	t.Helper()
	begun, registered := false, false
	for i, line := range log {
		bad := false
		switch line {
		case "WillRegister":
			begun, registered = true, false
		case "WillRefresh":
			bad, begun = !registered, true
		case "DidSucceed":
			bad, registered, begun = !begun, true, false
		case "DidFail":
			bad, registered, begun = !begun, false, false
		case "DidEnd", "DidNotEnd":
			bad, registered = !registered, false
		}
		if bad {
			t.Fatalf("seed %d: %s at %d of %v", seed, line, i, log)
		}
	}
}

// The time for all routes begins anew with another network.
func TestRegistrarBeginsAnewOnAnotherNetwork(t *testing.T) {
	b := newBench()
	b.feed(regWanted{})
	b.now = b.now.Add(attemptLimit)
	b.feed(regNetwork{})
	b.feed(routes("a"))
	b.expect(t, "WillRegister, locate, abandon, locate, send 1h0m0s to a")
}

// A registration that cannot be given back from here is told as such.
func TestRegistrarCannotLeave(t *testing.T) {
	b := newBench()
	b.feed(regWanted{})
	b.feed(routes("a"))
	b.answer(ok200)
	b.feed(regUnwanted{})
	for _, o := range b.step(b.now, regAnswered{skipped: true}) {
		if told, ok := o.(regTell); ok {
			if end, ok := told.data.(SIPAccountRegistrationDidNotEnd); !ok || end.Code != 503 || end.Reason != "Service Unavailable" {
				t.Errorf("told %+v", told.data)
			}
		}
	}
}
