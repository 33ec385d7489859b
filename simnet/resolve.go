package simnet

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// ResolveIPAddr resolves a name of the network or a literal address; network is "ip", "ip4" or "ip6".
func (h *Host) ResolveIPAddr(network, address string) (*net.IPAddr, error) {
	addrs, err := h.lookup(network, address)
	if err != nil {
		return nil, err
	}
	return &net.IPAddr{IP: net.IP(addrs[0].AsSlice())}, nil
}

// ResolveUDPAddr resolves "host:port"; network is "udp", "udp4" or "udp6".
func (h *Host) ResolveUDPAddr(network, address string) (*net.UDPAddr, error) {
	targets, err := h.resolve(network, "udp", address)
	if err != nil {
		return nil, err
	}
	return udpAddr(targets[0]), nil
}

// ResolveTCPAddr resolves "host:port"; network is "tcp", "tcp4" or "tcp6".
func (h *Host) ResolveTCPAddr(network, address string) (*net.TCPAddr, error) {
	targets, err := h.resolve(network, "tcp", address)
	if err != nil {
		return nil, err
	}
	return tcpAddr(targets[0]), nil
}

// LookupHost is all addresses of a name, as the resolver of the host knows them. The error is a *net.DNSError.
func (h *Host) LookupHost(name string) ([]netip.Addr, error) { return h.lookup("ip", name) }

// resolve gives all that "host:port" may mean on the network; an empty host is the unspecified address, given as an
// invalid one.
func (h *Host) resolve(network, proto, address string) ([]netip.AddrPort, error) {
	if family, ok := strings.CutPrefix(network, proto); !ok || family != "" && family != "4" && family != "6" {
		return nil, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := parsePort(service)
	if err != nil {
		return nil, err
	}
	if host == "" {
		return []netip.AddrPort{netip.AddrPortFrom(netip.Addr{}, port)}, nil
	}
	addrs, err := h.lookup(network, host)
	if err != nil {
		return nil, err
	}
	targets := make([]netip.AddrPort, len(addrs))
	for i, a := range addrs {
		targets[i] = netip.AddrPortFrom(a, port)
	}
	return targets, nil
}

// lookup resolves a name or a literal to addresses of the family that ends the name of the network.
func (h *Host) lookup(network, name string) ([]netip.Addr, error) {
	all, err := h.lookupAny(name)
	if err != nil {
		return nil, err
	}
	var fit []netip.Addr
	for _, a := range all {
		if strings.HasSuffix(network, "4") && !a.Is4() || strings.HasSuffix(network, "6") && a.Is4() {
			continue
		}
		fit = append(fit, a)
	}
	if len(fit) == 0 {
		return nil, &net.AddrError{Err: "no suitable address found", Addr: name}
	}
	return fit, nil
}

func (h *Host) lookupAny(name string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{addr.WithZone("").Unmap()}, nil
	}
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	key := canonicalName(name)
	if key == "localhost" {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}, nil
	}
	if addrs := h.n.names[key]; addrs != nil {
		return append([]netip.Addr(nil), addrs...), nil
	}
	for _, candidate := range []string{key, strings.TrimSuffix(key, ".test")} {
		if other := h.n.hosts[candidate]; other != nil && len(other.addrs) > 0 {
			return other.knownAsLocked(h), nil
		}
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// parsePort knows numbers and the names of the services of SIP; "" is 0.
func parsePort(service string) (uint16, error) {
	switch service {
	case "":
		return 0, nil
	case "sip":
		return 5060, nil
	case "sips":
		return 5061, nil
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return 0, &net.AddrError{Err: "invalid port", Addr: service}
	}
	return uint16(port), nil
}

func udpAddr(a netip.AddrPort) *net.UDPAddr {
	return &net.UDPAddr{IP: net.IP(a.Addr().AsSlice()), Port: int(a.Port())}
}

func tcpAddr(a netip.AddrPort) *net.TCPAddr {
	return &net.TCPAddr{IP: net.IP(a.Addr().AsSlice()), Port: int(a.Port())}
}

// addrPort is the target in a net.Addr of any origin: of package net, or any other whose text is "host:port".
func addrPort(addr net.Addr) (netip.AddrPort, error) {
	switch a := addr.(type) {
	case *net.UDPAddr:
		return cleanAddrPort(a.AddrPort()), nil
	case *net.TCPAddr:
		return cleanAddrPort(a.AddrPort()), nil
	}
	parsed, err := netip.ParseAddrPort(addr.String())
	return cleanAddrPort(parsed), err
}

func cleanAddrPort(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().WithZone("").Unmap(), a.Port())
}
