package core

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// SubscriptionParams describe a subscription of ours (RFC 6665), or a REFER
// outside any dialog and the subscription that it makes (RFC 3515).
type SubscriptionParams struct {
	From, To    Address
	RequestURI  sip.Uri // without a host: the URI of To
	Route       Route
	Contact     sip.Uri // ours, as in Attempt
	Credentials *Credentials
	Headers     []sip.Header // of the first request and of each refresh

	Event   string        // package, such as "conference"
	Accept  []string      // media types of its bodies
	Expires time.Duration // to ask for; 0 means an hour. Raised after a 423 to a refresh
	Timeout time.Duration // of the first request, as in RequestParams

	// Refer, if not nil, makes the first request a REFER; Event, Accept and
	// Expires are then those of a transfer: "refer", 90 s.
	Refer *Referral
}

// Referral is what a REFER asks for.
type Referral struct {
	ReferTo    string // value of the Refer-To header
	ReferredBy string // value of the Referred-By header, "" for none
}

// SubscriptionHandler receives the events of one subscription, in order, on its
// executor.
type SubscriptionHandler interface {
	HandleSubscription(event SubscriptionEvent)
}

// SubscriptionEvent is one of the event types below.
type SubscriptionEvent interface{ subscriptionEvent() }

type (
	// SubscriptionStarted: the peer took the request, or its first NOTIFY came.
	SubscriptionStarted struct{ Expires time.Duration }
	// SubscriptionNotified is a NOTIFY, already answered 200.
	SubscriptionNotified struct {
		State       string // of Subscription-State: "active", "pending", "terminated"
		Reason      string // of the last one: "noresource", "timeout", "deactivated" …
		ContentType string // media type of the body in lower case, "" without one
		Body        []byte
		Code        int    // status line of a body that is a message/sipfrag, else 0
		Phrase      string // its phrase
		Request     *sip.Request
	}
	// SubscriptionEnded is the last event. Code is the refusal of the peer, or
	// 408 if nothing came and 503 with Err if nothing could be sent; it is 0 when
	// the peer ended the subscription with a NOTIFY, and Reason says why.
	SubscriptionEnded struct {
		Code        int
		Phrase      string
		Reason      string
		Established bool          // a NOTIFY had come
		NoContact   bool          // the 2xx had no Contact: there is no dialog
		MinExpires  time.Duration // of a 423
		RetryAfter  time.Duration // the peer asks to try again after this; 0 if it does not
		Err         error
	}
)

func (SubscriptionStarted) subscriptionEvent()  {}
func (SubscriptionNotified) subscriptionEvent() {}
func (SubscriptionEnded) subscriptionEvent()    {}

const (
	subscriptionLife  = time.Hour       // unless asked otherwise
	subscriptionLimit = 2 * time.Second // wait for the last NOTIFY (session.md 7.16)
)

// Subscription is one subscription of ours. Its methods may be called on its
// executor only.
type Subscription struct {
	engine  *Engine
	handler SubscriptionHandler
	closed  bool

	sub *subscribing // touched on the engine's mailbox only
}

// Subscribe sends a SUBSCRIBE, or the REFER of p, and keeps the subscription
// alive: it is refreshed in time until it ends or is ended. It may be called
// from any goroutine; what comes of it is told to h on exec.
func (e *Engine) Subscribe(exec Executor, h SubscriptionHandler, p SubscriptionParams) *Subscription {
	s := &Subscription{engine: e, handler: h}
	s.sub = newSubscribing(e, exec, s, p)
	e.post(func() {
		if !e.closed {
			e.acting = s.sub
			s.sub.begin()
		}
	})
	return s
}

// Refresh sends a SUBSCRIBE now: the peer answers with a NOTIFY of the whole
// state (RFC 6665 section 4.1.2.2).
func (s *Subscription) Refresh() { s.post(func(sub *subscribing) { sub.feed(subRefresh{}) }) }

// End ends the subscription with a SUBSCRIBE with Expires 0, as soon as there is
// one. SubscriptionEnded follows, after two seconds if the peer says nothing to
// the SUBSCRIBE; until then NOTIFYs may still come.
func (s *Subscription) End() { s.post(func(sub *subscribing) { sub.feed(subEnd{}) }) }

// Close ends the subscription as End does, but the handler hears nothing more.
func (s *Subscription) Close() {
	if s.closed {
		return
	}
	s.closed, s.handler = true, nil
	s.End()
}

func (s *Subscription) post(f func(*subscribing)) {
	sub := s.sub
	s.engine.post(func() {
		if !sub.e.closed {
			sub.e.acting = sub
			f(sub)
		}
	})
}
