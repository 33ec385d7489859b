package core

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// RequestParams describe a request outside any dialog: REGISTER, OPTIONS,
// MESSAGE, PUBLISH and the like.
type RequestParams struct {
	Method     sip.RequestMethod
	RequestURI sip.Uri // without a host: the URI of To
	From, To   Address // tags in them are not used
	Route      Route   // where the request goes; not visible in it

	// Contact, if not nil, is our Contact, parameters included. A URI in it
	// without a host gets our address facing the route, and the port and the
	// parameter of its transport.
	Contact *Address

	Headers     []sip.Header // Expires, Event …
	ContentType string       // of the body
	Body        []byte

	Credentials *Credentials // answer 401 and 407; nil means a challenge is final
	// Auth, if not nil, keeps what is known of those that challenge, for later
	// requests: they carry credentials at once. nil means that every request
	// waits for its challenge.
	Auth *AuthCache

	// CallID and CSeq continue a series, such as that of one registration (RFC
	// 3261 section 10.2): CSeq is the number of the last request sent. The zero
	// values begin a new one.
	CallID string
	CSeq   uint32

	// Timeout limits each transaction; 0 and anything above 64*T1 mean 64*T1. It
	// begins anew when a challenge is answered.
	Timeout time.Duration
}

// AuthCache is what is known of those that challenge requests. Its zero value
// is ready. It belongs to the requests it is given to, which must be those of
// one engine, and is never used elsewhere.
type AuthCache struct{ session authSession }

// Request is one request outside a dialog. Its methods may be called on its
// executor only.
type Request struct {
	engine  *Engine
	handler RequestHandler
	closed  bool
	callID  string

	exchange *exchange // touched on the engine's mailbox only
}

// RequestHandler receives what comes of one request, in order, on its executor.
type RequestHandler interface {
	HandleRequest(event RequestEvent)
}

// RequestEvent is one of the event types below. The last one is RequestAnswered,
// RequestTimeout or RequestFailed.
type RequestEvent interface{ requestEvent() }

type (
	// RequestProgress is a provisional response, 100 included.
	RequestProgress struct {
		Code     int
		Phrase   string
		Response *sip.Response
	}
	// RequestAnswered is the final response. A challenge is one only if it could
	// not be answered.
	RequestAnswered struct {
		Code       int
		Phrase     string
		Response   *sip.Response
		Challenged bool     // credentials were sent
		CSeq       uint32   // of the last request sent
		Contact    *sip.Uri // our Contact in it, nil without one
	}
	// RequestTimeout: no final response came.
	RequestTimeout struct{ CSeq uint32 }
	// RequestFailed: the request could not be sent.
	RequestFailed struct {
		Err  error
		CSeq uint32
	}
)

func (RequestProgress) requestEvent() {}
func (RequestAnswered) requestEvent() {}
func (RequestTimeout) requestEvent()  {}
func (RequestFailed) requestEvent()   {}

// Request sends a request outside any dialog. 401 and 407 are answered with the
// credentials, at most twice, with the same Call-ID and From tag and the next
// CSeq. It may be called from any goroutine; what comes of it is told to h on
// exec.
func (e *Engine) Request(exec Executor, h RequestHandler, p RequestParams) *Request {
	rnd := e.seeds.fork()
	r := &Request{engine: e, handler: h, callID: p.CallID}
	if r.callID == "" {
		r.callID = rnd.callID()
	}
	o := &outside{e: e, face: r, exec: exec, params: p, series: series{
		callID: r.callID, from: p.From.withoutParams(), to: p.To.withoutParams(), seq: p.CSeq,
	}}
	o.series.from.Params = withParam(o.series.from.Params, "tag", rnd.tag())
	o.series.target = p.RequestURI
	if p.RequestURI.Host == "" {
		o.series.target = p.To.URI
	}
	auth := p.Auth
	if auth == nil {
		auth = &AuthCache{}
	}
	r.exchange = &exchange{
		e: e, rnd: rnd, creds: p.Credentials, auth: &auth.session, limit: p.Timeout, acting: o,
		find:  func(f func(way, error)) { e.find(p.Route, "", f) },
		build: o.build, progress: o.progress, done: o.done,
	}
	e.post(func() {
		if !e.closed {
			e.acting = o
			r.exchange.send()
		}
	})
	return r
}

// CallID is that of the request.
func (r *Request) CallID() string { return r.callID }

// Close ends the interest in the request: the handler hears nothing more, and
// no challenge is answered any more.
func (r *Request) Close() {
	if r.closed {
		return
	}
	r.closed, r.handler = true, nil
	x := r.exchange
	r.engine.post(x.drop)
}

// series is a row of requests outside a dialog: one Call-ID, numbers that rise.
type series struct {
	callID   string
	from, to Address
	target   sip.Uri
	seq      uint32
}

// next builds the next request of the series, all but Via, Contact and what the
// method needs (RFC 3261 section 8.1.1).
func (s *series) next(method sip.RequestMethod) *sip.Request {
	s.seq++
	target := s.target.Clone()
	target.Headers = nil
	d := dialog{id: DialogID{CallID: s.callID}, parties: parties{&s.from, &s.to}, target: *target}
	return d.numbered(method, s.seq)
}

// outside is the engine's side of a Request.
type outside struct {
	e       *Engine
	face    *Request
	exec    Executor
	params  RequestParams
	series  series
	contact *sip.Uri
}

func (o *outside) build(w way) *sip.Request {
	p := o.params
	req := o.series.next(p.Method)
	if p.Contact != nil {
		req.AppendHeader(o.contactHeader(w))
	}
	for _, h := range p.Headers {
		req.AppendHeader(sip.HeaderClone(h))
	}
	if p.ContentType != "" {
		contentType := sip.ContentTypeHeader(p.ContentType)
		req.AppendHeader(&contentType)
	}
	req.SetBody(p.Body)
	return req
}

// contactHeader is our Contact, completed if it has no host.
func (o *outside) contactHeader(w way) *sip.ContactHeader {
	c := o.params.Contact.clone()
	if c.URI.Host == "" && !c.URI.Wildcard {
		c.URI = o.e.contactOf(c.URI, contactScheme(o.series.target), w.dest.Transport, w.sentBy.Addr())
	}
	o.contact = c.URI.Clone()
	return &sip.ContactHeader{DisplayName: escapeQuoted(c.DisplayName), Address: c.URI, Params: c.Params}
}

func (o *outside) progress(res *sip.Response) {
	o.emit(RequestProgress{Code: res.StatusCode, Phrase: res.Reason, Response: res})
}

func (o *outside) done(out outcome) {
	seq := o.series.seq
	switch {
	case out.response != nil:
		o.emit(RequestAnswered{
			Code: out.code, Phrase: out.phrase, Response: out.response, CSeq: seq, Contact: o.contact,
			Challenged: len(o.face.exchange.answered) > 0,
		})
	case out.err != nil:
		o.emit(RequestFailed{Err: out.err, CSeq: seq})
	default:
		o.emit(RequestTimeout{CSeq: seq})
	}
}

func (o *outside) crash() {
	o.face.exchange.drop()
	o.emit(RequestFailed{Err: errInternal, CSeq: o.series.seq})
}

func (o *outside) emit(event RequestEvent) {
	r := o.face
	o.exec.Post(func() {
		if !r.closed {
			r.handler.HandleRequest(event)
		}
	})
}
