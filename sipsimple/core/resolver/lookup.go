package resolver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// DNSLookup is one look-up that runs in the background (seed: sipsimple.lookup.DNSLookup). Start it with one of its
// Lookup methods, once; then wait for the result, or observe DNSLookupDidSucceed and DNSLookupDidFail of which it is the
// sender: exactly one of them is posted, and after it no DNSLookupTrace. Its methods may be called from any goroutine.
type DNSLookup struct {
	resolver *Resolver
	center   *notification.Center
	done     chan struct{}

	mu      sync.Mutex
	started bool
	cancel  context.CancelFunc
	result  any
	err     error
}

// ErrStarted tells that a look-up object was used a second time.
var ErrStarted = errors.New("the look-up has been started before")

// NewDNSLookup makes a look-up. center may be nil: then nothing is posted.
func NewDNSLookup(r *Resolver, center *notification.Center) *DNSLookup {
	return &DNSLookup{resolver: r, center: center, done: make(chan struct{})}
}

// LookupSIPProxy starts [Resolver.LookupSIPProxy]; the result is a []core.Route.
func (l *DNSLookup) LookupSIPProxy(uri sip.Uri, transports []string) error {
	return l.start(purpose{"lookup_sip_proxy", uri.String(), ""}, func(ctx context.Context) (any, error) {
		return l.resolver.LookupSIPProxy(ctx, uri, transports)
	})
}

// LookupService starts [Resolver.LookupService]; the result is a []netip.AddrPort.
func (l *DNSLookup) LookupService(domain, service string) error {
	return l.start(purpose{"lookup_service", domain, service}, func(ctx context.Context) (any, error) {
		return l.resolver.LookupService(ctx, domain, service)
	})
}

// LookupXCAPServer starts [Resolver.LookupXCAPServer]; the result is a []string.
func (l *DNSLookup) LookupXCAPServer(domain string) error {
	return l.start(purpose{"lookup_xcap_server", domain, ""}, func(ctx context.Context) (any, error) {
		return l.resolver.LookupXCAPServer(ctx, domain)
	})
}

// purpose is what every trace of a look-up tells.
type purpose struct{ context, uri, service string }

func (l *DNSLookup) start(why purpose, run func(context.Context) (any, error)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started {
		return fmt.Errorf("%s: %w", why.context, ErrStarted)
	}
	l.started = true
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), traceKey{}, l.tracer(why)))
	l.cancel = cancel
	go l.run(ctx, run)
	return nil
}

// run ends by itself: every look-up has a lifetime.
func (l *DNSLookup) run(ctx context.Context, run func(context.Context) (any, error)) {
	result, err := run(ctx)
	l.mu.Lock()
	l.cancel()
	l.result, l.err = result, err
	if err != nil {
		l.result = nil
	}
	l.mu.Unlock()
	switch {
	case l.center == nil:
	case err != nil:
		l.center.Post(l, DNSLookupDidFail{Error: err.Error()})
	default:
		l.center.Post(l, DNSLookupDidSucceed{Result: result})
	}
	close(l.done)
}

// tracer posts the queries, and tells the trace of the resolver too.
func (l *DNSLookup) tracer(why purpose) func(Trace) {
	return func(t Trace) {
		if l.resolver.cfg.Trace != nil {
			l.resolver.cfg.Trace(t)
		}
		if l.center == nil {
			return
		}
		data := DNSLookupTrace{
			QueryType: t.Type, QueryName: t.Name, Nameservers: texts(t.Nameservers), Answer: t.Answer,
			Context: why.context, URI: why.uri, Service: why.service,
		}
		if t.Err != nil {
			data.Error = t.Err.Error()
		}
		l.center.Post(l, data)
	}
}

func texts(servers []netip.AddrPort) []string {
	list := make([]string, len(servers))
	for i, s := range servers {
		list[i] = s.String()
		if s.Port() == 53 {
			list[i] = s.Addr().String()
		}
	}
	return list
}

// Cancel ends the look-up early: it fails with context.Canceled. It does nothing before the start and after the end.
func (l *DNSLookup) Cancel() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cancel != nil {
		l.cancel()
	}
}

// Done is closed when the look-up has ended and its outcome has been posted.
func (l *DNSLookup) Done() <-chan struct{} { return l.done }

// Wait waits for the result of a look-up that was started. When ctx ends first the look-up goes on.
func (l *DNSLookup) Wait(ctx context.Context) (any, error) {
	select {
	case <-l.done:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.result, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// WaitRoutes is Wait for the result of LookupSIPProxy.
func (l *DNSLookup) WaitRoutes(ctx context.Context) ([]core.Route, error) {
	result, err := l.Wait(ctx)
	routes, _ := result.([]core.Route)
	return routes, err
}
