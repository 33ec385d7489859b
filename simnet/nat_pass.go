package simnet

import "net/netip"

// firstMapped is the first port that a router hands out; ports follow one after another, so that runs are alike.
const (
	firstMapped = 20000
	lowestPort  = 1024 // below it are the well-known ones (RFC 4787 REQ-3)
)

// mappingKey finds a mapping for what comes from inside. remote is set where the mapping depends on it.
type mappingKey struct {
	proto          Proto
	inside, remote netip.AddrPort
}

// portKey finds a mapping for what comes from outside.
type portKey struct {
	proto   Proto
	outside netip.AddrPort
}

// mapping is a translation and its filter.
type mapping struct {
	host            *Host
	inside, outside netip.AddrPort
	used            int64                    // instant of the last packet from inside
	remotes         map[netip.AddrPort]int64 // when something was last sent there; the port is 0 where it does not matter
}

// maxRemotes is how many entries a filter has before the expired ones are cleared.
const maxRemotes = 256

// forgetLocked drops all mappings. The ports go on where they were: nobody gets an old one back soon.
func (r *Router) forgetLocked() {
	r.table, r.byPort = map[mappingKey]*mapping{}, map[portKey]*mapping{}
}

// passRoutersLocked takes a packet through the routers on its way. It writes into p what the network between them and
// the receiver see (src, to, link). dst is the address at the receiver's own side; pass is false when a router swallows
// the packet.
func (n *Network) passRoutersLocked(p *packet) (dst netip.AddrPort, pass bool) {
	if n.routers == 0 || p.dst.Addr().IsLoopback() {
		return p.dst, true
	}
	target := n.byAddr[p.dst.Addr()]
	if target == p.from {
		return p.dst, true
	}
	out := p.from.behind
	if out != nil && (target == nil || target.behind != out) {
		if p.src, pass = out.outwardLocked(p); !pass {
			return p.dst, false
		}
	}
	switch {
	case target == nil:
		return p.dst, true
	case target.router != nil:
		return target.router.inwardLocked(p)
	case target.behind != nil && target.behind != out:
		return target.behind.inwardLocked(p)
	}
	return p.dst, true
}

// outwardLocked is the source address that a packet from inside gets. It makes the mapping, or prolongs it, and opens
// the filter for what the packet's receiver sends back.
func (r *Router) outwardLocked(p *packet) (src netip.AddrPort, pass bool) {
	if r.cfg.Kind == Blocked && p.proto == UDP {
		return p.src, false
	}
	key := mappingKey{proto: p.proto, inside: p.src}
	if r.cfg.Kind == Symmetric {
		key.remote = p.dst
	}
	m := r.table[key]
	if m != nil && r.expired(p.proto, m.used, p.sent) {
		delete(r.byPort, portKey{p.proto, m.outside})
		m = nil
	}
	if m == nil {
		if m = r.newMappingLocked(p); m == nil {
			return p.src, false
		}
		r.table[key] = m
		r.byPort[portKey{p.proto, m.outside}] = m
	}
	m.used = p.sent
	r.open(m, p)
	return m.outside, true
}

// newMappingLocked chooses an address outside: the next free port of the same parity (RFC 4787 REQ-4). It is nil when
// all are taken.
func (r *Router) newMappingLocked(p *packet) *mapping {
	m := &mapping{host: p.from, inside: p.src, outside: p.src, remotes: map[netip.AddrPort]int64{}}
	if r.outside == nil {
		return m
	}
	addr := r.outside.sameFamily(p.dst.Addr())
	for range 1 << 16 {
		port := r.next
		r.next = max(r.next+1, lowestPort)
		m.outside = netip.AddrPortFrom(addr, port)
		if port%2 == p.src.Port()%2 && r.byPort[portKey{p.proto, m.outside}] == nil {
			return m
		}
	}
	return nil
}

// sameFamily is the host's address of the family of dst, its first one if it has none.
func (h *Host) sameFamily(dst netip.Addr) netip.Addr {
	for _, a := range h.addrs {
		if a.Is4() == dst.Is4() {
			return a
		}
	}
	return h.addrs[0]
}

// open notes that something was sent to the receiver of the packet.
func (r *Router) open(m *mapping, p *packet) {
	if len(m.remotes) >= maxRemotes {
		for remote, at := range m.remotes {
			if r.expired(p.proto, at, p.sent) {
				delete(m.remotes, remote)
			}
		}
	}
	m.remotes[r.filterKey(p.dst)] = p.sent
}

func (r *Router) filterKey(remote netip.AddrPort) netip.AddrPort {
	if r.cfg.Kind == Restricted {
		return netip.AddrPortFrom(remote.Addr(), 0)
	}
	return remote
}

func (r *Router) expired(proto Proto, used, now int64) bool {
	if proto == TCP {
		return now-used > int64(tcpMappingLifetime)
	}
	return now-used > int64(r.cfg.MappingLifetime)
}

// inwardLocked finds the host inside that a packet is for, and its address there. What is not let in is written down
// as a packet to the first host inside.
func (r *Router) inwardLocked(p *packet) (dst netip.AddrPort, pass bool) {
	m := r.byPort[portKey{p.proto, p.dst}]
	if m == nil || !r.admits(m, p) {
		if r.outside != nil && len(r.inside) > 0 {
			p.to = r.inside[0]
		}
		return p.dst, false
	}
	p.to = m.host
	p.link = r.n.linkLocked(p.from, p.to)
	return m.inside, true
}

func (r *Router) admits(m *mapping, p *packet) bool {
	if r.cfg.Kind == Blocked && p.proto == UDP || r.expired(p.proto, m.used, p.sent) {
		return false
	}
	if r.cfg.Kind == FullCone {
		return true
	}
	at, ok := m.remotes[r.filterKey(p.src)]
	return ok && !r.expired(p.proto, at, p.sent)
}
