package ice

import (
	"net/netip"
	"slices"
	"time"

	"github.com/pion/stun/v4"
)

// hasWork tells whether a pair could be checked now.
func (a *Agent) hasWork() bool {
	return len(a.triggered) > 0 || slices.ContainsFunc(a.pairs, func(p *pair) bool { return p.state == Waiting || p.state == Frozen })
}

// nextPair is the one to be checked (RFC 8445 section 6.1.4.2).
func (a *Agent) nextPair() *pair {
	for len(a.triggered) > 0 {
		p := a.triggered[0]
		a.triggered, p.queued = a.triggered[1:], false
		if p.state != Succeeded || p.nominating {
			return p
		}
	}
	for _, state := range []PairState{Waiting, Frozen} {
		for _, p := range a.pairs {
			if p.state == state {
				return p
			}
		}
	}
	return nil
}

// trigger queues a check of the pair before all ordinary ones.
func (a *Agent) trigger(p *pair) {
	if !p.queued {
		p.queued = true
		a.triggered = append(a.triggered, p)
	}
}

// check sends a new check of the pair.
func (a *Agent) check(now time.Time, p *pair) {
	a.lastCheck = now
	if p.state != Succeeded {
		p.state = InProgress
	}
	r := &request{pair: p, role: a.role, nominate: p.nominating && a.role.controlling}
	a.random.Read(r.id[:])
	setters := []stun.Setter{
		stun.NewTransactionIDSetter(r.id), stun.BindingRequest,
		stun.NewUsername(a.remote.Credentials.Ufrag + ":" + a.own.Ufrag),
		priority(Priority(PeerReflexive, p.base.Component)), a.role,
	}
	if r.nominate {
		setters = append(setters, useCandidate{})
	}
	setters = append(setters, stun.NewShortTermIntegrity(a.remote.Credentials.Pwd), stun.Fingerprint)
	r.raw = build(setters...)
	a.requests = append(a.requests, r)
	a.transmit(now, r)
}

func (a *Agent) transmit(now time.Time, r *request) {
	a.out = append(a.out, Datagram{r.pair.base.Component, r.pair.remote.Addr, r.raw})
	r.due = now.Add(min(rto<<r.sent, maxRTO))
	r.sent++
}

// repeat sends again what has not been answered, and gives up.
func (a *Agent) repeat(now time.Time) {
	for _, r := range slices.Clone(a.requests) {
		switch {
		case now.Before(r.due):
		case r.sent < maxSends:
			a.transmit(now, r)
		default:
			a.fail(r)
		}
	}
}

// fail gives a request up, and with the last one of its pair the pair.
func (a *Agent) fail(r *request) {
	a.drop(r)
	if !slices.ContainsFunc(a.requests, func(other *request) bool { return other.pair == r.pair }) {
		r.pair.state, r.pair.nominating = Failed, false
	}
}

func (a *Agent) drop(r *request) {
	a.requests = slices.DeleteFunc(a.requests, func(other *request) bool { return other == r })
}

// nominates tells whether a nomination is under way.
func (a *Agent) nominates() bool {
	return slices.ContainsFunc(a.pairs, func(p *pair) bool { return p.nominating })
}

// nominate chooses the pairs when each component has one, and none better can be expected (RFC 8445 section 8.1.1).
func (a *Agent) nominate(now time.Time) {
	if !a.each(succeeded) {
		a.enough = time.Time{}
		return
	}
	if a.enough.IsZero() {
		a.enough = now
	}
	if !a.role.controlling || a.nominates() {
		return
	}
	better := func(component int) bool {
		p := a.best(component, func(p *pair) bool { return p.state == Succeeded || p.unfinished() })
		return p.unfinished()
	}
	if slices.ContainsFunc(a.components, better) && now.Before(a.enough.Add(patience)) {
		return
	}
	for _, component := range a.components {
		if a.best(component, nominated) == nil {
			p := a.best(component, succeeded)
			p.nominating = true
			a.trigger(p)
		}
	}
}

// Receive takes a datagram that [IsSTUN] from the socket of a component. What does not carry the right signature changes
// nothing.
func (a *Agent) Receive(now time.Time, component int, from netip.AddrPort, data []byte) {
	m := decode(data)
	if m == nil {
		return
	}
	switch m.Type {
	case stun.BindingRequest:
		a.requested(component, from, m)
	case stun.BindingSuccess, stun.BindingError:
		a.answered(now, component, from, m)
	}
	a.Advance(now)
}

// answered takes the answer to a check of ours.
func (a *Agent) answered(now time.Time, component int, from netip.AddrPort, m *stun.Message) {
	i := slices.IndexFunc(a.requests, func(r *request) bool { return r.id == m.TransactionID && r.pair.base.Component == component })
	if a.state != Running || i < 0 || !authentic(m, a.remote.Credentials.Pwd) {
		return
	}
	r := a.requests[i]
	switch {
	case m.Type == stun.BindingError:
		a.refused(r, m)
	case from != r.pair.remote.Addr: // RFC 8445 section 7.2.5.2.1
		a.fail(r)
	default:
		a.succeed(r, mapped(m))
	}
}

// refused takes an error: a conflict of roles is cured, all else is the end of the check.
func (a *Agent) refused(r *request, m *stun.Message) {
	var code stun.ErrorCodeAttribute
	if code.GetFrom(m) != nil || code.Code != stun.CodeRoleConflict {
		a.fail(r)
		return
	}
	a.drop(r)
	if a.role == r.role {
		a.switchRole()
	}
	a.trigger(r.pair)
}

// switchRole takes the other role (RFC 8445 sections 7.2.5.1 and 7.3.1.1).
func (a *Agent) switchRole() {
	a.role.controlling = !a.role.controlling
	for _, p := range a.pairs {
		p.nominating = false
	}
	a.prioritize()
}

// succeed makes a pair valid (RFC 8445 section 7.2.5.3).
func (a *Agent) succeed(r *request, seen netip.AddrPort) {
	p := r.pair
	if !seen.IsValid() {
		a.fail(r)
		return
	}
	a.drop(r)
	p.local = a.localAs(p.base, seen)
	if p.state != Succeeded {
		p.state = Succeeded
		a.thawLike(p)
	}
	if r.nominate || p.wanted {
		p.nominated, p.nominating = true, false
	}
	a.requests = slices.DeleteFunc(a.requests, func(other *request) bool { return other.pair == p && !other.nominate })
}

// localAs is the candidate of ours that the peer sees: one of those told, or a peer-reflexive one.
func (a *Agent) localAs(base Candidate, seen netip.AddrPort) Candidate {
	for _, c := range a.local {
		if c.Component == base.Component && c.Addr == seen {
			return c
		}
	}
	return Candidate{
		Foundation: "P1", Component: base.Component, Priority: Priority(PeerReflexive, base.Component), Addr: seen,
		Type: PeerReflexive, Related: base.Addr,
	}
}
