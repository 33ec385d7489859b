package simnet

import "net/netip"

// addressPool hands out the addresses of some networks, one after another.
type addressPool struct {
	nets []netip.Prefix
	last netip.Addr
}

// newPool4 has the networks for documentation (RFC 5737) and then a large private one.
func newPool4() addressPool {
	return addressPool{nets: []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("10.0.0.0/8"),
	}}
}

// newPool6 has the network for documentation (RFC 3849).
func newPool6() addressPool {
	return addressPool{nets: []netip.Prefix{netip.MustParsePrefix("2001:db8::/64")}}
}

// newPool has one network.
func newPool(prefix string) addressPool {
	return addressPool{nets: []netip.Prefix{netip.MustParsePrefix(prefix)}}
}

// next is the next address that is not taken. The last address of an IPv4 network (broadcast) is left out.
func (p *addressPool) next(taken map[netip.Addr]*Host) netip.Addr {
	for {
		if !p.last.IsValid() {
			p.last = p.nets[0].Addr()
		}
		p.last = p.last.Next()
		if (!p.nets[0].Contains(p.last) || !p.nets[0].Contains(p.last.Next())) && len(p.nets) > 1 {
			p.nets, p.last = p.nets[1:], netip.Addr{}
			continue
		}
		if taken[p.last] == nil {
			return p.last
		}
	}
}
