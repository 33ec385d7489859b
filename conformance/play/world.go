package play

import (
	"cmp"
	"hash/fnv"
	"net/netip"
	"slices"
	"time"

	"github.com/go-sipsimple/callflow/conformance/loopback"
	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/dnsserver"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// world is everything of one run: the network, the parties and the logs.
type world struct {
	c       *scenario.Case
	net     *simnet.Network   // nil in other worlds
	devices *Devices          // nil in other worlds than device
	card    *realSound        // of the first application there
	real    *loopback.Network // nil in the simulated one
	begun   bool              // the first step may be done
	deliver func()            // has real deliver, from the first step on
	server  string            // the program in the places of servers, see Options.Server
	parties []*party
	scripts scripts
	wire    *wireLog
	env     *environment
	pki     *pki
	dns     *dnsserver.Server // nil: the file has none
	sounds  simnet.SoundClock
	hosts   hostNames
	folders map[string]string // where files are saved, by party/name

	namesRefusal bool     // see loosen.go
	looksAt      []string // attributes that `has` of some item asks for
	start        beginning
	changed      chan struct{} // something has happened

	addressesGiven bool   // the parties live at those of the options
	onlyPhone      string // name of the one phone under test, "" = there are none, or more

	others    *streams.Registry // of third parties, may be nil
	tolerance time.Duration     // how far instants may be off

	log []logged // see entries.go
}

// newWorld builds the world of a case, the simulated one in a bubble. Nothing
// runs yet.
func newWorld(c *scenario.Case, o Options) (*world, error) {
	w := &world{c: c, changed: make(chan struct{}, 1), tolerance: match.Exact, others: o.Streams, server: o.Server}
	w.start.set(time.Now())
	w.env = newEnvironment(w)
	w.wire = newWireLog(w)
	w.looksAt = attributesAskedFor(c)
	w.namesRefusal = namesRefusal(c.Steps)
	if err := w.openNetwork(o); err != nil {
		return w, err
	}
	for _, def := range c.Parties {
		p := newParty(w, def)
		w.parties = append(w.parties, p)
		if err := p.takePhone(o); err != nil {
			return w, err
		}
		if err := p.settle(); err != nil {
			return w, err
		}
	}
	if err := w.addDNS(); err != nil {
		return w, err
	}
	for _, p := range w.parties {
		if err := p.build(); err != nil {
			return w, err
		}
	}
	return w, nil
}

var (
	addressOfNobody  = netip.MustParseAddr("192.0.2.253")
	addressOfNowhere = netip.MustParseAddr("192.0.2.254")
)

// seedFor is the seed of one party: another party more does not disturb it.
func (w *world) seedFor(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return w.c.Seed ^ h.Sum64()
}

func (w *world) party(name string) *party {
	for _, p := range w.parties {
		if p.def.Name == name {
			return p
		}
	}
	return nil
}

// hasPhone tells whether a party is a phone under test.
func (w *world) hasPhone() bool {
	return slices.ContainsFunc(w.parties, func(p *party) bool { return p.phone != nil })
}

// rank is the place of a host among the parties.
func (w *world) rank(host string) int {
	i := slices.IndexFunc(w.parties, func(p *party) bool { return p.def.Name == host })
	if i < 0 {
		return len(w.parties)
	}
	return i
}

// collect moves everything that happened since the last time into the logs.
// The driver calls it when nothing moves.
func (w *world) collect() {
	w.wire.collect()
	for _, p := range w.parties {
		for _, r := range p.collect() {
			if r.watched && r.event.At >= 0 && !w.notJudged(&r.event) {
				r.event.Extra = w.hasPhone() && rings(&r.event)
				p.log.Add(r.event)
			}
			if r.session != nil {
				p.bySession[r.session] = append(p.bySession[r.session], r)
			}
			w.note(p, r)
		}
	}
}

// attributesAskedFor lists what the items of a case look at with `has`.
func attributesAskedFor(c *scenario.Case) []string {
	asked := map[string]bool{}
	var items func(list []match.Item)
	items = func(list []match.Item) {
		for _, item := range list {
			for path := range item.Has {
				asked[path] = true
			}
			items(item.Items)
		}
	}
	eachStep(c.Steps, func(s *scenario.Step) {
		switch v := s.Verb.(type) {
		case *scenario.Expect:
			for _, view := range v.Views {
				items(view.Items)
			}
		case *scenario.When:
			items([]match.Item{v.Item})
		}
	})
	names := make([]string, 0, len(asked))
	for name := range asked {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// eachStep visits the steps and those inside them.
func eachStep(steps []scenario.Step, visit func(*scenario.Step)) {
	for i := range steps {
		visit(&steps[i])
		switch v := steps[i].Verb.(type) {
		case *scenario.Together:
			eachStep(v.Steps, visit)
		case *scenario.Part:
			eachStep(v.Steps, visit)
		case *scenario.When:
			eachStep(v.Do, visit)
		case *scenario.RepeatSteps:
			for _, round := range v.Rounds {
				eachStep(round, visit)
			}
		}
	}
}

// lastActivity is the instant at which something last happened.
func (w *world) lastActivity() time.Duration {
	last := time.Duration(0)
	for _, e := range w.log {
		last = max(last, e.at)
	}
	return max(last, w.wire.latest)
}

func byTime(a, b logged) int {
	return cmp.Or(cmp.Compare(a.at, b.at), a.rank-b.rank, a.actor-b.actor, a.seq-b.seq)
}
