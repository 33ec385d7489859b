package account

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
)

// Where requests go (application.md 11.2).

// proxyURI is an outbound proxy as a URI with host, port and transport.
func proxyURI(proxy configuration.ProxyAddress) sip.Uri {
	uri := sip.Uri{Scheme: "sip", Host: proxy.Host, Port: proxy.Port}
	uri.UriParams = uri.UriParams.Add("transport", proxy.Transport)
	return uri
}

// nextHop is where REGISTER goes: the outbound proxy, else the domain.
func (s *stored) nextHop() sip.Uri {
	if proxy, ok := s.settings.SIP.OutboundProxy.Get(); ok {
		return proxyURI(proxy)
	}
	return sip.Uri{Scheme: "sip", Host: s.settings.Address().Domain}
}

// voicemailHop is where SUBSCRIBE goes: the outbound proxy, else the domain of
// the voice mail unless it must pass by the account's own.
func (s *stored) voicemailHop() sip.Uri {
	mailbox, ok := s.settings.MessageSummary.VoicemailURI.Get()
	if _, proxied := s.settings.SIP.OutboundProxy.Get(); !proxied && ok && !s.settings.SIP.AlwaysUseMyProxy.Get() {
		return sip.Uri{Scheme: "sip", Host: mailbox.Domain}
	}
	return s.nextHop()
}

// NextHop is the URI whose look-up finds where an in-dialog or out-of-call
// request of the middleware for a peer goes: the outbound proxy; the domain of
// the account if that is always to be used; else the peer itself.
func (a *Account) NextHop(peer sip.Uri) sip.Uri {
	if a.stored == nil {
		return peer
	}
	if _, ok := a.stored.settings.SIP.OutboundProxy.Get(); ok || a.stored.settings.SIP.AlwaysUseMyProxy.Get() {
		return a.stored.nextHop()
	}
	return peer
}

// Transports are the SIP transports to be used, best first: those of the
// settings for which there is a listener.
func (m *Manager) Transports() []string {
	var list []string
	for _, t := range m.cfg.General.SIP.TransportList.Get() {
		if m.network == nil || m.network.Engine == nil {
			break
		}
		if _, ok := m.network.Engine.Addr(string(t)); ok {
			list = append(list, string(t))
		}
	}
	return list
}

// betweenLookups is enough for what follows from a look-up that asks nobody.
const betweenLookups = time.Microsecond

// locate looks up where a URI leads to and tells f on the executor. The function
// returned abandons the look-up.
func (m *Manager) locate(uri sip.Uri, f func([]core.Route, error)) (abandon func()) {
	l := &locating{DNSLookup: resolver.NewDNSLookup(m.network.Resolver, m.cfg.Center)}
	transports := m.Transports()
	halt := m.aside(func() {
		routes, err := l.run(uri, transports)
		m.post(func() {
			if !l.abandoned.Load() {
				f(routes, err)
			}
		})
	}, l.Cancel)
	return func() {
		l.abandoned.Store(true)
		halt()
	}
}

// aside runs something that blocks, beside the executor. Each begins at an instant
// of its own: what they send has one order. The function returned makes an end of
// it, with cancel if it runs.
func (m *Manager) aside(run, cancel func()) (halt func()) {
	now := time.Now()
	at := now.Add(betweenLookups)
	if earliest := m.located.Add(betweenLookups); at.Before(earliest) {
		at = earliest
	}
	m.located = at
	m.lookups.Add(1)
	timer := time.AfterFunc(at.Sub(now), func() {
		defer m.lookups.Done()
		run()
	})
	return func() {
		if timer.Stop() {
			m.lookups.Done()
			return
		}
		cancel()
	}
}

// locating is one look-up.
type locating struct {
	*resolver.DNSLookup
	abandoned atomic.Bool
}

// run does the look-up. It blocks.
func (l *locating) run(uri sip.Uri, transports []string) ([]core.Route, error) {
	if err := l.LookupSIPProxy(uri, transports); err != nil {
		return nil, err
	}
	if l.abandoned.Load() {
		l.Cancel()
	}
	return l.WaitRoutes(context.Background())
}
