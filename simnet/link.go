package simnet

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// DefaultLatency is the time a packet takes from host to host unless a link says otherwise.
const DefaultLatency = 10 * time.Millisecond

// LinkConfig describes the way from one host to another. The zero value is a perfect link of [DefaultLatency].
type LinkConfig struct {
	// Latency is the time a packet takes; 0 means DefaultLatency, negative means none.
	Latency time.Duration
	// Jitter is the longest time that chance adds to Latency. It does not change the order of packets.
	Jitter time.Duration
	// Loss, Duplicate, Reorder and Corrupt are the chances, 0 to 1, that a packet is lost, arrives twice, arrives
	// ReorderBy later than it should and so behind its successors, or arrives with one to three octets changed. TCP
	// makes up for each of them: only time is lost.
	Loss, Duplicate, Reorder, Corrupt float64
	// ReorderBy is how long a reordered packet is held back; 0 means 25 ms, more than one packet of speech.
	ReorderBy time.Duration
	// Bandwidth is in bits per second; 0 means unlimited. Datagrams that would wait longer than a second are lost.
	Bandwidth int64
}

// Constants of the model.
const (
	defaultReorderBy = 25 * time.Millisecond
	longestQueue     = time.Second // of a link with a bandwidth
	headerSize       = 28          // IPv4 and UDP headers, in octets, count for the bandwidth
)

// SetLink sets the way from one host to another, in that direction only. "" means any host. Of several calls that are
// about the same pair of hosts the last one is in force. The way from a host to itself (no latency, no faults) changes
// only when it is named. Packets written at this instant are the first to feel it; those under way do not.
func (n *Network) SetLink(from, to string, cfg LinkConfig) {
	n.addRule(linkRule{from: canonicalName(from), to: canonicalName(to), cfg: &cfg})
}

// Cut lets nothing pass from one host to another, in that direction only, until [Network.Heal]. "" means any host.
// UDP datagrams are lost, TCP connections break after half a minute.
func (n *Network) Cut(from, to string) {
	cut := true
	n.addRule(linkRule{from: canonicalName(from), to: canonicalName(to), cut: &cut})
}

// Heal undoes Cut. Of several calls of Cut and Heal about the same pair of hosts the last one is in force.
func (n *Network) Heal(from, to string) {
	cut := false
	n.addRule(linkRule{from: canonicalName(from), to: canonicalName(to), cut: &cut})
}

// Link is what [Network.SetLink] has set for a pair of hosts, and whether the link is cut.
func (n *Network) Link(from, to string) (cfg LinkConfig, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := link{name: linkName{canonicalName(from), canonicalName(to)}}
	for _, r := range n.rules {
		l.apply(r)
	}
	return l.cfg, l.cut
}

// linkName is a pair of hosts, by their lower-case names.
type linkName struct{ from, to string }

// linkRule is one call of SetLink, Cut or Heal.
type linkRule struct {
	from, to string
	cfg      *LinkConfig // nil: does not change it
	cut      *bool       // nil: does not change it
}

func (r linkRule) matches(name linkName) bool {
	if name.from == name.to && (r.from == "" || r.to == "") {
		return false // a host reaches itself whatever happens to the network
	}
	return (r.from == "" || r.from == name.from) && (r.to == "" || r.to == name.to)
}

// link is the running side of a pair of hosts. It is written by the network at work only.
type link struct {
	name    linkName
	cfg     LinkConfig
	cut     bool
	latency int64 // of cfg, at least 1 ns
	rnd     *rand.Rand
	last    int64 // latest arrival of a packet in order
	freeAt  int64 // the line is busy with earlier packets until then
}

func (l *link) apply(r linkRule) {
	if !r.matches(l.name) {
		return
	}
	if r.cfg != nil {
		l.cfg = *r.cfg
		l.latency = l.cfg.latency()
	}
	if r.cut != nil {
		l.cut = *r.cut
	}
}

func (c LinkConfig) latency() int64 {
	switch {
	case c.Latency == 0:
		return int64(DefaultLatency)
	case c.Latency < 0:
		return 1
	}
	return int64(c.Latency)
}

// linkLocked finds or makes the running side of a pair. Rules that still wait in ops are applied by their op.
func (n *Network) linkLocked(from, to *Host) *link {
	name := linkName{from.key, to.key}
	if l := n.links[name]; l != nil {
		return l
	}
	l := &link{name: name, latency: int64(DefaultLatency), rnd: newRand(n.seed, name.from, name.to)}
	if from == to {
		l.latency = 1
	}
	for _, r := range n.rules[:len(n.rules)-n.waitingRules()] {
		l.apply(r)
	}
	n.links[name] = l
	return l
}

// waitingRules counts the rules that are not in force yet.
func (n *Network) waitingRules() int {
	count := 0
	for _, o := range n.ops {
		if o.rule != nil {
			count++
		}
	}
	return count
}

// newRand is a source of chance that belongs to the words: adding another one does not disturb it.
func newRand(seed uint64, words ...string) *rand.Rand {
	h := fnv.New64a()
	for _, w := range words {
		h.Write([]byte(w))
		h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
