package account

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// registrar is the registration of one account as a pure machine (application.md
// 7.2; RFC 3261 section 10.2): inputs are facts and wishes, outputs are orders to
// the shell (registering.go). At most one REGISTER is under way at any time.
//
//	state       what happens                               ends by
//	idle        nothing                                    regWanted
//	locating    routes are looked up                       their coming
//	trying      a REGISTER is under way                    its answer
//	registered  the registrar has us until it expires      refresh
//	waiting     for the next try after a failure           the timer
//	draining    as trying, but nobody wants it any more    its answer, 2 s
//	leaving     a REGISTER with Expires 0 is under way     its answer, 2 s
type registrar struct {
	interval func() time.Duration // what to ask for
	chance   func() float64       // from 0 to 1

	state   regState
	wanted  bool
	restart bool          // begin anew when the leaving is done
	again   bool          // the network changed meanwhile: renew what comes of the attempt
	current bool          // the registrar has us
	reg     *Registration // in use; nil before the first attempt and after a failure
	expires time.Time     // of the current registration
	life    time.Duration
	raised  time.Duration // Min-Expires of a 423
	moved   bool          // the Contact has been rewritten since the last planned attempt

	begun         time.Time // the attempt
	routes        []core.Route
	route         core.Route // in use, or the last that was
	dns, register backoff
	out           []regOutput
}

type regState int

const (
	regIdle regState = iota
	regLocating
	regTrying
	regRegistered
	regWaiting
	regDraining
	regLeaving
)

// Inputs.
type (
	regWanted   struct{} // register
	regUnwanted struct{} // unregister
	regReload   struct{} // the settings have changed: begin anew
	regNetwork  struct{} // our address or name servers have changed: renew
	regLocated  struct {
		routes []core.Route
		err    error
	}
	// regAnswered is the outcome of the REGISTER under way.
	regAnswered struct {
		code       int
		reason     string
		skipped    bool          // nothing was sent: the route cannot be used from here
		granted    time.Duration // of a 2xx
		contact    core.Address  // ours, as sent
		contacts   []core.Address
		rewritten  bool          // the answer tells that we are seen elsewhere
		minExpires time.Duration // of a 423
	}
	regTimer int
)

// Timers.
const (
	regRetry   regTimer = iota // try again
	regRefresh                 // renew
	regExpiry                  // the registration expires
	regLimit                   // draining and leaving take too long
	regTimers
)

// Outputs.
type (
	regOutput any

	regLocate struct{}
	regSend   struct {
		reg     *Registration
		route   core.Route
		expires time.Duration // 0 gives the registration back
		timeout time.Duration
	}
	regAbandon struct{} // the look-up or the REGISTER under way is of no interest any more
	regStart   struct {
		timer regTimer
		after time.Duration
	}
	regStop struct{ timer regTimer }
	regTell struct{ data notification.Data } // with the account as sender
	regNote struct {                         // with the registration as sender
		reg  *Registration
		data notification.Data
	}
	regDone struct{} // nothing is wanted and nothing is left
)

// step takes one input and returns what is to be done, in order.
func (r *registrar) step(now time.Time, in any) []regOutput {
	r.out = nil
	switch in := in.(type) {
	case regWanted:
		r.want(now)
	case regUnwanted:
		r.unwant()
	case regReload:
		r.reload(now)
	case regNetwork:
		r.renew(now)
	case regLocated:
		r.located(now, in)
	case regAnswered:
		r.answered(now, in)
	case regTimer:
		r.expired(now, in)
	}
	return r.out
}

func (r *registrar) do(o regOutput)                   { r.out = append(r.out, o) }
func (r *registrar) tell(data notification.Data)      { r.do(regTell{data}) }
func (r *registrar) note(data notification.Data)      { r.do(regNote{r.reg, data}) }
func (r *registrar) registered() bool                 { return r.current }
func (r *registrar) used(now time.Time) time.Duration { return now.Sub(r.begun) }

func (r *registrar) want(now time.Time) {
	r.wanted = true
	switch r.state {
	case regIdle, regWaiting:
		r.begin(now)
	case regDraining, regLeaving:
		r.restart = true
	}
}

// begin starts an attempt: to renew the registration if there is one.
func (r *registrar) begin(now time.Time) {
	r.stopTimers(regRetry, regRefresh, regLimit)
	r.restart, r.again = false, false
	if r.current {
		r.tell(SIPAccountRegistrationWillRefresh{})
	} else {
		r.reg = &Registration{}
		r.tell(SIPAccountWillRegister{})
	}
	r.begun, r.state = now, regLocating
	r.do(regLocate{})
}

func (r *registrar) located(now time.Time, in regLocated) {
	if r.state != regLocating {
		return
	}
	if in.err != nil {
		r.fail(now, "DNS lookup failed: "+in.err.Error(), r.dns.delay(r.chance()))
		return
	}
	r.dns.reset()
	r.routes = in.routes
	r.next(now)
}

// next sends the REGISTER by the next route.
func (r *registrar) next(now time.Time) {
	timeout := turn(r.used(now), time.Second, 10*time.Second)
	if len(r.routes) == 0 || timeout == 0 {
		r.fail(now, "No more routes to try", r.register.delay(r.chance()))
		return
	}
	r.route, r.routes = r.routes[0], r.routes[1:]
	r.state = regTrying
	r.do(regSend{reg: r.reg, route: r.route, expires: r.asked(), timeout: timeout})
}

// asked is what to ask for: the setting, or more if a registrar wants more.
func (r *registrar) asked() time.Duration { return max(r.interval(), r.raised, time.Second) }

func (r *registrar) answered(now time.Time, in regAnswered) {
	switch r.state {
	case regTrying:
		r.tried(now, in)
	case regDraining:
		r.drained(now, in)
	case regLeaving:
		r.left(now, in)
	}
}

func (r *registrar) tried(now time.Time, in regAnswered) {
	if in.skipped {
		r.next(now)
		return
	}
	r.tell(SIPAccountRegistrationGotAnswer{Code: in.code, Reason: in.reason, Registration: r.reg, Registrar: r.route})
	switch {
	case in.code < 300 && in.granted > 0:
		r.succeed(now, in)
		return
	case in.code == 401 || in.code == 407: // D12
		r.note(SIPRegistrationDidFail{in.code, in.reason, r.route})
		r.fail(now, "Authentication failed", between(time.Minute, 2*time.Minute, r.chance()))
		return
	case in.code == 423:
		r.note(SIPRegistrationDidFail{in.code, in.reason, r.route})
		r.raised = max(r.raised, min(in.minExpires, maxInterval))
		r.fail(now, "Interval too short", between(time.Minute, 2*time.Minute, r.chance()))
		return
	}
	r.note(SIPRegistrationDidFail{in.code, in.reason, r.route})
	r.next(now)
}

// maxInterval bounds what a registrar may make us ask for, and how long we
// believe it without asking again.
const maxInterval = 24 * time.Hour

func (r *registrar) succeed(now time.Time, in regAnswered) {
	r.register.reset()
	r.state, r.current = regRegistered, true
	r.life = in.granted
	r.expires = now.Add(in.granted)
	seconds := int(in.granted / time.Second)
	r.note(SIPRegistrationDidSucceed{in.code, in.reason, in.contact, in.contacts, seconds, r.route})
	r.tell(SIPAccountRegistrationDidSucceed{in.contact, in.contacts, seconds, r.route})
	believed := min(in.granted, max(r.asked(), maxInterval))
	r.do(regStart{regRefresh, refreshAfter(believed)})
	r.do(regStart{regExpiry, believed})
	if r.again || in.rewritten && !r.moved {
		r.moved = in.rewritten
		r.begin(now)
	}
}

// fail gives the registration up and waits for the next try.
func (r *registrar) fail(now time.Time, text string, delay time.Duration) {
	r.forget()
	r.tell(SIPAccountRegistrationDidFail{Error: text, Timeout: delay.Seconds()})
	if r.again {
		r.begin(now)
		return
	}
	r.state = regWaiting
	r.do(regStart{regRetry, delay})
}

// forget drops the registration without a word.
func (r *registrar) forget() {
	r.current, r.reg, r.routes = false, nil, nil
	r.stopTimers(regRetry, regRefresh, regExpiry, regLimit)
}

func (r *registrar) stopTimers(timers ...regTimer) {
	for _, t := range timers {
		r.do(regStop{t})
	}
}

func (r *registrar) expired(now time.Time, t regTimer) {
	switch {
	case t == regRetry && r.state == regWaiting:
		r.begin(now)
	case t == regRefresh && r.state == regRegistered:
		r.moved = false
		r.note(SIPRegistrationWillExpire{Expires: int(r.expires.Sub(now) / time.Second)})
		r.begin(now)
	case t == regExpiry && r.current:
		r.lapse(now)
	case t == regLimit && (r.state == regDraining || r.state == regLeaving):
		r.do(regAbandon{})
		if r.current {
			r.notEnded(408)
		}
		r.finish(now)
	}
}

// lapse notes that the registrar has forgotten us before it could be asked
// again. What is under way goes on, for a new registration.
func (r *registrar) lapse(now time.Time) {
	r.note(SIPRegistrationDidEnd{Expired: true})
	r.current = false
	if r.state == regRegistered {
		r.begin(now)
	}
}

func (r *registrar) notEnded(code int) {
	r.note(SIPRegistrationDidNotEnd{code, core.Phrase(code)})
	r.tell(SIPAccountRegistrationDidNotEnd{Code: code, Reason: core.Phrase(code), Registration: r.reg})
}
