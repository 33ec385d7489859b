package sipsimple

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
)

// routesTo looks up the way to a URI in the name of an account (RFC 3263), with
// the notifications of a look-up: that of a transfer, or to a conference focus
// (7.14). It blocks until there is an answer, at most until the application
// stops. begin is that of lookupTurn.
func (a *Application) routesTo(acc *account.Account, uri sip.Uri, begin func()) ([]core.Route, error) {
	begin()
	p := a.platform.Load()
	lookup := resolver.NewDNSLookup(p.resolver, a.center)
	if err := lookup.LookupSIPProxy(acc.NextHop(uri), a.transports()); err != nil {
		return nil, err
	}
	forget := context.AfterFunc(p.ctx, lookup.Cancel)
	defer forget()
	return lookup.WaitRoutes(context.Background())
}

// transports are those that may be used, best first: of the settings, or without
// storage of those there is a listener for.
func (a *Application) transports() []string {
	if accounts := a.AccountManager(); accounts != nil {
		return accounts.Transports()
	}
	var list []string
	for _, t := range []string{"tls", "tcp", "udp"} {
		if _, ok := a.Engine().Addr(t); ok {
			list = append(list, t)
		}
	}
	return list
}

// betweenLookups is enough for what follows from a look-up that asks nobody.
const betweenLookups = time.Microsecond

// lookupTurn gives a look-up the instant at which it begins, one of its own: what
// look-ups that are asked for at one instant send and post has one order, so
// that a run can be repeated. begin waits for it.
func (a *Application) lookupTurn() (begin func()) {
	a.turnMu.Lock()
	defer a.turnMu.Unlock()
	now := time.Now()
	if a.turn = a.turn.Add(betweenLookups); a.turn.Before(now) {
		a.turn = now
	}
	wait := a.turn.Sub(now)
	return func() {
		if wait > 0 {
			time.Sleep(wait)
		}
	}
}
