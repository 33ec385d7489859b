package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever comes in whatever order, a subscription starts at most once and ends
// exactly once, nothing follows its end, and no timer is left.
func TestAnySubscription(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &subscriber{refer: rapid.Bool().Draw(t, "refer"), asked: time.Hour, limit: subscriptionLimit}
		now := time.Unix(0, 0)
		var started, ended, sent int
		var running [subTimers]bool
		step := func(in any) {
			for _, o := range s.step(now, in) {
				if ended > 0 {
					t.Fatalf("%#v after the end", o)
				}
				switch o := o.(type) {
				case subSend:
					sent++
				case subStart:
					running[o.timer] = o.after > 0
				case subStop:
					running = [subTimers]bool{}
				case subTell:
					switch o.event.(type) {
					case SubscriptionStarted:
						started++
					case SubscriptionEnded:
						ended++
					}
				}
			}
		}
		answered := 0
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "seconds")) * time.Second)
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				if answered > sent { // as many answers as requests, the first one included
					continue
				}
				step(subAnswered{
					number: answered, code: rapid.SampledFrom([]int{200, 202, 408, 423, 481, 489, 503}).Draw(t, "code"),
					granted:    rapid.SampledFrom([]time.Duration{-1, 0, time.Second, time.Hour}).Draw(t, "granted"),
					contact:    rapid.Bool().Draw(t, "contact"),
					minExpires: 2 * time.Hour,
				})
				answered++
			case 1:
				step(subNotified{
					state:   rapid.SampledFrom([]string{"active", "pending", "odd", "terminated"}).Draw(t, "state"),
					expires: rapid.SampledFrom([]time.Duration{-1, time.Second, time.Hour}).Draw(t, "expires"),
				})
			case 2:
				for timer := range subTimers {
					if running[timer] {
						running[timer] = false
						step(timer)
						break
					}
				}
			case 3:
				step(subRefresh{})
			case 4:
				if rapid.IntRange(0, 3).Draw(t, "end") == 0 {
					step(subEnd{})
				}
			}
			if started > 1 || ended > 1 {
				t.Fatalf("started %d times, ended %d times", started, ended)
			}
		}
		step(subEnd{})
		for i := 0; ended == 0 && i < 20; i++ {
			if answered <= sent && s.state == asking {
				step(subAnswered{number: answered, code: 200, granted: -1, contact: true})
				answered++
			}
			for timer := range subTimers {
				if running[timer] {
					running[timer] = false
					step(timer)
				}
			}
		}
		if ended != 1 || running != [subTimers]bool{} {
			t.Fatalf("ended %d times in state %v, timers %v", ended, s.state, running)
		}
	})
}

// What follows from each answer and each NOTIFY (RFC 6665 section 4.1.2, RFC
// 5057). A duration among the inputs lets that much time pass; want is what
// comes of the last input.
func TestSubscriberSteps(t *testing.T) {
	ok := func(number int, granted time.Duration) subAnswered {
		return subAnswered{code: 200, number: number, granted: granted, contact: true}
	}
	refused := func(number, code int) subAnswered { return subAnswered{code: code, number: number, granted: -1} }
	brief := func(number int, least time.Duration) subAnswered {
		return subAnswered{code: 423, number: number, granted: -1, minExpires: least}
	}
	active := subNotified{state: "active", expires: -1}
	lasts := func(d time.Duration) subNotified { return subNotified{state: "active", expires: d} }
	const lifeHour = "life 1h0m0s, refresh 59m30s"
	for _, c := range []struct {
		name   string
		inputs []any
		want   string
	}{
		{"2xx", []any{ok(0, time.Hour)}, "started 1h0m0s, wait 32s, " + lifeHour},
		{"2xx that does not say how long", []any{ok(0, -1)}, "started 1h0m0s, wait 32s, " + lifeHour},
		{"short life", []any{ok(0, 40*time.Second)}, "started 40s, wait 32s, life 40s, refresh 20s"},
		{"shortest life", []any{ok(0, time.Second)}, "started 1s, wait 32s, life 1s, refresh 1s"},
		{"NOTIFY", []any{ok(0, time.Hour), active}, "notified, wait 0s"},
		{"NOTIFY shortens", []any{ok(0, time.Hour), active, lasts(2 * time.Minute)}, "notified, life 2m0s, refresh 1m30s"},
		{"NOTIFY alone", []any{active}, "started 0s, notified, " + lifeHour},
		{"NOTIFY, then its 2xx", []any{active, ok(0, 2*time.Minute)}, "life 2m0s, refresh 1m30s"},
		{"NOTIFY, then its 2xx without a word", []any{active, ok(0, -1)}, ""},
		{"refresh", []any{ok(0, time.Hour), active, refreshTimer}, "SUBSCRIBE 1h0m0s"},
		{"refreshed for less", []any{ok(0, time.Hour), active, refreshTimer, ok(1, time.Minute)}, "life 1m0s, refresh 30s"},
		{"refreshed without a word", []any{ok(0, time.Minute), active, refreshTimer, ok(1, -1)}, lifeHour},
		{"refresh refused for now", []any{ok(0, 100*time.Second), active, 60 * time.Second, refreshTimer, refused(1, 503)}, "refresh 20s"},
		{"refused again", []any{ok(0, 100*time.Second), active, 99 * time.Second, refreshTimer, refused(1, 503)}, "refresh 1s"},
		{"too brief", []any{ok(0, time.Hour), active, refreshTimer, brief(1, 2*time.Hour)}, "SUBSCRIBE 2h0m0s"},
		{"too brief for nothing", []any{ok(0, time.Hour), active, refreshTimer, brief(1, time.Hour)}, "stop, ended 423"},
		{"too brief each time", []any{ok(0, time.Hour), active, refreshTimer, brief(1, 2*time.Hour), brief(2, 3*time.Hour)}, "stop, ended 423"},
		{"too brief once more", []any{ok(0, time.Hour), active, refreshTimer, brief(1, 2*time.Hour), ok(2, 2*time.Hour), refreshTimer,
			brief(3, 3*time.Hour)}, "SUBSCRIBE 3h0m0s"},
		{"expired", []any{ok(0, time.Hour), active, lifeTimer}, "stop, ended 408"},
		{"End before anything", []any{subEnd{}}, ""},
		{"End, then NOTIFY", []any{subEnd{}, active}, "started 0s, notified, " + lifeHour + ", stop, SUBSCRIBE 0s, wait 2s"},
		{"End, NOTIFY, refusal of the first", []any{subEnd{}, active, refused(0, 408)}, ""},
		{"End, NOTIFY, refusal of the last", []any{subEnd{}, active, refused(1, 481)}, "stop, ended 481"},
	} {
		if got := steps(c.inputs); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// steps are the outputs of a subscriber for the last of some inputs.
func steps(inputs []any) string {
	s := &subscriber{asked: time.Hour, limit: subscriptionLimit}
	now := time.Unix(0, 0)
	var out []subscriberOutput
	for _, in := range inputs {
		if d, ok := in.(time.Duration); ok {
			now = now.Add(d)
			continue
		}
		out = s.step(now, in)
	}
	var texts []string
	for _, o := range out {
		switch o := o.(type) {
		case subSend:
			texts = append(texts, fmt.Sprintf("SUBSCRIBE %v", o.expires))
		case subStart:
			texts = append(texts, fmt.Sprintf("%s %v", []string{"refresh", "life", "wait"}[o.timer], o.after))
		case subStop:
			texts = append(texts, "stop")
		case subTell:
			switch e := o.event.(type) {
			case SubscriptionStarted:
				texts = append(texts, fmt.Sprintf("started %v", e.Expires))
			case SubscriptionNotified:
				texts = append(texts, "notified")
			case SubscriptionEnded:
				texts = append(texts, fmt.Sprintf("ended %d", e.Code))
			}
		}
	}
	return strings.Join(texts, ", ")
}

// Refusals of a refresh that end the subscription at once (RFC 6665 section
// 4.1.2.2); after all others it lasts until it expires.
func TestRefusalsThatEndASubscription(t *testing.T) {
	end := []int{404, 405, 408, 410, 416, 423, 480, 481, 482, 483, 484, 485, 489, 501, 604}
	for code := 300; code < 700; code++ {
		got := steps([]any{
			subAnswered{code: 200, granted: time.Hour, contact: true}, subNotified{state: "active", expires: -1}, refreshTimer,
			subAnswered{code: code, number: 1, granted: -1},
		})
		want := "refresh 30m0s"
		if slices.Contains(end, code) {
			want = fmt.Sprintf("stop, ended %d", code)
		}
		if got != want {
			t.Errorf("%d: %s, want %s", code, got, want)
		}
	}
}
