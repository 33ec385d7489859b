package account

import (
	"net/netip"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// registering is the shell of a registrar. It runs on the manager's executor.
type registering struct {
	s       *stored
	machine registrar
	timers  [regTimers]*time.Timer
	due     [regTimers]time.Time // of timers that run
	armed   [regTimers]time.Time // when they run out, not later than they are due
	request *core.Request        // under way
	reg     *Registration        // whose request it is
	lookup  func()               // abandons the look-up under way
	waiting []func()             // told when nothing is left
	life    time.Duration        // asked for by the request under way
}

func newRegistering(s *stored) *registering {
	r := &registering{s: s}
	r.machine = registrar{
		interval: func() time.Duration { return time.Duration(s.settings.SIP.RegisterInterval.Get()) * time.Second },
		chance:   s.manager.chance,
	}
	return r
}

// leave gives the registration back and tells done when that is over.
func (r *registering) leave(done func()) {
	r.waiting = append(r.waiting, done)
	r.feed(regUnwanted{})
}

// feed hands an input to the machine and carries out what it wants.
func (r *registering) feed(in any) {
	out := r.machine.step(time.Now(), in)
	r.s.registered.Store(r.machine.registered())
	if !r.machine.registered() {
		r.s.gruus.Store(nil)
	}
	for _, o := range out {
		r.do(o)
	}
}

func (r *registering) do(o regOutput) {
	switch o := o.(type) {
	case regLocate:
		r.abandon()
		uri := r.s.nextHop()
		r.lookup = r.s.manager.locate(uri, func(routes []core.Route, err error) {
			r.lookup = nil
			r.feed(regLocated{routes, err})
		})
	case regSend:
		r.send(o)
	case regAbandon:
		r.abandon()
	case regStart:
		r.start(o)
	case regStop:
		r.stop(o.timer)
	case regTell:
		r.s.tell(o.data)
	case regNote:
		r.s.manager.cfg.Center.Post(o.reg, o.data)
	case regDone:
		r.halt()
		waiting := r.waiting
		r.waiting = nil
		for _, done := range waiting {
			done()
		}
	}
}

func (r *registering) abandon() {
	if r.lookup != nil {
		r.lookup()
		r.lookup = nil
	}
	if r.request != nil {
		r.request.Close()
		r.request = nil
	}
}

func (r *registering) start(o regStart) {
	r.due[o.timer] = time.Now().Add(max(o.after, 1))
	r.arm(o.timer)
}

// arm lets a timer run out when it is due, or earlier: then it is armed again.
// Timers that are put off all the time cost more than those that run out.
func (r *registering) arm(t regTimer) {
	due := r.due[t]
	if armed := r.armed[t]; !armed.IsZero() && !armed.After(due) {
		return
	}
	r.armed[t] = due
	after := max(time.Until(due), 1)
	if r.timers[t] != nil {
		r.timers[t].Reset(after)
		return
	}
	expire := func() { r.expire(t) }
	r.timers[t] = time.AfterFunc(after, func() { r.s.manager.post(expire) })
}

// expire takes the expiry of a timer, unless it was stopped or put off
// meanwhile.
func (r *registering) expire(t regTimer) {
	now := time.Now()
	if armed := r.armed[t]; armed.IsZero() || now.Before(armed) {
		return // of an earlier arming
	}
	r.armed[t] = time.Time{}
	switch due := r.due[t]; {
	case due.IsZero():
	case now.Before(due):
		r.arm(t)
	default:
		r.due[t] = time.Time{}
		r.feed(t)
	}
}

func (r *registering) stop(t regTimer) { r.due[t] = time.Time{} }

// halt leaves no timer behind.
func (r *registering) halt() {
	for t, timer := range r.timers {
		if timer != nil {
			timer.Stop()
		}
		r.armed[t], r.due[t] = time.Time{}, time.Time{}
	}
}

// send sends a REGISTER, in the name the registration was made with.
func (r *registering) send(o regSend) {
	reg, net := o.reg, r.s.manager.network
	if reg.auth == nil {
		reg.auth = &core.AuthCache{}
		reg.from, reg.user, reg.credentials = r.s.account.Address(), r.s.account.Contact(), r.s.account.Credentials()
		reg.instance = r.s.manager.cfg.General.InstanceID.Get()
	}
	if _, err := net.Engine.LocalAddrFor(o.route); err != nil { // application.md 11.1
		r.s.manager.log().Debug("route is of no use", "route", o.route.String(), "error", err)
		r.s.manager.post(func() { r.feed(regAnswered{skipped: true}) })
		return
	}
	r.life, r.reg = o.expires, reg
	r.request = net.Engine.Request(&r.s.manager.box, requestHandler(r.answered), reg.params(o))
	reg.callID = r.request.CallID()
}

// requestHandler is a function as a [core.RequestHandler].
type requestHandler func(event core.RequestEvent)

// HandleRequest implements [core.RequestHandler].
func (f requestHandler) HandleRequest(event core.RequestEvent) { f(event) }

func (r *registering) answered(event core.RequestEvent) {
	if r.request == nil {
		return
	}
	reg := r.reg
	in := regAnswered{}
	switch e := event.(type) {
	case core.RequestAnswered:
		reg.cseq = e.CSeq
		in = r.read(reg, e)
	case core.RequestTimeout:
		reg.cseq = e.CSeq
		in.code = 408
	case core.RequestFailed:
		reg.cseq = e.CSeq
		in.code = 503
		in.reason = "Transport Error"
		r.s.manager.log().Debug("REGISTER was not sent", "error", e.Err)
	default:
		return
	}
	in.reason = orPhrase(in.code, in.reason)
	r.request = nil
	r.feed(in)
}

// read takes a final response apart.
func (r *registering) read(reg *Registration, e core.RequestAnswered) regAnswered {
	in := regAnswered{code: e.Code, reason: e.Phrase}
	if e.Code == 423 {
		if h := e.Response.GetHeader("Min-Expires"); h != nil {
			in.minExpires, _ = seconds(h.Value())
		}
	}
	if e.Code >= 300 || e.Contact == nil {
		return in
	}
	in.contact = core.Address{URI: *e.Contact}
	if reg.instance != "" {
		in.contact.Params = in.contact.Params.Add("+sip.instance", `"<`+reg.instance+`>"`)
	}
	in.contacts = contacts(e.Response)
	in.granted = granted(e.Response, in.contact, in.contacts, r.life)
	if r.life == 0 {
		return in // given back
	}
	reg.stale = nil
	if seen, ok := seenAt(e.Response, *e.Contact); ok {
		reg.public, reg.stale, in.rewritten = &seen, e.Contact, true
	}
	g := gruusOf(in.contacts, reg.instance)
	r.s.gruus.Store(&g)
	return in
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}
