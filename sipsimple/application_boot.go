package sipsimple

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// parts are the components of an application that are open. The start fills them
// in, one after the other, and the stop closes what is there. One goroutine at a
// time uses them.
type parts struct {
	app      *Application
	loaded   *loaded // nil without storage
	ctx      context.Context
	cancel   context.CancelFunc
	resolver *resolver.Resolver
	dns      *resolver.Manager
	engine   *core.Engine
	sound    *audio.System
	accounts bool // the account manager is started
	sessions bool // the session manager is started
	nat      *natDetection
	monitor  *hostMonitor
	follower *follower
	handle   *notification.Handle // of the follower
}

// saveLimit is how long the start and the stop wait for a storage that is slow.
const saveLimit = 2 * time.Second

// loadFrom loads everything into fresh objects (application.md 2.2 steps 4 to 7,
// D8).
func (a *Application) loadFrom(ctx context.Context, st storage.Storage) (*loaded, error) {
	l := &loaded{storage: st, configuration: configuration.NewManager(a.center, a.cfg.Logger)}
	if err := l.configuration.Start(st); err != nil {
		return nil, err
	}
	var err error
	if l.general, err = configuration.NewGeneral(l.configuration, nil); err != nil {
		return nil, err
	}
	if err := l.general.Activate(ctx); err != nil {
		return nil, err
	}
	l.accounts = account.NewManager(account.ManagerConfig{
		Center: a.center, Configuration: l.configuration, General: l.general, Rand: a.cfg.Rand, Logger: a.cfg.Logger,
		Documents: st.XCAPStorageFactory(), Neighbourhood: a.cfg.Neighbourhood, UserName: a.cfg.UserName,
	})
	if err := l.accounts.Load(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// boot does the steps of the start, looking between them whether it is to turn
// round.
func (a *Application) boot(p *parts) error {
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if p.loaded != nil {
		p.flush(saveLimit)
	}
	p.openResolver()
	if p.loaded != nil {
		p.manageResolver()
		a.willStart()
	}
	for _, step := range []func() error{p.openEngine, p.openTLS, p.openSound, p.publish, p.startAccounts, p.startSessions} {
		if a.stopWanted() {
			break
		}
		if err := step(); err != nil {
			p.close()
			a.finish(err)
			return err
		}
	}
	if !a.didStart(p) {
		go func() {
			p.close()
			a.finish(nil)
		}()
		return nil
	}
	p.afterStart()
	return nil
}

func (p *parts) openResolver() {
	cfg := p.app.cfg
	var servers []netip.AddrPort
	if cfg.Nameservers != nil {
		servers = cfg.Nameservers()
	}
	var err error
	if p.resolver, err = resolver.New(resolver.Config{
		Net: cfg.Net, Nameservers: servers, Rand: cfg.Rand, Deterministic: cfg.DeterministicDNS,
	}); err != nil {
		cfg.Logger.Error("no resolver", "error", err) // it has a network, so this cannot be
	}
}

// manageResolver is step 9: SIPApplicationWillStart comes after
// DNSResolverDidInitialize, unless the name servers are probed first.
func (p *parts) manageResolver() {
	cfg := p.app.cfg
	var err error
	p.dns, err = resolver.NewManager(resolver.ManagerConfig{
		Resolver: p.resolver, Center: p.app.center, Local: cfg.Nameservers, ProbeDomain: cfg.ProbeDomain, Public: cfg.PublicNameservers,
	})
	if err != nil {
		cfg.Logger.Error("no manager of name servers", "error", err)
		return
	}
	if cfg.ProbeDomain != "" {
		p.dns.Start()
		return
	}
	ready := make(chan struct{})
	handle := p.app.center.AddObserver(notification.ObserverFunc(func(notification.Notification) { close(ready) }),
		notification.Filter{Name: "DNSResolverDidInitialize", Sender: p.dns})
	defer handle.Cancel()
	p.dns.Start()
	<-ready
}

// openEngine is step 11, without TLS.
func (p *parts) openEngine() error {
	a := p.app
	cfg := core.Config{
		Net: a.cfg.Net, Rand: a.cfg.Rand, Logger: p.engineLog(), UserAgent: a.userAgent(), OnFault: p.engineFault, OnLost: p.engineLost,
		Host: a.cfg.Host, UDPPort: a.cfg.UDPPort, TCPPort: a.cfg.TCPPort, TLSPort: -1,
		OnInvite: a.manager.handleInvite, OnMessage: a.gotMessage, Trace: p.trace(),
	}
	if p.loaded != nil {
		cfg.UDPPort, cfg.TCPPort = portOf(p.loaded.general, configuration.TransportUDP), portOf(p.loaded.general, configuration.TransportTCP)
		cfg.Resolve = func(host string) ([]netip.Addr, error) { return p.resolver.LookupHost(p.ctx, host) }
	}
	engine, err := core.NewEngine(cfg)
	if err != nil {
		p.postEngine(a, SIPEngineWillStart{}, SIPEngineDidFail{})
		return fmt.Errorf("engine: %w", err)
	}
	p.engine = engine
	p.limitHandshakes()
	p.postEngine(engine, SIPEngineWillStart{}, SIPEngineDidStart{})
	return nil
}

// postEngine tells of the engine, in an application with storage.
func (p *parts) postEngine(sender any, list ...notification.Data) {
	if p.loaded == nil {
		return
	}
	for _, data := range list {
		p.app.center.Post(sender, data)
	}
}

// limitHandshakes follows the setting tls.timeout.
func (p *parts) limitHandshakes() {
	if p.loaded != nil {
		p.engine.SetTLSTimeout(time.Duration(p.loaded.general.TLS.Timeout.Get()) * time.Millisecond)
	}
}

// openTLS is step 12. Without TLS the application goes on (seed:
// SIPApplicationFailedToStartTLS).
func (p *parts) openTLS() error {
	a := p.app
	port, cfg, err := a.cfg.TLSPort, a.cfg.TLS, error(nil)
	if p.loaded != nil {
		if port = portOf(p.loaded.general, configuration.TransportTLS); port < 0 {
			return nil
		}
		cfg, err = a.tlsConfig(p.loaded, p.loaded.accounts.DefaultAccount())
	} else if cfg == nil || port < 0 {
		return nil
	}
	if err == nil {
		p.engine.SetTLS(cfg)
		err = p.engine.SetPort("tls", port)
	}
	if err != nil {
		a.center.Post(a, SIPApplicationFailedToStartTLS{Error: err})
	}
	return nil
}

// openSound is step 14.
func (p *parts) openSound() error {
	a := p.app
	sound, err := audio.NewSystem(audio.SystemConfig{
		Driver: a.cfg.Driver, Settings: a.audioSettings(), SlotCount: a.cfg.SlotCount, Center: a.center, Logger: a.cfg.Logger, Sender: p.engine,
	})
	if err != nil {
		return fmt.Errorf("sound: %w", err)
	}
	p.sound = sound
	a.sound.Store(sound)
	return nil
}

// publish is step 15, and makes the application usable.
func (p *parts) publish() error {
	a := p.app
	settings := a.cfg.MSRP
	if settings.Sessions == nil {
		settings.Sessions = &msrp.Sessions{}
	}
	a.platform.Store(&platform{engine: p.engine, resolver: p.resolver, ctx: p.ctx, env: streams.Environment{
		Center: a.center, Net: a.cfg.Net, Rand: a.cfg.Rand, Logger: a.cfg.Logger, RTP: a.cfg.RTP,
		MSRP: settings, NAT: a.cfg.NAT, Sockets: &streams.SocketReader{},
	}})
	if p.loaded == nil || p.loaded.general.InstanceID.Get() != "" {
		return nil
	}
	err := p.loaded.general.Update(func(d *configuration.Draft) error {
		p.loaded.general.InstanceID.Set(d, a.newInstanceID())
		return nil
	})
	if err != nil {
		a.cfg.Logger.Error("the instance id cannot be set", "error", err)
	}
	p.flush(saveLimit)
	return nil
}

// newInstanceID is a random UUID as a URN (RFC 9562 section 5.4).
func (a *Application) newInstanceID() string {
	var id [16]byte
	a.random(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// flush waits until changes of the configuration have been announced and
// written, or the limit is over.
func (p *parts) flush(limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := p.loaded.configuration.Flush(ctx); err != nil {
		p.app.cfg.Logger.Error("the storage does not save in time", "error", err)
	}
}

// startAccounts is step 18.
func (p *parts) startAccounts() error {
	if p.loaded != nil {
		secure, err := p.app.tlsConfig(p.loaded, nil)
		if err != nil {
			secure = nil // the settings of TLS are told about elsewhere
		}
		p.loaded.accounts.Start(account.Network{Engine: p.engine, Resolver: p.resolver, Net: p.app.cfg.Net, TLS: secure})
		p.accounts = true
	}
	return nil
}

// startSessions is steps 19 and 20.
func (p *parts) startSessions() error {
	p.app.manager.start()
	p.sessions = true
	if p.loaded == nil {
		return nil
	}
	if p.app.cfg.DetectNAT {
		p.nat = newNATDetection(p)
	}
	p.follower = &follower{p: p}
	p.handle = p.app.center.AddObserver(p.follower, followed...)
	if every := p.app.cfg.WatchHost; every > 0 {
		p.monitor = newHostMonitor(p, every)
	}
	return nil
}

// afterStart is what begins behind SIPApplicationDidStart.
func (p *parts) afterStart() {
	if p.loaded == nil {
		return
	}
	p.loaded.accounts.Go()
	p.lookAround()
}
