package core

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
)

// clientRequest is one request of ours in a dialog, other than INVITE and ACK,
// over the transactions that challenges need.
type clientRequest struct {
	u        *usage
	dialog   *dialog
	path     *path
	method   sip.RequestMethod
	fill     func(*sip.Request) // adds what the method needs; may be nil
	done     func(outcome)      // hears the outcome once; may be nil
	tries    int
	answered []string
}

// outcome is how a request ended: with a final response, or with what stands
// for one: 408 when none came, 503 when it could not be sent (RFC 3261 section
// 8.1.3.1). Then there is no response.
type outcome struct {
	code     int
	phrase   string
	response *sip.Response
}

// request sends a request in a dialog, behind those sent before. Challenges
// are answered inside.
func (u *usage) request(d *dialog, p *path, method sip.RequestMethod, fill func(*sip.Request), done func(outcome)) {
	c := &clientRequest{u: u, dialog: d, path: p, method: method, fill: fill, done: done}
	c.send()
}

func (c *clientRequest) send() {
	c.path.send(c.dialog.hop(), func(w way, err error) {
		if err != nil {
			c.end(outcome{code: sip.StatusServiceUnavailable, phrase: transportError})
			return
		}
		u := c.u
		req := c.dialog.request(c.method)
		req.PrependHeader(via(w.dest.Transport, w.sentBy, u.rnd.branch()))
		req.AppendHeader(sip.NewHeader("User-Agent", u.e.cfg.UserAgent))
		if targetRefresh(c.method) {
			req.AppendHeader(contactHeader(u.contact, u.localFocus))
		}
		if c.fill != nil {
			c.fill(req)
		}
		if req.ContentLength() == nil {
			req.SetBody(nil)
		}
		c.answered = u.auth.authorize(req, u.creds, u.rnd)
		u.e.layer.Request(req, w.dest, c.handle)
	})
}

// transportError is the phrase of the 503 that stands for a transport error.
const transportError = "Transport Error"

// targetRefresh tells whether a request carries our Contact (RFC 3261 section
// 12.2, RFC 6665, RFC 3515).
func targetRefresh(method sip.RequestMethod) bool {
	switch method {
	case sip.UPDATE, sip.SUBSCRIBE, sip.NOTIFY, sip.REFER:
		return true
	}
	return false
}

func (c *clientRequest) handle(ev transaction.Event) {
	switch ev.Kind {
	case transaction.Timeout:
		c.end(outcome{code: sip.StatusRequestTimeout, phrase: Phrase(sip.StatusRequestTimeout)})
	case transaction.TransportError:
		c.end(outcome{code: sip.StatusServiceUnavailable, phrase: transportError})
	default:
		c.u.heard(ev.Message)
		c.response(ev.Response)
	}
}

func (c *clientRequest) response(res *sip.Response) {
	if res.StatusCode < 200 {
		return
	}
	if c.u.auth.take(res, c.u.creds, c.answered, c.tries) {
		c.tries++
		c.send()
		return
	}
	c.end(outcome{res.StatusCode, res.Reason, res})
}

func (c *clientRequest) end(o outcome) {
	if done := c.done; done != nil {
		c.done = nil
		done(o)
	}
}

// bye: see Invitation.Bye.
func (u *usage) bye(code int, text string) {
	if u.dialog == nil || u.ended || u.bying {
		if u.ended && !u.bying { // the peer was faster; it would answer just this
			code := sip.StatusCallTransactionDoesNotExists
			u.emit(ByeDone{code, Phrase(code)})
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
	u.sendBye(code, text, func(o outcome) { u.emit(ByeDone{o.code, o.phrase}) })
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
