package account

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// voicemail is the subscription of one account to waiting messages as a pure
// machine (application.md 8.1; RFC 3842): inputs are facts and wishes, outputs
// are orders to the shell (subscribing.go). The subscription itself, once there
// is one, is kept alive by the core.
type voicemail struct {
	interval func() time.Duration
	chance   func() float64 // from 0 to 1

	state   mwiState
	wanted  bool
	restart bool // begin anew when the leaving is done
	raised  time.Duration
	begun   time.Time // the attempt
	since   time.Time // the subscription
	routes  []core.Route
	out     []any
}

type mwiState int

const (
	mwiIdle mwiState = iota
	mwiLocating
	mwiAsking
	mwiActive
	mwiWaiting
	mwiLeaving
)

// Inputs.
type (
	mwiWanted   struct{}
	mwiUnwanted struct{}
	mwiReload   struct{} // the settings have changed
	mwiNetwork  struct{} // our address or name servers have changed
	mwiLocated  struct {
		routes []core.Route
		err    error
	}
	mwiStarted struct{}
	mwiEnded   struct {
		code        int // of the refusal
		established bool
		noContact   bool
		internal    bool // it failed here
		minExpires  time.Duration
	}
	mwiRetry struct{} // the timer
	mwiLimit struct{} // leaving takes too long
)

// Outputs.
type (
	mwiLocate    struct{}
	mwiSubscribe struct {
		route            core.Route
		expires, timeout time.Duration
	}
	mwiEnd     struct{}                             // end the subscription and tell of it
	mwiAbandon struct{}                             // look-up and subscription are of no interest any more
	mwiStart   struct{ retry, limit time.Duration } // one of the timers
	mwiStop    struct{}                             // the timers
	mwiDone    struct{}
)

func (v *voicemail) step(now time.Time, in any) []any {
	v.out = nil
	switch in := in.(type) {
	case mwiWanted:
		v.want(now)
	case mwiUnwanted:
		v.unwant()
	case mwiReload:
		v.raised = 0
		v.anew(now)
	case mwiNetwork:
		v.anew(now)
	case mwiLocated:
		v.located(now, in)
	case mwiStarted:
		if v.state == mwiAsking {
			v.state, v.since = mwiActive, now
		}
	case mwiEnded:
		v.ended(now, in)
	case mwiRetry:
		if v.state == mwiWaiting {
			v.begin(now)
		}
	case mwiLimit:
		if v.state == mwiLeaving {
			v.do(mwiAbandon{})
			v.left(now)
		}
	}
	return v.out
}

func (v *voicemail) do(o any) { v.out = append(v.out, o) }

func (v *voicemail) want(now time.Time) {
	v.wanted = true
	switch v.state {
	case mwiIdle, mwiWaiting:
		v.begin(now)
	case mwiLeaving:
		v.restart = true
	}
}

func (v *voicemail) unwant() {
	v.wanted, v.restart = false, false
	v.leave()
}

// anew begins again, after the end of what there is.
func (v *voicemail) anew(now time.Time) {
	if !v.wanted {
		return
	}
	switch v.state {
	case mwiAsking, mwiActive:
		v.restart = true
		v.leave()
	case mwiLeaving:
		v.restart = true
	default:
		v.do(mwiAbandon{})
		v.begin(now)
	}
}

func (v *voicemail) leave() {
	switch v.state {
	case mwiIdle:
		v.do(mwiDone{})
	case mwiLocating, mwiWaiting:
		v.do(mwiAbandon{})
		v.do(mwiStop{})
		v.state = mwiIdle
		v.do(mwiDone{})
	case mwiAsking, mwiActive:
		v.state = mwiLeaving
		v.do(mwiEnd{})
		v.do(mwiStart{limit: endLimit})
	}
}

func (v *voicemail) begin(now time.Time) {
	v.do(mwiStop{})
	v.restart = false
	v.state, v.begun = mwiLocating, now
	v.do(mwiLocate{})
}

func (v *voicemail) located(now time.Time, in mwiLocated) {
	switch {
	case v.state != mwiLocating:
	case in.err != nil:
		v.wait(15*time.Second, 30*time.Second)
	default:
		v.routes = in.routes
		v.next(now)
	}
}

func (v *voicemail) next(now time.Time) {
	timeout := turn(now.Sub(v.begun), time.Second, 5*time.Second)
	if len(v.routes) == 0 || timeout == 0 {
		v.wait(time.Minute, 3*time.Minute)
		return
	}
	route := v.routes[0]
	v.routes = v.routes[1:]
	v.state = mwiAsking
	v.do(mwiSubscribe{route, max(v.interval(), v.raised, time.Second), timeout})
}

func (v *voicemail) wait(low, high time.Duration) {
	v.state = mwiWaiting
	v.do(mwiStart{retry: between(low, high, v.chance())})
}

// calm is the least time between two subscriptions that a server ends.
const calm = 5 * time.Second

func (v *voicemail) ended(now time.Time, in mwiEnded) {
	switch v.state {
	case mwiLeaving:
		v.left(now)
	case mwiActive:
		v.state = mwiWaiting
		v.do(mwiStart{retry: max(1, v.since.Add(calm).Sub(now))})
	case mwiAsking:
		v.refused(now, in)
	}
}

// refused takes the refusal of the first request.
func (v *voicemail) refused(now time.Time, in mwiEnded) {
	switch {
	case in.internal:
		v.wait(5*time.Second, 5*time.Second)
	case in.noContact, in.code == 405, in.code == 406, in.code == 489:
		v.wait(time.Hour, time.Hour)
	case in.code == 401, in.code == 407: // D12
		v.wait(time.Minute, 2*time.Minute)
	case in.code == 423:
		v.raised = max(v.raised, min(in.minExpires, maxInterval))
		v.wait(time.Minute, 2*time.Minute)
	default:
		v.next(now)
	}
}

// left ends the leaving.
func (v *voicemail) left(now time.Time) {
	v.do(mwiStop{})
	v.state = mwiIdle
	if v.restart && v.wanted {
		v.begin(now)
		return
	}
	v.do(mwiDone{})
}
