package ice

import (
	"cmp"
	"slices"
)

// PairState is how far the check of a pair is (RFC 8445 section 6.1.2.6).
type PairState string

// The states of pairs.
const (
	Frozen     PairState = "Frozen"
	Waiting    PairState = "Waiting"
	InProgress PairState = "In Progress"
	Succeeded  PairState = "Succeeded"
	Failed     PairState = "Failed"
)

// maxPairs is how many pairs are checked at most (RFC 8445 section 6.1.2.5); a peer cannot make us send more.
const maxPairs = 100

// pair is a base of ours and a candidate of the peer.
type pair struct {
	base, remote Candidate
	local        Candidate // of ours, as the peer sees it; from the success on
	priority     uint64
	state        PairState
	queued       bool // among the triggered ones
	nominating   bool // controlling: its next check nominates it
	wanted       bool // controlled: the peer has nominated it
	nominated    bool
}

// unfinished tells whether the check may still succeed.
func (p *pair) unfinished() bool {
	return p.state == Frozen || p.state == Waiting || p.state == InProgress
}

// pairPriority is RFC 8445 section 6.1.2.3.
func pairPriority(controlling, controlled uint32) uint64 {
	g, d := uint64(controlling), uint64(controlled)
	result := min(g, d)<<32 + 2*max(g, d)
	if g > d {
		result++
	}
	return result
}

// prioritize computes the priorities for the role that we have, and sorts.
func (a *Agent) prioritize() {
	for _, p := range a.pairs {
		if a.role.controlling {
			p.priority = pairPriority(p.base.Priority, p.remote.Priority)
		} else {
			p.priority = pairPriority(p.remote.Priority, p.base.Priority)
		}
	}
	slices.SortStableFunc(a.pairs, func(x, y *pair) int { return cmp.Compare(y.priority, x.priority) })
}

// addPair adds the pair of a remote candidate, nil if there is no base for it, or too many pairs.
func (a *Agent) addPair(remote Candidate) *pair {
	base, ok := a.base(remote.Component)
	if !ok || base.Addr.Addr().Is4() != remote.Addr.Addr().Is4() || len(a.pairs) >= maxPairs {
		return nil
	}
	p := &pair{base: base, remote: remote, state: Frozen}
	a.pairs = append(a.pairs, p)
	return p
}

// base is the address of the socket of a component.
func (a *Agent) base(component int) (Candidate, bool) {
	i := slices.IndexFunc(a.local, func(c Candidate) bool { return c.Component == component && c.Type == Host })
	if i < 0 {
		return Candidate{}, false
	}
	return a.local[i], true
}

func (a *Agent) findPair(component int, remote Candidate) *pair {
	for _, p := range a.pairs {
		if p.base.Component == component && p.remote.Addr == remote.Addr {
			return p
		}
	}
	return nil
}

// thaw lets the first pair of each foundation wait (RFC 8445 section 6.1.2.6). All our bases are of one foundation.
func (a *Agent) thaw() {
	first := map[string]*pair{}
	for _, p := range a.pairs {
		best := first[p.remote.Foundation]
		if best == nil || p.base.Component < best.base.Component {
			first[p.remote.Foundation] = p
		}
	}
	for _, p := range a.pairs {
		if first[p.remote.Foundation] == p {
			p.state = Waiting
		}
	}
}

// thawLike lets the pairs wait that are likely to succeed because one like them has.
func (a *Agent) thawLike(p *pair) {
	for _, other := range a.pairs {
		if other.state == Frozen && other.remote.Foundation == p.remote.Foundation {
			other.state = Waiting
		}
	}
}

// best is the pair of a component that has the highest priority of those that count.
func (a *Agent) best(component int, counts func(*pair) bool) *pair {
	for _, p := range a.pairs { // in the order of their priorities
		if p.base.Component == component && counts(p) {
			return p
		}
	}
	return nil
}

func succeeded(p *pair) bool { return p.state == Succeeded }
func nominated(p *pair) bool { return p.nominated }

// Check tells how the check of a pair went.
type Check struct {
	Component           int
	Source, Destination Candidate
	Nominated           bool
	State               PairState
}

// Checks are the pairs, those of the highest priority first.
func (a *Agent) Checks() []Check {
	list := make([]Check, len(a.pairs))
	for i, p := range a.pairs {
		list[i] = Check{p.base.Component, p.base, p.remote, p.nominated, p.state}
	}
	return list
}
