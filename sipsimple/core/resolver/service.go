package resolver

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// known services (application.md 10.2).
var otherServices = map[string]struct {
	srv      string
	port     uint16
	fallback bool // to the addresses of the domain
}{
	"stun":      {"_stun._udp.", 3478, false},
	"msrprelay": {"_msrps._tcp.", 2855, true},
	// MSRP relays without TLS, which the seed does not know.
	"msrprelay/tcp": {"_msrp._tcp.", 2855, true},
}

// LookupService finds the servers of a domain for "stun", "msrprelay" (over TLS) or "msrprelay/tcp", best first. An address is returned unasked,
// with the port of the service. It blocks as [Resolver.LookupSIPProxy] does.
func (r *Resolver) LookupService(ctx context.Context, domain, name string) ([]netip.AddrPort, error) {
	service, ok := otherServices[strings.ToLower(name)]
	if !ok {
		return nil, fmt.Errorf("unknown service %q", name)
	}
	if addr, ok := literal(domain); ok {
		return []netip.AddrPort{netip.AddrPortFrom(addr, service.port)}, nil
	}
	s, end := r.begin(ctx)
	defer end()
	var servers []netip.AddrPort
	if err := s.eachServer(service.srv+domain, func(a netip.AddrPort) { servers = append(servers, a) }); err != nil {
		return nil, err
	}
	if len(servers) == 0 && service.fallback {
		addrs, err := s.addresses(domain)
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			servers = append(servers, netip.AddrPortFrom(a, service.port))
		}
	}
	if servers = unique(servers); len(servers) == 0 {
		return nil, fmt.Errorf("no %s server found for domain %s", strings.ToLower(name), domain)
	}
	return servers, nil
}

// LookupXCAPServer finds the XCAP roots of a domain: the http and https URLs among the TXT records of xcap.<domain>. It
// blocks as [Resolver.LookupSIPProxy] does.
func (r *Resolver) LookupXCAPServer(ctx context.Context, domain string) ([]string, error) {
	if _, ok := literal(domain); ok {
		return nil, fmt.Errorf("no XCAP servers for the address %s: a domain is needed", domain)
	}
	s, end := r.begin(ctx)
	defer end()
	list, err := s.records("xcap."+domain, typeTXT)
	if err != nil {
		return nil, err
	}
	var roots []string
	for _, rec := range list {
		u, err := url.Parse(rec.text)
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
			roots = append(roots, rec.text)
		}
	}
	if roots = unique(roots); len(roots) == 0 {
		return nil, fmt.Errorf("no XCAP servers found for domain %s", domain)
	}
	return roots, nil
}
