package ice

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// State is how far the negotiation is.
type State int

// The states of an [Agent].
const (
	Idle      State = iota // the peer's candidates are not known yet; its checks are answered
	Running                // checks go to and fro
	Completed              // each component has a pair that both agree on
	Broken                 // no way was found
)

// Times. Those of single checks are what RFC 5245 section 16.1 has for audio.
const (
	pace     = 20 * time.Millisecond  // from one new check to the next
	rto      = 100 * time.Millisecond // until a check is repeated; then doubled
	maxRTO   = 1600 * time.Millisecond
	maxSends = 7                      // of a check: given up 6.3 s after the first
	patience = 250 * time.Millisecond // a better pair gets this long when there is one for each component
	limit    = 10 * time.Second       // of the whole: a stream has 15 s to start
	// maxEarly is how many checks are remembered that come before the peer's candidates.
	maxEarly = 16
)

// Config is what an Agent begins with.
type Config struct {
	Credentials Credentials   // ours
	Local       []Candidate   // ours, a host of each component among them
	Controlling bool          // we have made the offer (RFC 8445 section 6.1.1)
	Random      *rand.ChaCha8 // of transaction ids and of the tie-breaker
}

// Remote is what the peer has told.
type Remote struct {
	Credentials Credentials
	Candidates  []Candidate
	Lite        bool // it answers checks and makes none (RFC 8445 section 2.5)
}

// Agent negotiates for one stream. Begin with [NewAgent], tell it with Start what the peer has sent, give it all STUN
// that the sockets receive, call Advance when Next says so, and send what Take returns after each of these.
type Agent struct {
	own    Credentials
	local  []Candidate
	role   role
	random *rand.ChaCha8

	state      State
	remote     Remote
	components []int // that both have
	pairs      []*pair
	triggered  []*pair // to be checked first, in this order
	requests   []*request
	early      []earlyCheck
	began      time.Time
	lastCheck  time.Time // when the last new check was sent
	enough     time.Time // since when each component has a pair
	out        []Datagram
}

// request is a check under way.
type request struct {
	pair     *pair
	id       [12]byte
	raw      []byte
	sent     int
	due      time.Time // when it is repeated or given up
	role     role
	nominate bool
}

// earlyCheck is a check of the peer that came before its candidates.
type earlyCheck struct {
	component int
	from      netip.AddrPort
	priority  uint32
	nominates bool
}

// NewAgent makes an agent in state Idle.
func NewAgent(cfg Config) *Agent {
	return &Agent{
		own: cfg.Credentials, local: slices.Clone(cfg.Local), random: cfg.Random, role: role{cfg.Controlling, cfg.Random.Uint64()},
	}
}

// Start begins the checks. An error means that the peer has told nothing that can be negotiated with.
func (a *Agent) Start(now time.Time, remote Remote) error {
	if !remote.Credentials.Valid() {
		return errors.New("ICE: the peer's ice-ufrag and ice-pwd need 4 and 22 characters at least, of letters, digits, + and /")
	}
	a.remote, a.began = remote, now
	a.role.controlling = a.role.controlling || remote.Lite
	for _, c := range remote.Candidates {
		if _, ours := a.base(c.Component); ours && !slices.Contains(a.components, c.Component) {
			a.components = append(a.components, c.Component)
		}
		if a.findPair(c.Component, c) == nil {
			a.addPair(c)
		}
	}
	slices.Sort(a.components)
	if !slices.Contains(a.components, RTP) {
		return errors.New("ICE: the peer has no candidate for RTP")
	}
	a.state = Running
	a.prioritize()
	a.thaw()
	for _, e := range a.early {
		a.checked(e)
	}
	a.early = nil
	a.Advance(now)
	return nil
}

// Credentials are ours.
func (a *Agent) Credentials() Credentials { return a.own }

// Local are our candidates, as they were given.
func (a *Agent) Local() []Candidate { return slices.Clone(a.local) }

// Remote is what the peer has told.
func (a *Agent) Remote() Remote { return a.remote }

// State tells how far it is.
func (a *Agent) State() State { return a.state }

// Controlling tells whether it is us who nominate. It may change while checks run (RFC 8445 section 7.3.1.1).
func (a *Agent) Controlling() bool { return a.role.controlling }

// Components are those that are negotiated, known from Start on.
func (a *Agent) Components() []int { return slices.Clone(a.components) }

// Selected is the pair of a component that was agreed on, false before [Completed].
func (a *Agent) Selected(component int) (local, remote Candidate, ok bool) {
	p := a.best(component, nominated)
	if a.state != Completed || p == nil {
		return Candidate{}, Candidate{}, false
	}
	return p.local, p.remote, true
}

// Take returns what is to be sent.
func (a *Agent) Take() []Datagram {
	out := a.out
	a.out = nil
	return out
}

// Next is when Advance has to be called, zero when never.
func (a *Agent) Next() time.Time {
	if a.state != Running {
		return time.Time{}
	}
	next := a.began.Add(limit)
	earlier := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	for _, r := range a.requests {
		earlier(r.due)
	}
	if a.hasWork() {
		earlier(a.lastCheck.Add(pace))
	}
	if !a.enough.IsZero() && a.role.controlling && !a.nominates() {
		earlier(a.enough.Add(patience))
	}
	return next
}

// Advance does what is due.
func (a *Agent) Advance(now time.Time) {
	if a.state != Running {
		return
	}
	a.repeat(now)
	a.nominate(now)
	if a.hasWork() && !now.Before(a.lastCheck.Add(pace)) {
		if p := a.nextPair(); p != nil {
			a.check(now, p)
		}
	}
	a.conclude(now)
}

// conclude looks whether the negotiation is over.
func (a *Agent) conclude(now time.Time) {
	switch {
	case a.each(nominated):
		a.state = Completed
	case !now.Before(a.began.Add(limit)), a.hopeless():
		a.state = Broken
	default:
		return
	}
	a.requests, a.triggered = nil, nil
}

// each tells whether each component has such a pair.
func (a *Agent) each(counts func(*pair) bool) bool {
	return !slices.ContainsFunc(a.components, func(c int) bool { return a.best(c, counts) == nil })
}

// hopeless tells whether no more can be expected. The controlled party waits for the peer, which may begin later.
func (a *Agent) hopeless() bool {
	return a.role.controlling && len(a.pairs) > 0 && len(a.requests) == 0 && !a.hasWork() && !a.each(succeeded) &&
		!slices.ContainsFunc(a.pairs, (*pair).unfinished)
}
