package ice

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/pion/stun/v4"
)

// requested answers a check of the peer. Strangers get no answer.
func (a *Agent) requested(component int, from netip.AddrPort, m *stun.Message) {
	var name stun.Username
	if _, ours := a.base(component); !ours || a.state == Broken || name.GetFrom(m) != nil || !a.addressed(string(name)) ||
		!authentic(m, a.own.Pwd) {
		return
	}
	weight, ok := priorityOf(m)
	theirs, hasRole := roleOf(m)
	if !ok || !hasRole {
		a.answer(component, from, m, stun.BindingError, stun.CodeBadRequest)
		return
	}
	if theirs.controlling == a.role.controlling && !a.yields(theirs) {
		a.answer(component, from, m, stun.BindingError, stun.CodeRoleConflict)
		return
	}
	a.answer(component, from, m, stun.BindingSuccess, xorMapped(from))
	e := earlyCheck{component, from, weight, m.Contains(stun.AttrUseCandidate)}
	switch {
	case a.state == Running:
		a.checked(e)
	case a.state == Idle && len(a.early) < maxEarly:
		a.early = append(a.early, e)
	}
}

// addressed tells whether the user name is for us: our part, and the peer's as soon as it is known.
func (a *Agent) addressed(name string) bool {
	ours, theirs, ok := strings.Cut(name, ":")
	return ok && ours == a.own.Ufrag && (a.state == Idle || theirs == a.remote.Credentials.Ufrag)
}

// yields settles a conflict of roles (RFC 8445 section 7.3.1.1): the party with the larger number controls. It tells
// whether it is us who change.
func (a *Agent) yields(theirs role) bool {
	if a.state == Completed {
		return true
	}
	if larger := a.role.tieBreaker >= theirs.tieBreaker; larger == a.role.controlling {
		return false
	}
	a.switchRole()
	return true
}

func (a *Agent) answer(component int, to netip.AddrPort, m *stun.Message, kind stun.MessageType, what stun.Setter) {
	raw := build(stun.NewTransactionIDSetter(m.TransactionID), kind, what, stun.NewShortTermIntegrity(a.own.Pwd), stun.Fingerprint)
	a.out = append(a.out, Datagram{component, to, raw})
}

// checked takes what a check of the peer teaches (RFC 8445 sections 7.3.1.3 to 7.3.1.5).
func (a *Agent) checked(e earlyCheck) {
	p := a.findPair(e.component, Candidate{Addr: e.from})
	if p == nil {
		p = a.addPair(Candidate{
			Foundation: fmt.Sprintf("P%d", len(a.pairs)), Component: e.component, Priority: e.priority, Addr: e.from, Type: PeerReflexive,
		})
		if p == nil {
			return
		}
		a.prioritize()
	}
	if p.state != Succeeded {
		p.state = Waiting
		a.trigger(p)
	}
	if !e.nominates || a.role.controlling {
		return
	}
	p.wanted = true
	if p.state == Succeeded {
		p.nominated = true
	}
}
