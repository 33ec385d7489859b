package sipsimple

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// Limits of a request to the focus (session.md 7.16 and 9.1).
const (
	focusLimit    = 30 * time.Second // for all routes
	routeLimit    = 5 * time.Second  // for one of them
	routeLimitMin = time.Second
)

// focusRequest is one request to the focus outside the session's dialog, tried
// route after route until one of them makes a subscription.
type focusRequest struct {
	number int
	user   focusUser
	params core.SubscriptionParams // all but route and limit
	routes []core.Route            // not tried yet
	until  time.Time
	handle subscription // the one that is out, nil before
}

// focusUser hears what becomes of a request. ended, lookUpFailed and exhausted
// are the last thing it hears.
type focusUser interface {
	started(m *machine)
	notified(m *machine, e core.SubscriptionNotified)
	ended(m *machine, e core.SubscriptionEnded)
	lookUpFailed(m *machine, err error)
	exhausted(m *machine) // no route is left, or no time
	// final says whether a refusal is the last word, so that no other route is
	// tried.
	final(e core.SubscriptionEnded) bool
}

// subscription is what the machine asks of a [core.Subscription].
type subscription interface {
	Refresh()
	Close()
}

// Events of a request to the focus.
type (
	// routesFound is the outcome of the look-up of the way to the focus.
	routesFound struct {
		request int
		routes  []core.Route
		err     error
	}
	// subscriptionEvent is what the core says.
	subscriptionEvent struct {
		request int
		event   core.SubscriptionEvent
	}
)

// ask begins a request: the way to the focus is looked up first.
func (c *conference) ask(m *machine, user focusUser, fill func(*core.SubscriptionParams)) *focusRequest {
	c.numbered++
	r := &focusRequest{number: c.numbered, user: user, until: m.out.now().Add(focusLimit), params: m.focusParams()}
	fill(&r.params)
	if c.requests == nil {
		c.requests = map[int]*focusRequest{}
	}
	c.requests[r.number] = r
	m.out.findRoutes(r.params.To.URI, r.number)
	return r
}

// focusParams are what all requests to the focus have in common.
func (m *machine) focusParams() core.SubscriptionParams {
	v := m.attrs.get()
	p := core.SubscriptionParams{
		From: v.account.Address(), Contact: v.account.DialogContact(),
		Credentials: credentials(v.account),
	}
	if v.remoteIdentity != nil {
		to := cloneAddress(v.remoteIdentity)
		to.Params, to.URI.Headers = nil, nil
		p.To = *to
	}
	return p
}

func (r *focusRequest) found(m *machine, e routesFound) {
	if e.err != nil {
		r.forget(m)
		r.user.lookUpFailed(m, e.err)
		return
	}
	r.routes = e.routes
	r.next(m)
}

// next tries the next route.
func (r *focusRequest) next(m *machine) {
	left := r.until.Sub(m.out.now())
	if len(r.routes) == 0 || left <= 0 {
		r.forget(m)
		r.user.exhausted(m)
		return
	}
	r.params.Route = r.routes[0].WithDefaults()
	r.params.Timeout = max(routeLimitMin, min(routeLimit, left))
	r.routes = r.routes[1:]
	r.handle = m.out.subscribe(r.params, r.number)
}

func (r *focusRequest) event(m *machine, e core.SubscriptionEvent) {
	switch e := e.(type) {
	case core.SubscriptionStarted:
		r.user.started(m)
	case core.SubscriptionNotified:
		r.user.notified(m, e)
	case core.SubscriptionEnded:
		r.handle = nil
		if !e.Established && !r.user.final(e) {
			r.next(m)
			return
		}
		r.forget(m)
		r.user.ended(m, e)
	}
}

// drop ends the request without a word to its user; a subscription that it made
// is ended.
func (r *focusRequest) drop(m *machine) {
	r.forget(m)
	if r.handle != nil {
		r.handle.Close()
	}
}

func (r *focusRequest) forget(m *machine) { delete(m.conference.requests, r.number) }
