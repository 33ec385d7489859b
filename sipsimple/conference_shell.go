package sipsimple

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// findRoutes looks up the way to a URI; routesFound tells. The engine asks, so
// that what is sent to the way found does not overtake what is under way.
func (sh *shell) findRoutes(uri sip.Uri, request int) {
	s, found := sh.session, routesFound{request: request, err: errInternal}
	begin := sh.app.lookupTurn()
	look := func() { found.routes, found.err = sh.app.routesTo(s.Account(), uri, begin) }
	sh.app.Engine().Ask(&s.box, look, func() { s.handle(found) })
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
