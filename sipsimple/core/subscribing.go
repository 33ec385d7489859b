package core

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// subscribing is the engine's side of a subscription: it carries out what the
// machine (subscriber.go) wants. Everything in it is touched on the engine's
// mailbox only.
type subscribing struct {
	e       *Engine
	face    *Subscription
	exec    Executor
	rnd     *random
	params  SubscriptionParams
	machine subscriber

	series  series  // of the requests before there is a dialog
	dialog  *dialog // nil before the first 2xx or NOTIFY
	path    *path
	contact sip.Uri
	auth    authSession
	sent    int // requests so far
	stops   [subTimers]func()
}

func newSubscribing(e *Engine, exec Executor, face *Subscription, p SubscriptionParams) *subscribing {
	if p.Expires == 0 {
		p.Expires = subscriptionLife
	}
	if p.Refer != nil {
		p.Event, p.Accept, p.Expires = "refer", []string{"message/sipfrag"}, referLife
	}
	rnd := e.seeds.fork()
	s := &subscribing{e: e, face: face, exec: exec, rnd: rnd, params: p}
	s.machine = subscriber{refer: p.Refer != nil, asked: p.Expires, limit: subscriptionLimit}
	s.series = series{callID: rnd.callID(), from: p.From.withoutParams(), to: p.To.withoutParams(), target: p.RequestURI}
	s.series.from.Params = withParam(p.From.Params, "tag", rnd.tag())
	if s.series.target.Host == "" {
		s.series.target = p.To.URI
	}
	return s
}

func (s *subscribing) id() DialogID {
	return DialogID{CallID: s.series.callID, LocalTag: s.series.from.Tag()}
}

// begin sends the first request.
func (s *subscribing) begin() {
	s.e.table.subs[s.id()] = s
	method := sip.SUBSCRIBE
	if s.params.Refer != nil {
		method = sip.REFER
	}
	s.exchange(method, s.params.Expires, s.params.Timeout, func(f func(way, error)) {
		s.e.find(s.params.Route, "", f)
	})
}

// exchange sends one request, in the dialog if there is one.
func (s *subscribing) exchange(method sip.RequestMethod, expires, limit time.Duration, find func(func(way, error))) {
	number := s.sent
	s.sent++
	x := &exchange{
		e: s.e, rnd: s.rnd, creds: s.params.Credentials, auth: &s.auth, limit: limit, acting: s, find: find,
		build: func(w way) *sip.Request { return s.build(method, expires, w) },
	}
	x.done = func(o outcome) { s.answered(number, x, o) }
	x.send()
}

func (s *subscribing) build(method sip.RequestMethod, expires time.Duration, w way) *sip.Request {
	var req *sip.Request
	if s.dialog != nil {
		req = s.dialog.request(method)
	} else {
		req = s.series.next(method)
		s.contact = s.e.contactOf(s.params.Contact, contactScheme(s.series.target), w.dest.Transport, w.sentBy.Addr())
	}
	req.AppendHeader(contactHeader(s.contact, false))
	if refer := s.params.Refer; method == sip.REFER {
		req.AppendHeader(sip.NewHeader("Refer-To", oneLine(refer.ReferTo)))
		if refer.ReferredBy != "" {
			req.AppendHeader(sip.NewHeader("Referred-By", oneLine(refer.ReferredBy)))
		}
	} else {
		req.AppendHeader(sip.NewHeader("Event", s.params.Event))
		header := sip.ExpiresHeader(expires / time.Second)
		req.AppendHeader(&header)
	}
	if len(s.params.Accept) > 0 {
		req.AppendHeader(sip.NewHeader("Accept", strings.Join(s.params.Accept, ", ")))
	}
	capabilities(req)
	for _, h := range s.params.Headers {
		req.AppendHeader(sip.HeaderClone(h))
	}
	return req
}

// answered takes the outcome of a request. The first 2xx makes the dialog,
// unless a NOTIFY was faster (RFC 6665 section 4.4.1).
func (s *subscribing) answered(number int, x *exchange, o outcome) {
	in := subAnswered{code: o.code, phrase: o.phrase, number: number, granted: -1, err: o.err}
	if res := o.response; res != nil {
		if contacts, err := contactsOf(res); err == nil && len(contacts) > 0 {
			in.contact = true
		}
		if seconds, ok := secondsOf(res, "expires"); ok {
			in.granted = seconds
		}
		in.minExpires, _ = secondsOf(res, "min-expires")
		in.retryAfter, _ = secondsOf(res, "retry-after")
		switch {
		case o.code >= 300:
		case s.dialog == nil:
			s.enter(newClientDialog(x.sent.req, res), x.sent.way)
		default:
			s.dialog.refresh(res)
		}
	}
	s.feed(in)
}

func (s *subscribing) enter(d *dialog, first way) {
	d.confirmed = true
	s.dialog = d
	s.path = &path{e: s.e, first: first}
}

// secondsOf reads a header that is a number of seconds.
func secondsOf(msg sip.Message, name string) (time.Duration, bool) {
	text := strings.TrimSpace(headerText(msg, name))
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	seconds, err := strconv.ParseUint(text[:end], 10, 31)
	return time.Duration(seconds) * time.Second, err == nil
}

// handleNotify takes a NOTIFY. The first one may make the dialog; one of
// another fork is refused.
func (s *subscribing) handleNotify(tx *transaction.Server) {
	req := tx.Request()
	event, _ := eventOf(req)
	switch {
	case event != s.params.Event:
		s.e.reply(tx, 489, sip.NewHeader("Allow-Events", s.params.Event))
		return
	case s.dialog != nil && s.dialog.id.RemoteTag != fromTag(req) || s.machine.state == subscriptionOver:
		s.e.reply(tx, sip.StatusCallTransactionDoesNotExists)
		return
	}
	n, ok := notificationOf(req)
	if !ok {
		s.e.reply(tx, sip.StatusBadRequest)
		return
	}
	if s.dialog == nil {
		s.enter(s.notifyDialog(req), s.e.wayBack(tx.Message()))
	} else if !s.dialog.accept(req) {
		s.e.reply(tx, sip.StatusInternalServerError)
		return
	}
	s.dialog.refresh(req)
	res := s.e.response(req, sip.StatusOK, "", wire.StatelessTag(req))
	res.AppendHeader(contactHeader(s.contact, false))
	tx.Respond(res)
	s.notify(n, req)
}

// notifyDialog is the dialog that a NOTIFY makes which is faster than the
// answer.
func (s *subscribing) notifyDialog(req *sip.Request) *dialog {
	d := newServerDialog(req, s.series.from.Tag())
	d.local = new(s.series.from.clone())
	d.localSeq = s.series.seq
	return d
}

// notify hands a NOTIFY to the machine.
func (s *subscribing) notify(n notification, req *sip.Request) {
	copied := req.Clone()
	in := subNotified{state: n.state, reason: n.reason, expires: -1, retryAfter: n.retryAfter}
	if n.expires > 0 {
		in.expires = n.expires
	}
	in.event = SubscriptionNotified{
		State: n.state, Reason: n.reason, ContentType: mediaType(req), Body: copied.Body(),
		Code: n.code, Phrase: n.phrase, Request: copied,
	}
	s.feed(in)
}

// feed gives an input to the machine and carries out what it wants.
func (s *subscribing) feed(in any) {
	for _, o := range s.machine.step(time.Now(), in) {
		s.carryOut(o)
	}
}

func (s *subscribing) carryOut(o subscriberOutput) {
	switch o := o.(type) {
	case subSend:
		s.exchange(sip.SUBSCRIBE, o.expires, 0, func(f func(way, error)) { s.path.send(s.dialog.hop(), f) })
	case subStart:
		s.startTimer(o)
	case subStop:
		s.stopTimers()
	case subTell:
		if _, ended := o.event.(SubscriptionEnded); ended {
			delete(s.e.table.subs, s.id())
		}
		s.emit(o.event)
	}
}

func (s *subscribing) startTimer(o subStart) {
	if stop := s.stops[o.timer]; stop != nil {
		stop()
		s.stops[o.timer] = nil
	}
	if o.after > 0 {
		s.stops[o.timer] = s.e.after(o.after, func() {
			s.e.acting = s
			s.feed(o.timer)
		})
	}
}

func (s *subscribing) stopTimers() {
	for t, stop := range s.stops {
		if stop != nil {
			stop()
			s.stops[t] = nil
		}
	}
}

// drop forgets the subscription without a word, when the engine closes.
func (s *subscribing) drop() {
	s.stopTimers()
	s.machine.state = subscriptionOver
	delete(s.e.table.subs, s.id())
}

// crash ends a subscription whose handling failed here.
func (s *subscribing) crash() {
	if s.machine.state != subscriptionOver {
		s.drop()
		s.emit(SubscriptionEnded{Err: errInternal})
	}
}

func (s *subscribing) emit(event SubscriptionEvent) {
	face := s.face
	s.exec.Post(func() {
		if !face.closed {
			face.handler.HandleSubscription(event)
		}
	})
}
