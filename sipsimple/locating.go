package sipsimple

import (
	"errors"
	"net/netip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// Routes with a name instead of an address are looked up where their turn
// comes. The look-up takes its time; meanwhile the session goes on.

// located is an event: what the look-up of a route has found.
type located struct {
	route core.Route // with the address
	local netip.Addr // ours, facing it
	err   error
}

// errLookingUp stands for an address that is not known yet.
var errLookingUp = errors.New("the route is being looked up")

// locating is the stage of an outgoing call whose first route is looked up:
// streams need our address facing it to initialise.
type locating struct{ call connectCommand }

func (s *locating) handle(m *machine, e event) {
	switch e := e.(type) {
	case located:
		if e.err == nil {
			s.call.routes[0] = e.route
			m.setLocalIP(e.local)
		} // else the route is left for its turn to fail
		m.open(&offering{call: s.call})
	case endCommand: // 7.13, FAI-12
		m.fail(cancelled(userRequest))
	}
}

// found goes on with the route that was looked up.
func (s *inviting) found(m *machine, e located) {
	if !s.locating {
		return
	}
	s.locating = false
	if e.err != nil {
		m.tryRoutes(s, unreachable(e.err))
		return
	}
	m.tryRoute(e.route, e.local)
}

// giveUp ends the call. While a route is looked up there is nothing to cancel.
func (s *inviting) giveUp(m *machine, last SIPSessionDidFail) {
	if s.locating {
		m.fail(last)
		return
	}
	m.cancel(last)
}
