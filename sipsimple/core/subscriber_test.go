package core

import (
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
