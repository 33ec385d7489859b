package sipsimple

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/natdetect"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
)

// natDetection finds out which kind of NAT we are behind, again whenever the
// network has changed (application.md 2.9).
type natDetection struct {
	p      *parts
	wanted chan struct{} // at most one waits
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// natRetry is the time until the next attempt when no server has answered.
const natRetry = time.Minute

func newNATDetection(p *parts) *natDetection {
	ctx, cancel := context.WithCancel(context.Background())
	d := &natDetection{p: p, wanted: make(chan struct{}, 1), cancel: cancel}
	d.ended.Go(func() { d.run(ctx) })
	return d
}

// detect asks for a new attempt; one that is under way begins anew.
func (d *natDetection) detect() {
	select {
	case d.wanted <- struct{}{}:
	default:
	}
}

func (d *natDetection) stop() {
	d.cancel()
	d.ended.Wait()
}

// run waits for wishes and does them.
func (d *natDetection) run(ctx context.Context) {
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.wanted:
		case <-again:
		}
		again = nil
		switch d.attempt(ctx) {
		case natUnknown:
			again = time.After(natRetry)
		case natInterrupted:
			d.detect()
		}
	}
}

type natOutcome int

const (
	natKnown natOutcome = iota
	natUnknown
	natInterrupted
)

// attempt asks one server after the other, until one has an answer or a new
// attempt is wanted.
func (d *natDetection) attempt(ctx context.Context) natOutcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	result := make(chan natdetect.Type, 1)
	go func() { result <- d.ask(ctx) }()
	select {
	case kind := <-result:
		d.store(kind)
		if kind == natdetect.Unknown {
			return natUnknown
		}
		return natKnown
	case <-d.wanted:
		cancel()
		<-result
		return natInterrupted
	}
}

func (d *natDetection) store(kind natdetect.Type) {
	text := string(kind)
	d.p.app.natType.Store(&text)
}

// ask is the kind of NAT, Unknown when nobody answers.
func (d *natDetection) ask(ctx context.Context) natdetect.Type {
	for _, a := range d.p.loaded.accounts.Accounts() {
		for _, server := range stunServers(ctx, d.p.resolver, a.Settings()) {
			if ctx.Err() != nil {
				return natdetect.Unknown
			}
			kind, err := d.askServer(ctx, server)
			if ctx.Err() != nil {
				return natdetect.Unknown
			}
			if err == nil {
				d.p.postEngine(d.p.engine, SIPEngineDetectedNATType{Succeeded: true, UserData: server.String(), NATType: string(kind)})
				return kind
			}
			d.p.postEngine(d.p.engine, SIPEngineDetectedNATType{UserData: server.String(), Error: err.Error()})
		}
	}
	return natdetect.Unknown
}

// stunServers are those of the account's settings, else those of its domain. What is not found is left out.
func stunServers(ctx context.Context, r *resolver.Resolver, settings *configuration.Account) []netip.AddrPort {
	list, ok := settings.NATTraversal.STUNServerList.Get()
	if !ok || len(list) == 0 {
		found, err := r.LookupService(ctx, settings.Address().Domain, "stun")
		if err != nil {
			return nil
		}
		return found
	}
	var servers []netip.AddrPort
	for _, server := range list {
		addrs, err := r.LookupHost(ctx, strings.Trim(server.Host, "[]"))
		if err == nil && len(addrs) > 0 {
			servers = append(servers, netip.AddrPortFrom(addrs[0], uint16(server.Port)))
		}
	}
	return servers
}

func (d *natDetection) askServer(ctx context.Context, server netip.AddrPort) (natdetect.Type, error) {
	local, err := d.p.engine.LocalAddrFor(core.Route{Address: server.Addr().String()})
	if err != nil {
		return natdetect.Unknown, err
	}
	kind, err := natdetect.Detect(ctx, natdetect.Config{
		Net: d.p.app.cfg.Net, Local: local, Server: server, Rand: d.p.app.cfg.Rand,
	})
	if err == nil && kind == natdetect.Blocked {
		return kind, errors.New("the server does not answer")
	}
	return kind, err
}

// lookAround starts the detection anew, if there is one.
func (p *parts) lookAround() {
	if p.nat != nil {
		p.nat.detect()
	}
}
