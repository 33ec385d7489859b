package account

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// This file is the half of the registrar that gives the registration back.

// unwant gives the registration back, if there is one. A REGISTER under way is
// waited for: it may make a binding that nobody would ever remove.
func (r *registrar) unwant() {
	r.wanted, r.restart, r.again = false, false, false
	switch r.state {
	case regIdle:
		r.do(regDone{})
	case regWaiting:
		r.rest()
	default:
		r.release()
	}
}

// release leaves whatever state is not idle, waiting.
func (r *registrar) release() {
	switch r.state {
	case regLocating:
		r.do(regAbandon{})
		if r.current {
			r.leave()
		} else {
			r.rest()
		}
	case regTrying:
		r.state = regDraining
		r.stopTimers(regRefresh)
		r.do(regStart{regLimit, endLimit})
	case regRegistered:
		r.leave()
	}
}

// reload begins anew with other settings: the binding made with the old ones is
// given back first.
func (r *registrar) reload(now time.Time) {
	r.raised = 0
	if !r.wanted {
		return
	}
	switch r.state {
	case regIdle, regWaiting:
		r.forget()
		r.begin(now)
	case regLocating:
		if !r.current {
			r.do(regAbandon{})
			r.forget()
			r.begin(now)
			return
		}
		r.restart = true
		r.release()
	default:
		r.restart = true
		r.release()
	}
}

// renew tells the registrar at once where we are now.
func (r *registrar) renew(now time.Time) {
	if !r.wanted {
		return
	}
	switch r.state {
	case regRegistered, regWaiting:
		r.begin(now)
	case regLocating:
		r.do(regAbandon{})
		r.begun = now
		r.do(regLocate{})
	case regTrying:
		r.again = true
	}
}

// leave sends the REGISTER that removes the binding, where the registrar was.
func (r *registrar) leave() {
	r.stopTimers(regRetry, regRefresh, regExpiry)
	r.state = regLeaving
	if r.current {
		r.note(SIPRegistrationWillEnd{})
	}
	r.do(regSend{reg: r.reg, route: r.route, timeout: endLimit})
	r.do(regStart{regLimit, endLimit})
}

// drained takes the answer to a REGISTER that nobody wants any more.
func (r *registrar) drained(now time.Time, in regAnswered) {
	if in.code < 300 && !in.skipped || r.current {
		r.leave()
		return
	}
	r.finish(now)
}

func (r *registrar) left(now time.Time, in regAnswered) {
	switch {
	case !r.current: // nobody has heard that it existed
	case in.code < 300 && !in.skipped:
		r.note(SIPRegistrationDidEnd{})
		r.tell(SIPAccountRegistrationDidEnd{Registration: r.reg})
	case in.skipped:
		r.notEnded(503)
	default:
		r.note(SIPRegistrationDidNotEnd{in.code, in.reason})
		r.tell(SIPAccountRegistrationDidNotEnd{Code: in.code, Reason: orPhrase(in.code, in.reason), Registration: r.reg})
	}
	r.finish(now)
}

func orPhrase(code int, reason string) string {
	if reason == "" {
		return core.Phrase(code)
	}
	return reason
}

// finish ends draining and leaving.
func (r *registrar) finish(now time.Time) {
	if r.restart && r.wanted {
		r.forget()
		r.begin(now)
		return
	}
	r.rest()
}

// rest forgets everything and is idle.
func (r *registrar) rest() {
	r.forget()
	r.state = regIdle
	r.do(regDone{})
}
