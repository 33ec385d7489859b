package sipserver

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

const (
	// timerC is how long an INVITE may ring without a sign of life (RFC 3261 section 16.6, step 11: more than 3 minutes).
	timerC = 181 * time.Second
	// maxBranches is how many branches a request gets at most.
	maxBranches = 32
)

// fork is a request under way to one or more targets: the response context of RFC 3261 section 16.
type fork struct {
	*work
	branches []*branch
	answered bool // a final response has been sent
}

// branch is one target.
type branch struct {
	f         *fork
	client    *transaction.Client
	req       *sip.Request
	dest      wire.Destination
	ringing   bool          // a provisional response has come
	cancelled bool          // wanted; sent as soon as ringing
	sent      bool          // CANCEL has been sent
	reason    string        // of the CANCEL
	final     *sip.Response // nil while it is under way
	own       bool          // final is of our making
	stopTimer func()        // timer C, or the wait after CANCEL
}

// fork sends the request to its targets.
func (w *work) fork(req *sip.Request, targets []target, loop string) {
	f := &fork{work: w}
	if w.req.Method == sip.INVITE {
		w.s.forks[w.tx] = f
	}
	for _, t := range targets[:min(len(targets), maxBranches)] {
		b := &branch{f: f, stopTimer: func() {}}
		f.branches = append(f.branches, b)
		b.start(req.Clone(), t, loop)
	}
	f.settle()
}

// start sends the request of a branch (RFC 3261 section 16.6).
func (b *branch) start(req *sip.Request, t target, loop string) {
	s := b.f.s
	unchanged := sameURI(req.Recipient, t.uri)
	req.Recipient = *t.uri.Clone()
	req.Recipient.Headers = nil
	decrement(req)
	dest, err := s.nextHop(req, t.binding, b.f.msg.Transport)
	if err != nil || s.isSelf(dest) && unchanged {
		b.finish(sip.StatusNotFound)
		return
	}
	b.dest = dest
	if recorded(req) {
		s.fixContact(req, b.f.msg.Source)
		if !s.cfg.NoRecordRoute {
			s.recordRoute(req, b.f.msg.Transport, dest.Transport)
		}
	}
	strictRoute(req)
	s.addVia(req, dest.Transport, "z9hG4bK"+s.token(8)+"."+loop)
	b.req = req
	if req.Method == sip.INVITE {
		b.stopTimer = s.after(timerC, b.ringsTooLong)
	}
	b.client = s.layer.Request(req, dest, b.heard)
}

// recorded are the requests that make a dialog, and those that renew its target.
func recorded(req *sip.Request) bool {
	switch req.Method {
	case sip.INVITE, sip.SUBSCRIBE, sip.REFER, sip.NOTIFY, sip.UPDATE:
		return true
	}
	return false
}

// heard takes what comes of a branch (RFC 3261 section 16.7).
func (b *branch) heard(event transaction.Event) {
	switch event.Kind {
	case transaction.Timeout:
		b.finish(sip.StatusRequestTimeout)
	case transaction.TransportError:
		b.finish(sip.StatusServiceUnavailable)
	default:
		b.f.s.fixContact(event.Response, event.Message.Source)
		b.response(event.Response)
		return
	}
	b.f.settle()
}

// finish gives the branch a final response of our own.
func (b *branch) finish(code int) {
	if b.final != nil {
		return
	}
	b.stopTimer()
	b.own = true
	b.final = wire.NewResponse(b.f.req, code, core.Phrase(code), b.f.s.token(8))
}

func (b *branch) response(res *sip.Response) {
	f := b.f
	switch code := res.StatusCode; {
	case code < 200:
		b.provisional(res)
		return
	case code < 300:
		b.stopTimer()
		b.final = res
		f.pass(res) // every one of them: each makes a dialog
		f.stop("SIP;cause=200;text=\"Call completed elsewhere\"")
	case b.final == nil:
		b.stopTimer()
		b.final = res
		if code >= 600 {
			f.stop("")
		}
	}
	f.settle()
}

// provisional: 100 is between neighbours, all others go to the caller.
func (b *branch) provisional(res *sip.Response) {
	if b.final != nil {
		return
	}
	b.ringing = true
	switch {
	case b.cancelled:
		b.sendCancel() // the wait for the end is not prolonged
	case res.StatusCode > 100 && b.f.req.Method == sip.INVITE:
		b.stopTimer()
		b.stopTimer = b.f.s.after(timerC, b.ringsTooLong)
	}
	if res.StatusCode > 100 && !b.f.answered {
		b.f.respond(above(res))
	}
}

// above is a response as the hop before us gets it: without our Via.
func above(res *sip.Response) *sip.Response {
	res = res.Clone()
	res.RemoveHeader("Via")
	return res
}

// pass sends a final response.
func (f *fork) pass(res *sip.Response) {
	f.answered = true
	delete(f.s.forks, f.tx)
	f.respond(above(res))
}

// stop cancels the branches that are under way.
func (f *fork) stop(reason string) {
	for _, b := range f.branches {
		b.cancel(reason)
	}
}

// cancelledBy is the CANCEL of the caller.
func (f *fork) cancelledBy(cancel *sip.Request) {
	reason := ""
	if h := cancel.GetHeader("reason"); h != nil {
		reason = h.Value()
	}
	f.stop(reason)
}

// cancel ends the branch, at once or when it may be done (RFC 3261 section 9.1).
func (b *branch) cancel(reason string) {
	if b.final != nil || b.cancelled || b.f.req.Method != sip.INVITE {
		return
	}
	b.cancelled, b.reason = true, reason
	if b.ringing {
		b.sendCancel()
	}
}

// sendCancel sends CANCEL once, and waits 64*T1 for the end.
func (b *branch) sendCancel() {
	if b.sent {
		return
	}
	b.sent = true
	s := b.f.s
	cancel := transaction.NewCancel(b.req)
	if b.reason != "" {
		cancel.AppendHeader(sip.NewHeader("Reason", b.reason))
	}
	s.layer.Request(cancel, b.dest, func(transaction.Event) {})
	b.stopTimer()
	b.stopTimer = s.after(transaction.Lifetime, func() {
		b.client.Terminate()
		b.finish(sip.StatusRequestTerminated)
		b.f.settle()
	})
}

// ringsTooLong is timer C (RFC 3261 section 16.8).
func (b *branch) ringsTooLong() {
	if b.ringing {
		b.cancelled, b.reason = true, ""
		b.sendCancel()
		return
	}
	b.client.Terminate()
	b.finish(sip.StatusRequestTimeout)
	b.f.settle()
}
