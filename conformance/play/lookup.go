package play

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
)

// errLookupInObserver is why a call in an observer names its routes.
var errLookupInObserver = errors.New("a look-up takes time, and an observer does not wait: give routes")

// looksUp tells whether the routes of a call come from DNS: where the file has a
// zone, unless the call says otherwise.
func (p *party) looksUp(v *scenario.Call) bool {
	if v.Name != "call" || p.world.dns == nil {
		return false
	}
	routes, given := v.Params["routes"].([]string)
	return !given || slices.Equal(routes, []string{"lookup"})
}

// lookUp finds the routes of a call, as an application does before it calls
// connect; its notifications are the party's.
func (d *driver) lookUp(s *scenario.Step, t *target, v *scenario.Call) error {
	p := t.party
	to, _, err := p.whom(fmt.Sprint(v.Arg))
	if err != nil {
		return err
	}
	lookup := resolver.NewDNSLookup(p.resolver, p.app.Center())
	if err := lookup.LookupSIPProxy(to.URI, p.transports()); err != nil {
		return err
	}
	over := func() bool {
		select {
		case <-lookup.Done():
			return true
		default:
			return false
		}
	}
	if !d.wait(d.limit(s), over) {
		lookup.Cancel()
		return errors.New("the look-up did not end in time")
	}
	if t.routes, err = lookup.WaitRoutes(context.Background()); err != nil {
		return fmt.Errorf("DNS lookup failed: %w", err)
	}
	return nil
}

// transports are those of the party, best first: as its settings say, else that
// of the knob before the others.
func (p *party) transports() []string {
	if list, ok := p.def.Settings["sip.transport_list"]; ok {
		return strings.Split(list, ",")
	}
	list := []string{p.world.transport()}
	for _, t := range []string{"tls", "tcp", "udp"} {
		if _, ok := p.app.Engine().Addr(t); ok && t != list[0] {
			list = append(list, t)
		}
	}
	return list
}

// nameservers are those that every party asks.
func (w *world) nameservers() []netip.AddrPort { return []netip.AddrPort{w.dns.Addr()} }

// newResolver makes the resolver with which the party looks up what it calls, nil
// without a zone, and gives the application its name servers.
func (p *party) newResolver(cfg *sipsimple.Config) (*resolver.Resolver, error) {
	if p.world.dns == nil {
		return nil, nil
	}
	cfg.Nameservers, cfg.DeterministicDNS = p.world.nameservers, true
	return resolver.New(resolver.Config{
		Net: p.host, Nameservers: p.world.nameservers(), Rand: p.world.randomFor(p.def.Name + " resolver"), Deterministic: true,
	})
}
