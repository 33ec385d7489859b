package account

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/xcap"
)

// XCAP talks to the account's XCAP server. It is nil while there is none: the
// setting xcap.enabled is false, the account is not active, or no server was found
// yet. Its methods block.
func (a *Account) XCAP() *xcap.Client {
	if a.stored == nil {
		return nil
	}
	return a.stored.xcap.Load()
}

// xcapSearch looks for the XCAP server of one account (application.md 6): its root
// in the settings or in DNS, then what it can do. It runs on the manager's
// executor.
type xcapSearch struct {
	s      *stored
	on     bool
	number int    // tells a search and a timer from those that came before
	halt   func() // ends the search or the timer, nil without one
}

func (x *xcapSearch) start() {
	if !x.on {
		x.on = true
		x.search()
	}
}

func (x *xcapSearch) stop() {
	x.on = false
	x.forget()
}

// anew begins again, with other settings or in another network.
func (x *xcapSearch) anew() {
	if x.on {
		x.forget()
		x.search()
	}
}

func (x *xcapSearch) forget() {
	x.number++
	if x.halt != nil {
		x.halt()
		x.halt = nil
	}
	x.s.xcap.Store(nil)
}

// search runs beside the executor, which hears of the outcome.
func (x *xcapSearch) search() {
	m, cfg := x.s.manager, x.config()
	root, given := x.s.settings.XCAP.XCAPRoot.Get()
	domain, names := x.s.settings.Address().Domain, m.network.Resolver
	x.number++
	number := x.number
	ctx, cancel := context.WithCancel(context.Background())
	x.halt = m.aside(func() {
		defer cancel()
		roots, err := []string{root}, error(nil)
		if !given {
			roots, err = m.xcapRoots(ctx, names, domain)
		}
		client, err := firstServer(ctx, cfg, roots, err)
		m.post(func() {
			if x.number == number {
				x.found(client, err)
			}
		})
	}, cancel)
}

// config is that of the account's client.
func (x *xcapSearch) config() xcap.Config {
	m, acc := x.s.manager, x.s.account
	var seed [32]byte // the client draws beside the executor
	m.random(seed[:])
	uri := acc.URI()
	cfg := xcap.Config{
		User: "sip:" + uri.User + "@" + uri.Host, Net: m.network.Net, Rand: rand.NewChaCha8(seed), TLS: m.network.TLS,
		Storage: x.s.documents,
	}
	if c := acc.Credentials(); c != nil {
		cfg.Username, cfg.Password = c.Username, c.Password
	}
	if r := m.network.Resolver; r != nil {
		cfg.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) { return r.LookupHost(ctx, host) }
	}
	return cfg
}

// xcapRoots asks DNS. It blocks.
func (m *Manager) xcapRoots(ctx context.Context, r *resolver.Resolver, domain string) ([]string, error) {
	lookup := resolver.NewDNSLookup(r, m.cfg.Center)
	if err := lookup.LookupXCAPServer(domain); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, lookup.Cancel)()
	found, err := lookup.Wait(ctx)
	roots, _ := found.([]string)
	return roots, err
}

// firstServer is a client of the first server that tells what it can do. It
// blocks.
func firstServer(ctx context.Context, cfg xcap.Config, roots []string, err error) (*xcap.Client, error) {
	for _, root := range roots {
		cfg.Root = root
		client, fault := xcap.NewClient(cfg)
		if fault == nil {
			if _, fault = client.Get(ctx, xcap.Capabilities); fault == nil {
				return client, nil
			}
		}
		err = errors.Join(err, fault)
	}
	return nil, err
}

// found takes the outcome of a search. Without a server there is another one in a
// minute or two.
func (x *xcapSearch) found(client *xcap.Client, err error) {
	m := x.s.manager
	x.halt = nil
	if client == nil {
		m.log().Info("no XCAP server", "account", x.s.settings.ID(), "error", err)
		number := x.number
		timer := time.AfterFunc(between(time.Minute, 2*time.Minute, m.chance()), func() {
			m.post(func() {
				if x.number == number {
					x.search()
				}
			})
		})
		x.halt = func() { timer.Stop() }
		return
	}
	x.s.xcap.Store(client)
	if x.s.settings.XCAP.Discovered.Get() {
		return
	}
	x.s.tell(SIPAccountDidDiscoverXCAPSupport{})
	err = x.s.settings.Update(func(d *configuration.Draft) error {
		x.s.settings.XCAP.Discovered.Set(d, true)
		return nil
	})
	if err != nil {
		m.log().Error("the discovery of XCAP cannot be saved", "error", err)
	}
}
