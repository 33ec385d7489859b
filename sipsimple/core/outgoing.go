package core

import (
	"errors"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
)

// clientInvite is one INVITE or re-INVITE of ours, over all the transactions
// that challenges need, until its last 2xx has been acknowledged.
type clientInvite struct {
	u        *usage
	dialog   *dialog // of a re-INVITE; nil for the INVITE that makes one
	attempt  Attempt
	way      way
	sent     *sending // of the transaction that runs
	tries    int      // transactions before this one
	answered []string // realms it has credentials for

	waiting     bool // a re-INVITE that has not left, see begin
	provisional bool // a response came: CANCEL is allowed
	withdrawn   bool // Cancel was called
	reason      string
	cancelled   bool   // CANCEL has been sent
	stopGuard   func() // waits for the answer after a CANCEL
	final       bool   // the outcome is known

	forks  []*fork // dialogs its responses made, in the order in which they came
	chosen *fork   // that of the first 2xx
}

// invite: see Invitation.Invite.
func (u *usage) invite(a Attempt) {
	if u.face == nil || u.dialog != nil || (u.out != nil && !u.out.final) {
		return
	}
	// Credentials computed for one way never go another, perhaps weaker one.
	u.auth = authSession{}
	a.Route = a.Route.WithDefaults()
	u.transport = a.Route.Transport
	c := &clientInvite{u: u, attempt: a}
	u.out = c
	u.e.table.addCall(u)
	if u.params.To.URI.Scheme == "sips" && a.Route.Transport != "tls" {
		c.fail(TransportFailed{&Error{errDowngrade}})
		return
	}
	u.e.find(a.Route, u.serverName(a.Route), func(w way, err error) {
		switch {
		case c.final:
		case err != nil:
			c.fail(TransportFailed{err})
		default:
			c.way = w
			c.send()
		}
	})
}

// errDowngrade: a sips call never leaves by another transport than TLS (RFC
// 3261 section 26.2.2).
var errDowngrade = errors.New("a sips URI needs a tls route")

// serverName is what the certificate at a TLS route must carry: the name of
// the route, or the domain called when the route is an address (RFC 5922
// section 7.2).
func (u *usage) serverName(r Route) string {
	if r.ServerName != "" {
		return r.ServerName
	}
	if _, err := netip.ParseAddr(r.Address); err != nil {
		return r.Address
	}
	if host := u.params.To.URI.Host; host != "" {
		return host
	}
	return r.Address
}

// send starts the next transaction.
func (c *clientInvite) send() {
	u := c.u
	req := c.build()
	setSDP(req, c.attempt.SDP)
	c.answered = u.auth.authorize(req, u.creds, u.rnd) // with the body: auth-int covers it
	c.provisional = false
	var sent *sending
	sent = u.e.start(req, c.way, u.rnd, func(ev transaction.Event) {
		u.e.acting = u
		if c.sent == sent {
			c.handle(ev)
		}
	})
	c.sent = sent
}

// build makes the request without Via, credentials and body.
func (c *clientInvite) build() *sip.Request {
	if c.dialog != nil {
		req := c.dialog.request(sip.INVITE)
		c.u.describe(req)
		return req
	}
	return c.u.firstInvite(c.attempt, c.way)
}

// firstInvite is the INVITE that makes a dialog (RFC 3261 section 13.2.1).
func (u *usage) firstInvite(a Attempt, w way) *sip.Request {
	u.seq++
	u.contact = u.e.contactOf(a.Contact, contactScheme(u.params.To.URI), w.dest.Transport, w.sentBy.Addr())
	u.localFocus = u.params.Focus
	target := u.params.To.URI.Clone()
	target.Headers = nil
	d := dialog{id: u.id, parties: u.parties, target: *target}
	req := d.numbered(sip.INVITE, u.seq)
	u.describe(req)
	if u.params.Subject != nil {
		req.AppendHeader(sip.NewHeader("Subject", oneLine(*u.params.Subject)))
	}
	for _, h := range u.params.Headers {
		req.AppendHeader(sip.HeaderClone(h))
	}
	return req
}

// describe adds what every INVITE of ours says about us.
func (u *usage) describe(req *sip.Request) {
	req.AppendHeader(contactHeader(u.contact, u.localFocus))
	capabilities(req)
	req.AppendHeader(sip.NewHeader("User-Agent", u.e.cfg.UserAgent))
}

func (c *clientInvite) handle(ev transaction.Event) {
	switch ev.Kind {
	case transaction.Timeout:
		c.fail(InviteTimeout{})
	case transaction.TransportError:
		c.fail(TransportFailed{refusedHere(ev.Err)})
	default:
		c.u.heard(ev.Message)
		c.response(ev.Response)
	}
}

func (c *clientInvite) response(res *sip.Response) {
	switch code := res.StatusCode; {
	case code < 100 || code > 699:
	case code < 200:
		c.progress(res)
	case code < 300:
		c.success(res)
	default:
		c.refused(res)
	}
}

// progress takes a provisional response.
func (c *clientInvite) progress(res *sip.Response) {
	if c.final {
		return
	}
	c.provisional = true
	if c.withdrawn {
		c.sendCancel()
	}
	if res.StatusCode == sip.StatusTrying {
		return
	}
	if f := c.fork(res); f != nil && !f.progress(res) {
		return
	}
	c.u.noteFocus(res)
	event := Provisional{Code: res.StatusCode, Phrase: res.Reason, Response: res}
	if res.StatusCode == sip.StatusSessionInProgress {
		event.SDP = sdpOf(res)
	}
	c.u.emit(event)
}

// refused takes a 3xx to 6xx: a challenge is answered, all else is final.
func (c *clientInvite) refused(res *sip.Response) {
	u := c.u
	if !c.withdrawn && u.auth.take(res, u.creds, c.answered, c.tries) {
		c.tries++
		c.send()
		return
	}
	event := Rejected{Code: res.StatusCode, Phrase: res.Reason, Reason: reasonText(res), Response: res}
	if res.StatusCode < 400 {
		event.Contacts, _ = contactsOf(res)
	}
	c.fail(event)
}

// fail ends the INVITE without a 2xx.
func (c *clientInvite) fail(event InvitationEvent) {
	if c.final {
		return
	}
	c.final = true
	c.stopTimers()
	c.endForks(nil)
	u := c.u
	if u.out == c {
		u.out = nil
	}
	u.emit(event)
	u.settle()
	u.hangUp()
}

// cancel: see Invitation.Cancel.
func (u *usage) cancel(reason string) {
	if u.out != nil {
		u.out.withdraw(reason)
	}
}

// withdraw cancels the INVITE now or with its first provisional response (RFC
// 3261 section 9.1). One that waits for a name look-up is never sent.
func (c *clientInvite) withdraw(reason string) {
	if c.final || c.withdrawn {
		return
	}
	c.withdrawn, c.reason = true, reason
	switch {
	case c.sent == nil:
		code := sip.StatusRequestTerminated
		c.fail(Rejected{Code: code, Phrase: Phrase(code)})
	case c.provisional:
		c.sendCancel()
	}
}

// sendCancel sends CANCEL and limits the wait for the final response.
func (c *clientInvite) sendCancel() {
	if c.cancelled {
		return
	}
	c.cancelled = true
	u := c.u
	req := transaction.NewCancel(c.sent.req)
	if c.reason != "" {
		req.AppendHeader(reasonHeader(0, c.reason))
	}
	req.AppendHeader(sip.NewHeader("User-Agent", u.e.cfg.UserAgent))
	// The answer to the CANCEL says nothing: the INVITE's own does.
	u.e.layer.Request(req, c.sent.way.dest, func(transaction.Event) {})
	c.limit()
}

// limit ends the wait for the final response of an INVITE that nobody wants.
func (c *clientInvite) limit() {
	c.stopTimers()
	c.stopGuard = c.u.e.after(transaction.Lifetime, func() {
		c.u.e.acting = c.u
		c.sent.terminate()
		c.fail(InviteTimeout{})
	})
}

// abandon is for an invitation closed with this INVITE open.
func (c *clientInvite) abandon() {
	switch {
	case !c.final && c.dialog != nil && c.provisional && !c.cancelled: // the BYE says it all (RFC 3261 section 15.1.2)
		c.limit()
	case !c.final:
		c.withdraw("")
	case c.chosen != nil && !c.chosen.acked:
		c.u.acknowledge(nil)
	}
}

func (c *clientInvite) stopTimers() {
	if c.stopGuard != nil {
		c.stopGuard()
		c.stopGuard = nil
	}
}
