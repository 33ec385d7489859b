package sipsimple

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// findRoutes looks up the way to a URI; routesFound tells. The look-up has a
// goroutine of its own, for which the application waits when it stops.
func (sh *shell) findRoutes(uri sip.Uri, request int) {
	a, s := sh.app, sh.session
	a.lookups.Go(func() {
		found := routesFound{request: request, err: errInternal}
		a.guarded(func() { found.routes, found.err = a.routesTo(uri) })
		s.post(found)
	})
}

// subscribe begins a subscription, or a REFER; subscriptionEvents tell.
func (sh *shell) subscribe(p core.SubscriptionParams, request int) subscription {
	return sh.app.Engine().Subscribe(&sh.session.box, subscriptionInbox{sh.session, request}, p)
}

// subscriptionInbox takes the events of one subscription.
type subscriptionInbox struct {
	session *Session
	request int
}

// HandleSubscription implements [core.SubscriptionHandler].
func (i subscriptionInbox) HandleSubscription(e core.SubscriptionEvent) {
	i.session.handle(subscriptionEvent{request: i.request, event: e})
}
