package simnet

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// RouterKind tells how a router treats what passes, in the words of scenario files and of RFC 3489 section 5; RFC 4787
// has the exact ones.
type RouterKind string

// The kinds of routers. Each but Firewall and Blocked translates addresses (NAT); all filter.
const (
	FullCone       RouterKind = "full_cone"       // endpoint-independent mapping and filtering
	Restricted     RouterKind = "restricted"      // the same mapping, address-dependent filtering
	PortRestricted RouterKind = "port_restricted" // the same mapping, address and port-dependent filtering
	Symmetric      RouterKind = "symmetric"       // address and port-dependent mapping and filtering
	Blocked        RouterKind = "blocked"         // no UDP at all; TCP outwards, as PortRestricted
	Firewall       RouterKind = "firewall"        // no translation, filtering as PortRestricted
)

// Lifetimes of mappings that are not used from inside (RFC 4787 REQ-5, RFC 5382 REQ-5).
const (
	DefaultMappingLifetime = 5 * time.Minute
	tcpMappingLifetime     = 2*time.Hour + 4*time.Minute
)

// RouterConfig describes a [Router].
type RouterConfig struct {
	Kind RouterKind // "" means PortRestricted
	// Addr is the address outside; the invalid one means the next free IPv4 address, the unspecified IPv6 address the
	// next free one of that family. A Firewall has none.
	Addr netip.Addr
	// MappingLifetime is how long a mapping of UDP lasts after the last packet from inside; 0 means
	// DefaultMappingLifetime. Packets from outside do not prolong it (RFC 4787 REQ-6).
	MappingLifetime time.Duration
}

// Router stands between the network and the hosts made with [Router.Host], and takes no time. Hosts inside reach each
// other directly, and by the address outside too (hairpinning, RFC 4787 REQ-9).
//
// A packet meets the routers when it leaves its host: then mappings are made and filters asked, in the order of the
// packets. Taps and faults see the packet as it is between the routers, that is, with outside addresses. A packet that
// is not let in is Lost for them.
type Router struct {
	n    *Network
	name string
	cfg  RouterConfig

	// guarded by n.mu
	outside *Host   // has the address outside, and no sockets; nil for a Firewall
	inside  []*Host // in the order they were made
	table   map[mappingKey]*mapping
	byPort  map[portKey]*mapping
	next    uint16 // port to be tried next
}

// Router adds a router. The name is for messages only.
func (n *Network) Router(name string, cfg RouterConfig) (*Router, error) {
	switch cfg.Kind {
	case "":
		cfg.Kind = PortRestricted
	case FullCone, Restricted, PortRestricted, Symmetric, Blocked, Firewall:
	default:
		return nil, fmt.Errorf("router %q: unknown kind %q", name, cfg.Kind)
	}
	if cfg.MappingLifetime <= 0 {
		cfg.MappingLifetime = DefaultMappingLifetime
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, fmt.Errorf("router %q: the network is closed", name)
	}
	r := &Router{n: n, name: name, cfg: cfg}
	r.forgetLocked()
	r.next = firstMapped
	if cfg.Kind != Firewall {
		n.made++
		r.outside = newHost(n, name, n.made)
		r.outside.router = r
		if err := n.assign(r.outside, cfg.Addr); err != nil {
			return nil, err
		}
	}
	n.routers++
	return r, nil
}

// Host adds a host inside. As for [Network.Host] the address may be left open: then it is the next free one of
// 192.168.0.0/16 or, for the unspecified IPv6 address, of fd00::/64; behind a Firewall it is one of the network. Names
// resolve to the address outside, for hosts inside to the one inside.
func (r *Router) Host(name string, addr netip.Addr) (*Host, error) {
	r.n.mu.Lock()
	if r.outside != nil {
		addr = r.n.insideAddrLocked(addr)
	}
	r.n.mu.Unlock()
	h, err := r.n.Host(name, addr)
	if err != nil {
		return nil, err
	}
	r.n.mu.Lock()
	defer r.n.mu.Unlock()
	h.behind = r
	r.inside = append(r.inside, h)
	r.n.version++
	return h, nil
}

// insideAddrLocked is the address, or a free private one.
func (n *Network) insideAddrLocked(addr netip.Addr) netip.Addr {
	switch {
	case !addr.IsValid() || addr == netip.IPv4Unspecified():
		return n.inner4.next(n.byAddr)
	case addr == netip.IPv6Unspecified():
		return n.inner6.next(n.byAddr)
	}
	return addr
}

// Kind is the kind of the router.
func (r *Router) Kind() RouterKind { return r.cfg.Kind }

// Addr is the address outside, the invalid one for a Firewall.
func (r *Router) Addr() netip.Addr {
	if r.outside == nil {
		return netip.Addr{}
	}
	return r.outside.Addr()
}

// Rebind makes the router forget all mappings and filters, as when it restarts. What the hosts inside send from this
// instant on gets new ports. TCP connections do not survive it.
func (r *Router) Rebind() {
	r.n.mu.Lock()
	defer r.n.mu.Unlock()
	r.n.opLocked(op{rebind: r})
}

// Mapping is a translation of a router.
type Mapping struct {
	Proto           Proto
	Inside, Outside netip.AddrPort
	// Remote is the only address for which the mapping is used; set behind a Symmetric router.
	Remote netip.AddrPort
}

// Mappings lists the translations, those that have expired unnoticed included, in the order of the ports outside.
func (r *Router) Mappings() []Mapping {
	r.n.mu.Lock()
	defer r.n.mu.Unlock()
	list := make([]Mapping, 0, len(r.table))
	for key, m := range r.table {
		list = append(list, Mapping{key.proto, key.inside, m.outside, key.remote})
	}
	slices.SortFunc(list, func(a, b Mapping) int {
		return cmp.Or(cmp.Compare(a.Proto, b.Proto), a.Outside.Compare(b.Outside), a.Inside.Compare(b.Inside))
	})
	return list
}

// Router is the router in front of the host, nil if there is none.
func (h *Host) Router() *Router {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	return h.behind
}

// Outside is the first address by which hosts elsewhere know this one: its router's, or its own.
func (h *Host) Outside() netip.Addr {
	if r := h.Router(); r != nil && r.outside != nil {
		return r.Addr()
	}
	return h.Addr()
}

// knownAsLocked are the addresses of a host as another one sees them.
func (h *Host) knownAsLocked(asker *Host) []netip.Addr {
	if r := h.behind; r != nil && r.outside != nil && asker.behind != r {
		return slices.Clone(r.outside.addrs)
	}
	return slices.Clone(h.addrs)
}

// Move gives the host another address, in place of those of its family. As for [Network.Host] the invalid address means
// the next free IPv4 address (behind a router of the private ones), the unspecified IPv6 address a free one of that
// family. What is bound to the old address stays and reaches nobody; connections break after half a minute.
func (h *Host) Move(addr netip.Addr) error {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	if h.behind != nil && h.behind.outside != nil {
		addr = h.n.insideAddrLocked(addr)
	}
	old := slices.Clone(h.addrs)
	if err := h.n.assign(h, addr); err != nil {
		return err
	}
	v4 := h.addrs[len(h.addrs)-1].Is4()
	for _, a := range old {
		if a.Is4() == v4 {
			h.removeAddrLocked(a)
		}
	}
	return nil
}
