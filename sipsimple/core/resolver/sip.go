package resolver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// service is how a transport is asked for in SRV and NAPTR records (RFC 3263 section 4.1).
type service struct{ transport, srv, naptr string }

var services = []service{
	{"udp", "_sip._udp.", "SIP+D2U"},
	{"tcp", "_sip._tcp.", "SIP+D2T"},
	{"tls", "_sips._tcp.", "SIPS+D2T"},
}

func serviceOf(transport string) (service, bool) {
	i := slices.IndexFunc(services, func(s service) bool { return s.transport == transport })
	if i < 0 {
		return service{}, false
	}
	return services[i], true
}

// LookupSIPProxy finds where a request to a URI may go first, best first, by RFC 3263 and the rules of the reference:
// uri is that of an outbound proxy, or of the peer; transports ("udp", "tcp", "tls") are those we have, in our order of
// preference. It blocks, for the lifetime of a look-up at most. A query that times out ends it with an error that is
// ErrTimeout; no result is an error too, never an empty list.
func (r *Resolver) LookupSIPProxy(ctx context.Context, uri sip.Uri, transports []string) ([]core.Route, error) {
	l := sipLookup{uri: uri, secure: strings.EqualFold(uri.Scheme, "sips")}
	for _, t := range transports {
		if _, ok := serviceOf(strings.ToLower(t)); ok {
			l.transports = append(l.transports, strings.ToLower(t))
		}
	}
	if len(l.transports) == 0 {
		return nil, fmt.Errorf("need at least one transport of udp, tcp, tls: got %v", transports)
	}
	s, end := r.begin(ctx)
	defer end()
	l.session = s
	routes, err := l.run()
	if err != nil {
		return nil, err
	}
	l.name(routes)
	if routes = unique(routes); len(routes) == 0 {
		return nil, fmt.Errorf("No routes found for SIP URI %s", uri.String()) //lint:ignore ST1005 the words of the specification
	}
	return routes, nil
}

type sipLookup struct {
	*session
	uri        sip.Uri
	secure     bool
	transports []string
}

// name gives tls routes the name that the certificate must carry: that of the
// domain looked up, not of the server that records have led to (RFC 5922 section 7.2).
func (l *sipLookup) name(routes []core.Route) {
	host := l.host()
	if _, isAddr := literal(host); isAddr {
		return
	}
	for i := range routes {
		if routes[i].Transport == "tls" {
			routes[i].ServerName = host
		}
	}
}

// run applies the first rule that matches (application.md 10.1).
func (l *sipLookup) run() ([]core.Route, error) {
	host := l.host()
	param, named := l.uri.UriParams.Get("transport")
	param = strings.ToLower(param)
	addr, isAddr := literal(host)
	switch {
	case host == "":
		return nil, fmt.Errorf("the URI %s has no host", l.uri.String())
	case isAddr || l.uri.Port > 0:
		return l.direct(host, addr, isAddr, param)
	case l.secure && named && param != "tls":
		return nil, fmt.Errorf("a sips URI cannot use the transport %s", param)
	case l.secure:
		return l.secured(host, named)
	case named:
		return l.byTransport(host, param)
	}
	return l.anything(host)
}

// host is the target of the URI (RFC 3263 section 4).
func (l *sipLookup) host() string {
	if maddr, ok := l.uri.UriParams.Get("maddr"); ok && maddr != "" {
		return maddr
	}
	return l.uri.Host
}

// literal reads an address, an IPv6 one with or without brackets.
func literal(host string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return addr.Unmap(), err == nil
}

// direct is for an address, or a name with a port.
func (l *sipLookup) direct(host string, addr netip.Addr, isAddr bool, param string) ([]core.Route, error) {
	transport := param
	switch {
	case l.secure:
		transport = "tls"
	case transport == "":
		transport = "udp"
	}
	if err := l.supported(transport); err != nil {
		return nil, err
	}
	if isAddr {
		return []core.Route{route(addr, l.uri.Port, transport)}, nil
	}
	return l.toHost(host, l.uri.Port, transport)
}

func (l *sipLookup) supported(transport string) error {
	if !slices.Contains(l.transports, transport) {
		return fmt.Errorf("the transport %s is not supported", transport)
	}
	return nil
}

// toHost gives a route for each address of a host.
func (l *sipLookup) toHost(host string, port int, transport string) ([]core.Route, error) {
	addrs, err := l.addresses(host)
	var routes []core.Route
	for _, a := range addrs {
		routes = append(routes, route(a, port, transport))
	}
	return routes, err
}

func route(addr netip.Addr, port int, transport string) core.Route {
	return core.Route{Address: addr.String(), Port: port, Transport: transport}.WithDefaults()
}

// byTransport is for a URI that names its transport.
func (l *sipLookup) byTransport(host, transport string) ([]core.Route, error) {
	if err := l.supported(transport); err != nil {
		return nil, err
	}
	service, _ := serviceOf(transport)
	routes, err := l.bySRV(service.srv+host, transport)
	if err != nil || len(routes) > 0 {
		return routes, err
	}
	return l.toHost(host, 0, transport)
}

// secured is for a sips URI without port. One that names its transport is not asked NAPTR records for.
func (l *sipLookup) secured(host string, named bool) ([]core.Route, error) {
	if err := l.supported("tls"); err != nil {
		return nil, err
	}
	if named {
		return l.byTransport(host, "tls")
	}
	l.transports = []string{"tls"}
	return l.anything(host)
}

// anything is for a name alone: NAPTR, else SRV for each transport, else the plain addresses.
func (l *sipLookup) anything(host string) ([]core.Route, error) {
	routes, err := l.byNAPTR(host)
	if err != nil || len(routes) > 0 {
		return routes, err
	}
	for _, transport := range l.transports {
		service, _ := serviceOf(transport)
		more, err := l.bySRV(service.srv+host, transport)
		if err != nil {
			return nil, err
		}
		routes = append(routes, more...)
	}
	fallback := "udp"
	if l.secure {
		fallback = "tls"
	}
	if len(routes) > 0 || l.supported(fallback) != nil {
		return routes, nil
	}
	return l.toHost(host, 0, fallback)
}

// byNAPTR follows the NAPTR records of services that we support.
func (l *sipLookup) byNAPTR(host string) ([]core.Route, error) {
	list, err := l.records(host, typeNAPTR)
	if err != nil {
		return nil, err
	}
	var routes []core.Route
	for _, r := range byOrder(list) {
		i := slices.IndexFunc(services, func(s service) bool { return s.naptr == r.service })
		if i < 0 || l.supported(services[i].transport) != nil || len(routes) >= maxRoutes {
			continue
		}
		var more []core.Route
		switch r.flags {
		case "s":
			more, err = l.bySRV(r.target, services[i].transport)
		case "a":
			more, err = l.toHost(r.target, 0, services[i].transport)
		}
		if err != nil {
			return nil, err
		}
		routes = append(routes, more...)
	}
	return routes, nil
}

// bySRV follows the SRV records of a name. The target "." means that there is no such service (RFC 2782).
func (l *sipLookup) bySRV(name, transport string) ([]core.Route, error) {
	var routes []core.Route
	err := l.eachServer(name, func(addr netip.AddrPort) {
		routes = append(routes, route(addr.Addr(), int(addr.Port()), transport))
	})
	return routes, err
}

// eachServer visits the servers of a service in the order to try them.
func (s *session) eachServer(name string, visit func(netip.AddrPort)) error {
	list, err := s.records(name, typeSRV)
	if err != nil {
		return err
	}
	visited := 0
	for _, r := range bySelection(list, s.r.lots()) {
		if r.target == "." || r.port == 0 || visited >= maxRoutes {
			continue
		}
		addrs, err := s.addresses(r.target)
		if err != nil {
			return err
		}
		for _, a := range addrs {
			visit(netip.AddrPortFrom(a, r.port))
			visited++
		}
	}
	return nil
}

// unique drops what comes a second time, and what is too much.
func unique[T comparable](list []T) []T {
	var kept []T
	for _, x := range list {
		if !slices.Contains(kept, x) && len(kept) < maxRoutes {
			kept = append(kept, x)
		}
	}
	return kept
}

// LookupHost finds the addresses of a host, best first; it fits core.Config.Resolve. It blocks.
func (r *Resolver) LookupHost(ctx context.Context, host string) ([]netip.Addr, error) {
	s, end := r.begin(ctx)
	defer end()
	addrs, err := s.addresses(host)
	if err == nil && len(addrs) == 0 {
		err = ErrNoRecord
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("no address for %s: %w", strconv.Quote(host), err)
	}
	return addrs, err
}
