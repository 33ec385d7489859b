package core

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// exchange is one request of ours that is neither INVITE nor ACK, over all the
// transactions that challenges need (RFC 3261 section 22.2). Everything in it
// is touched on the engine's mailbox only.
type exchange struct {
	e     *Engine
	rnd   *random
	creds *Credentials // nil: challenges are final
	auth  *authSession

	find     func(func(way, error)) // calls its argument with the way to the next hop
	build    func(way) *sip.Request // the request with its next number, without Via and credentials
	heard    func(wire.Message)     // hears every response as it came; may be nil
	progress func(*sip.Response)    // hears the provisional ones; may be nil
	done     func(outcome)          // hears the outcome once; may be nil
	limit    time.Duration          // for each transaction; 0 means 64*T1
	acting   interface{ crash() }   // in whose name it runs

	tries    int
	answered []string // realms it has credentials for
	sent     *sending
	stop     func() // of the limit
	over     bool
}

// outcome is how a request ended: with a final response, or with what stands
// for one: 408 when none came, 503 when it could not be sent (RFC 3261 section
// 8.1.3.1). Then there is no response.
type outcome struct {
	code     int
	phrase   string
	response *sip.Response
	err      error // of a request that could not be sent
}

// transportError is the phrase of the 503 that stands for a transport error.
const transportError = "Transport Error"

func (x *exchange) send() {
	x.find(func(w way, err error) {
		switch {
		case x.over:
		case err != nil:
			x.end(outcome{code: sip.StatusServiceUnavailable, phrase: transportError, err: err})
		default:
			x.sendBy(w)
		}
	})
}

func (x *exchange) sendBy(w way) {
	req := x.build(w)
	req.AppendHeader(sip.NewHeader("User-Agent", x.e.cfg.UserAgent))
	if req.ContentLength() == nil {
		req.SetBody(req.Body())
	}
	x.answered = x.auth.authorize(req, x.creds, x.rnd)
	x.limitTransaction()
	var sent *sending
	sent = x.e.start(req, w, x.rnd, func(ev transaction.Event) {
		x.e.acting = x.acting
		if x.sent == sent && !x.over {
			x.handle(ev)
		}
	})
	x.sent = sent
}

// limitTransaction gives up a transaction before its own end.
func (x *exchange) limitTransaction() {
	if x.stop != nil {
		x.stop()
		x.stop = nil
	}
	if x.limit <= 0 || x.limit >= transaction.Lifetime {
		return
	}
	x.stop = x.e.after(x.limit, func() {
		x.e.acting = x.acting
		x.sent.terminate()
		x.timeout()
	})
}

func (x *exchange) handle(ev transaction.Event) {
	switch ev.Kind {
	case transaction.Timeout:
		x.timeout()
	case transaction.TransportError:
		x.end(outcome{code: sip.StatusServiceUnavailable, phrase: transportError, err: refusedHere(ev.Err)})
	default:
		if x.heard != nil {
			x.heard(ev.Message)
		}
		x.response(ev.Response)
	}
}

func (x *exchange) response(res *sip.Response) {
	if res.StatusCode < 200 {
		if x.progress != nil {
			x.progress(res)
		}
		return
	}
	if x.auth.take(res, x.creds, x.answered, x.tries) {
		x.tries++
		x.send()
		return
	}
	x.end(outcome{code: res.StatusCode, phrase: res.Reason, response: res})
}

func (x *exchange) timeout() {
	code := sip.StatusRequestTimeout
	x.end(outcome{code: code, phrase: Phrase(code)})
}

func (x *exchange) end(o outcome) {
	if x.over {
		return
	}
	x.drop()
	if x.done != nil {
		x.done(o)
	}
}

// drop ends the interest in the request; the transaction goes on by itself.
func (x *exchange) drop() {
	x.over = true
	if x.stop != nil {
		x.stop()
		x.stop = nil
	}
}
