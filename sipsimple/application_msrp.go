package sipsimple

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// msrpSettings fills in from the account what Config.MSRP leaves open
// (streams.md 4).
func (a *Application) msrpSettings(s streams.MSRPSettings, l *loaded, acc *account.Account) streams.MSRPSettings {
	if acc == nil {
		return s
	}
	if s.TLS == nil && s.FindTLS == nil {
		s.FindTLS = func() (*tls.Config, error) { return a.tlsConfig(l, acc) }
	}
	if s.Transport == "" {
		s.Transport = string(acc.MSRPTransport())
	}
	own := acc.Settings()
	if own == nil { // the Bonjour account has neither relay nor model
		if s.Model == "" {
			s.Model = streams.ModelBonjour
		}
		return s
	}
	if s.Model == "" {
		s.Model = streams.ConnectionModel(own.MSRP.ConnectionModel.Get())
	}
	if s.Relay == nil && s.FindRelay == nil {
		s.FindRelay = func(ctx context.Context, secure bool) ([]msrp.Relay, error) { return a.findRelay(ctx, own, secure) }
		s.RelayForOutbound = own.NATTraversal.UseMSRPRelayForOutbound.Get()
	}
	return s
}

// findRelay takes the relay of the settings, else those of the account's domain.
// Certificates are for the name that the user has written, not for what DNS says.
func (a *Application) findRelay(ctx context.Context, own *configuration.Account, secure bool) ([]msrp.Relay, error) {
	resolver, transport := a.Resolver(), configuration.MSRPOverTCP
	if secure {
		transport = configuration.MSRPOverTLS
	}
	if set, ok := own.NATTraversal.MSRPRelay.Get(); ok {
		if set.Transport != string(transport) {
			return nil, fmt.Errorf("the relay %s is not for MSRP over %s", set, transport)
		}
		host := strings.Trim(set.Host, "[]")
		addrs, err := resolver.LookupHost(ctx, host)
		if err != nil {
			return nil, err
		}
		var relays []msrp.Relay
		for _, addr := range addrs {
			relays = append(relays, msrp.Relay{Host: addr.String(), Port: set.Port, Domain: host})
		}
		return relays, nil
	}
	service, domain := "msrprelay", own.Address().Domain
	if !secure {
		service = "msrprelay/tcp"
	}
	servers, err := resolver.LookupService(ctx, domain, service)
	if err != nil {
		return nil, err
	}
	var relays []msrp.Relay
	for _, server := range servers {
		relays = append(relays, msrp.Relay{Host: server.Addr().String(), Port: int(server.Port()), Domain: domain})
	}
	return relays, nil
}
