package sipsimple

import (
	"net/netip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// Route failover (SD5, 7.4; RFC 3261 8.1.3.1 and RFC 3263 4.3): the next route
// is taken when the current one has no local address, when the INVITE could not
// be delivered, when nothing at all came back within 64*T1, and on a 503. It is
// not taken on any other final response, after a provisional one, or once the
// call has been given up. A switch is a new transaction of the same call: the
// same Call-ID and From tag, the next CSeq. Observers see one Txn for each
// abandoned route and nothing else.

// dial starts the INVITE of a call whose streams are ready. invite_timeout runs
// from here on over all routes.
func (m *machine) dial(c connectCommand) {
	account := m.attrs.get().account
	p := core.OutgoingParams{
		From: *cloneAddress(m.attrs.get().localIdentity), To: c.to, Subject: c.subject, Focus: c.focus, Headers: c.headers,
		Credentials: credentials(account),
	}
	m.inv = m.out.newInvitation(p)
	m.attrs.set(func(v *attributeValues) {
		local := m.inv.Local()
		v.localIdentity = &local
	})
	if limit := m.out.settings().inviteTimeout; limit >= 0 {
		m.out.startTimer(inviteTimer, limit)
	}
	m.tryRoutes(&inviting{routes: c.routes}, noRoute)
}

// tryRoutes sends the INVITE through the first of the remaining routes that can
// be used from here; last is what to report when none is left.
func (m *machine) tryRoutes(s *inviting, last SIPSessionDidFail) {
	m.become(s)
	s.provisional = false
	for len(s.routes) > 0 {
		route := s.routes[0].WithDefaults()
		s.routes = s.routes[1:]
		local, err := m.out.addressFacing(route)
		if err == errLookingUp {
			s.locating = true
			return
		}
		if err != nil { // 7.6, FAI-34
			last = unreachable(err)
			continue
		}
		m.tryRoute(route, local)
		return
	}
	m.fail(last)
}

// unreachable is the failure of a call whose route has no local address.
func unreachable(err error) SIPSessionDidFail {
	return SIPSessionDidFail{Originator: Local, Code: 480, Reason: core.Phrase(480), FailureReason: err.Error()}
}

// tryRoute sends the INVITE.
func (m *machine) tryRoute(route core.Route, local netip.Addr) {
	m.attrs.set(func(v *attributeValues) { v.transport, v.localIP = route.Transport, local })
	offer, err := m.makeOffer()
	if err != nil {
		m.fail(localFailure(streamFailure(err.Error())))
		return
	}
	m.inv.Invite(core.Attempt{Route: route, Contact: m.attrs.get().account.DialogContact(), SDP: offer})
}

// lost ends an attempt whose INVITE came to nothing: its transaction is
// reported, then the next route is tried if the rule allows it.
func (s *inviting) lost(m *machine, txn SIPSessionDidProcessTransaction, why SIPSessionDidFail) {
	if !s.provisional && len(s.routes) > 0 {
		m.notify(txn)
		m.tryRoutes(s, why)
		return
	}
	m.releaseAll()
	m.notify(txn)
	m.fail(why)
}

// refused ends an attempt whose INVITE has not left: there was no transaction to
// report (7.4).
func (s *inviting) refused(m *machine, why SIPSessionDidFail) {
	if s.provisional {
		m.fail(why)
		return
	}
	m.tryRoutes(s, why)
}
