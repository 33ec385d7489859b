package msrp

import (
	"fmt"
	"net/netip"
)

// AllowNear tells whether somebody else may have us, at host, connect to an
// address. He must not reach through us what he cannot reach himself: neither this
// machine nor its neighbourhood, unless host is an address of the same kind.
func AllowNear(host, to netip.Addr) bool {
	host, to = host.Unmap(), to.Unmap()
	switch {
	case !to.IsValid(), to.IsUnspecified(), to.IsMulticast(), to == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	case to.IsLoopback():
		return host.IsLoopback()
	case to.IsLinkLocalUnicast():
		return host.IsLinkLocalUnicast() || host.IsLoopback()
	case to.IsPrivate():
		return host.IsPrivate() || host.IsLinkLocalUnicast() || host.IsLoopback()
	}
	return true
}

// allowed is the hop with the address that its name has, if a peer may lead us
// there.
func (e *Endpoint) allowed(to URI) (URI, error) {
	addr, err := netip.ParseAddr(to.Host)
	if err != nil {
		found, err := e.cfg.Net.ResolveIPAddr("ip", to.Host)
		if err != nil {
			return URI{}, fmt.Errorf("connecting to %s: %w", to, err)
		}
		addr, _ = netip.AddrFromSlice(found.IP)
	}
	if !e.cfg.Allow(addr) {
		return URI{}, fmt.Errorf("the peer's path leads to %v, which is not allowed", addr)
	}
	to.Host = addr.Unmap().String()
	return to, nil
}
