package core

import (
	"errors"

	"github.com/emiago/sipgo/sip"
)

// request sends a request in a dialog, behind those sent before. Challenges are
// answered inside. fill, which may be nil, adds what the method needs; done,
// which may be nil, hears the outcome.
func (u *usage) request(d *dialog, p *path, method sip.RequestMethod, fill func(*sip.Request), done func(outcome)) {
	x := &exchange{
		e: u.e, rnd: u.rnd, creds: u.creds, auth: &u.auth, heard: u.heard, done: done, acting: u,
		find: func(f func(way, error)) { p.send(d.hop(), f) },
		build: func(way) *sip.Request {
			req := d.request(method)
			if targetRefresh(method) {
				req.AppendHeader(contactHeader(u.contact, u.localFocus))
			}
			if fill != nil {
				fill(req)
			}
			return req
		},
	}
	x.send()
}

// targetRefresh tells whether a request carries our Contact (RFC 3261 section
// 12.2, RFC 6665, RFC 3515).
func targetRefresh(method sip.RequestMethod) bool {
	switch method {
	case sip.UPDATE, sip.SUBSCRIBE, sip.NOTIFY, sip.REFER:
		return true
	}
	return false
}

// bye: see Invitation.Bye.
func (u *usage) bye(code int, text string) {
	if u.dialog == nil || u.ended || u.bying {
		if u.ended && !u.bying { // the peer was faster; it would answer just this
			code := sip.StatusCallTransactionDoesNotExists
			u.emit(ByeDone{Code: code, Phrase: Phrase(code)})
		}
		return
	}
	if !u.dialog.confirmed {
		return // a callee must answer first (RFC 3261 section 15)
	}
	u.acknowledge(nil) // a 2xx without ACK comes first (RFC 3261 section 13.2.2.4)
	if u.bying {
		return // acknowledging a closed invitation ends it by itself
	}
	u.sendBye(code, text, func(o outcome) {
		refused, _ := errors.AsType[*Error](o.err)
		u.emit(ByeDone{Code: o.code, Phrase: o.phrase, Refused: refused})
	})
}

// sendBye sends BYE and ends the dialog when it has been answered: until then
// a BYE of the peer that crosses it is answered 200.
func (u *usage) sendBye(code int, text string, done func(outcome)) {
	if u.bying || u.ended {
		return
	}
	if u.referral != nil {
		u.referral.withdraw()
	}
	u.bying = true
	fill := func(req *sip.Request) {
		if code != 0 || text != "" {
			req.AppendHeader(reasonHeader(code, text))
		}
	}
	u.request(u.dialog, u.path, sip.BYE, fill, func(o outcome) {
		if !u.ended {
			u.finish()
		}
		if done != nil {
			done(o)
		}
	})
}
