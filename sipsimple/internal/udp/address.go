package udp

import "net/netip"

// Unmapped is an address without the detour of IPv4 by IPv6 (RFC 4291 section 2.5.5.2).
func Unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
