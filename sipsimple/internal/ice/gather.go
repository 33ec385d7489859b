package ice

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// Datagram is something to be sent from the socket of a component.
type Datagram struct {
	Component int
	To        netip.AddrPort
	Data      []byte
}

// Times of the questions to a STUN server: repeated after half a second and after another second, given up after three.
const (
	gatherRTO   = 500 * time.Millisecond
	gatherSends = 3
	gatherLimit = 3 * time.Second
)

// Gatherer finds the candidates of the sockets of a stream: their own addresses, and those that STUN servers see. The
// servers are asked one after another until one has answered for all sockets.
type Gatherer struct {
	random    *rand.ChaCha8
	bases     []netip.AddrPort // by component, RTP first
	servers   []netip.AddrPort // that have not been asked
	questions []*question      // to the server that is asked
	until     time.Time        // when that is given up
	out       []Datagram
	done      bool
}

// question is a binding request from the socket of one component.
type question struct {
	server netip.AddrPort
	id     [stun.TransactionIDSize]byte
	raw    []byte
	sent   int
	due    time.Time
	answer netip.AddrPort // valid when it has come
}

// NewGatherer begins. bases are the addresses of the sockets, RTP first. Servers of another family are not asked.
func NewGatherer(now time.Time, bases, servers []netip.AddrPort, random *rand.ChaCha8) *Gatherer {
	g := &Gatherer{random: random, bases: bases}
	for _, s := range servers {
		if s.Addr().Is4() == bases[0].Addr().Is4() {
			g.servers = append(g.servers, s)
		}
	}
	g.ask(now)
	return g
}

// ask turns to the next server.
func (g *Gatherer) ask(now time.Time) {
	g.questions = nil
	if len(g.servers) == 0 {
		g.done = true
		return
	}
	server := g.servers[0]
	g.servers, g.until = g.servers[1:], now.Add(gatherLimit)
	for range g.bases {
		q := &question{server: server, due: now}
		g.random.Read(q.id[:])
		q.raw = build(stun.NewTransactionIDSetter(q.id), stun.BindingRequest, stun.Fingerprint)
		g.questions = append(g.questions, q)
	}
	g.Advance(now)
}

// Advance does what is due.
func (g *Gatherer) Advance(now time.Time) {
	if g.done {
		return
	}
	if !now.Before(g.until) {
		g.ask(now)
		return
	}
	for i, q := range g.questions {
		if q.answer.IsValid() || q.sent == gatherSends || now.Before(q.due) {
			continue
		}
		g.out = append(g.out, Datagram{i + 1, q.server, q.raw})
		q.due = now.Add(gatherRTO << q.sent)
		q.sent++
	}
}

// Receive takes a datagram that IsSTUN. What is no answer to a question is ignored.
func (g *Gatherer) Receive(_ time.Time, component int, from netip.AddrPort, data []byte) {
	if g.done || component < 1 || component > len(g.questions) {
		return
	}
	q := g.questions[component-1]
	m := decode(data)
	if m == nil || from != q.server || m.TransactionID != q.id || m.Type != stun.BindingSuccess {
		return
	}
	answer := mapped(m)
	if !answer.IsValid() || answer.Addr().Is4() != q.server.Addr().Is4() || answer.Addr().IsUnspecified() {
		return
	}
	q.answer = answer
	for _, q := range g.questions {
		if !q.answer.IsValid() {
			return
		}
	}
	g.done = true
}

// Next is when Advance has to be called, zero when never.
func (g *Gatherer) Next() time.Time {
	if g.done {
		return time.Time{}
	}
	next := g.until
	for _, q := range g.questions {
		if !q.answer.IsValid() && q.sent < gatherSends && q.due.Before(next) {
			next = q.due
		}
	}
	return next
}

// Take returns what is to be sent.
func (g *Gatherer) Take() []Datagram {
	out := g.out
	g.out = nil
	return out
}

// Done tells that no more candidates will be found.
func (g *Gatherer) Done() bool { return g.done }

// Candidates are those found, of RTP first, and of a component the host first. A reflexive one that is the base itself
// is left out (RFC 8445 section 5.1.3).
func (g *Gatherer) Candidates() []Candidate {
	var list []Candidate
	for i, base := range g.bases {
		component := i + 1
		list = append(list, hostCandidate(component, base))
		if i < len(g.questions) && g.questions[i].answer.IsValid() && g.questions[i].answer != base {
			list = append(list, Candidate{
				Foundation: "S1", Component: component, Priority: Priority(ServerReflexive, component),
				Addr: g.questions[i].answer, Type: ServerReflexive, Related: base,
			})
		}
	}
	return list
}

// Default is the candidate that a peer without ICE should send to (RFC 8445 section 5.1.4): the one most likely to work
// from outside. It is the zero value if the component has none.
func Default(list []Candidate, component int) Candidate {
	rank := map[Type]int{Relayed: 4, ServerReflexive: 3, PeerReflexive: 2, Host: 1}
	var best Candidate
	for _, c := range list {
		if c.Component == component && rank[c.Type] > rank[best.Type] {
			best = c
		}
	}
	return best
}
