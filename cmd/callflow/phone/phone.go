package phone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os/user"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// FailedError is what Call returns when the call did not come about.
type FailedError struct {
	Code   int    // of the response, 0 if there was none
	Reason string // in words
}

func (e *FailedError) Error() string {
	if e.Code == 0 {
		return "the call failed: " + e.Reason
	}
	return fmt.Sprintf("the call failed: %d %s", e.Code, e.Reason)
}

// Phone is a telephone. Everything below Call and Answer happens on the goroutine
// that called them.
type Phone struct {
	cfg    Config
	app    *sipsimple.Application
	screen *screen
	events chan func() // from observers
	quit   chan struct{}

	account  *account.Account // whose calls we take and place; of a folder, from the start on
	calls    []*call          // that are not over, in the order they came
	count    int              // all calls so far
	over     int              // calls that are over
	only     bool             // leave after the last call
	leaving  bool
	restless bool // something has happened since it was quiet last
	done     bool
	failure  error

	muted       atomic.Bool
	said, heard meter
	tape        *tape
}

// maxCalls is how many calls may stand at a time. With a folder the range of its
// RTP ports may be smaller.
const maxCalls = 5000

// New makes a phone and opens nothing. The error is that of the configuration.
func New(cfg Config) (*Phone, error) {
	if cfg.Net == nil {
		var err error
		if cfg.Net, err = stdnet.NewNet(); err != nil {
			return nil, err
		}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Phone{cfg: cfg, screen: newScreen(cfg.Out, cfg.Terminal), events: make(chan func(), 1024), quit: make(chan struct{})}
	c := sipsimple.Config{
		Net: cfg.Net, Host: cfg.Host, UDPPort: cfg.Port, TCPPort: cfg.Port, TLSPort: -1, TLS: cfg.TLS,
		Driver: cfg.Driver, Logger: cfg.Logger, UserAgent: "callflow phone", Nameservers: nameservers, SlotCount: 2*maxCalls + 2,
		WatchHost: 10 * time.Second,
	}
	if cfg.Folder == "" {
		c.RTP.PortMin, c.RTP.PortMax = 50000, 50000+2*maxCalls-1
	}
	if cfg.Driver != nil {
		c.SampleRate = 16000 // somebody listens: G.722 sounds better than the telephone
	}
	if cfg.TLS != nil {
		c.TLSPort = 0
	}
	if cfg.Folder == "" {
		acc, err := p.ownAccount()
		if err != nil {
			return nil, err
		}
		p.account, c.Accounts = acc, []*account.Account{acc}
	}
	var err error
	p.app, err = sipsimple.NewApplication(c)
	return p, err
}

// nameservers are those of the system; without any there is the look-up of the
// operating system.
func nameservers() []netip.AddrPort {
	list, err := resolver.SystemNameservers("")
	if err != nil {
		return nil
	}
	return list
}

// ownAccount is who we are without a configuration.
func (p *Phone) ownAccount() (*account.Account, error) {
	id := p.cfg.ID
	if id == "" {
		id = "phone"
		if u, err := user.Current(); err == nil && u.Username != "" {
			id = u.Username
		}
	}
	if !strings.Contains(id, "@") {
		id += "@" + bracketed(p.localAddress())
	}
	acc := &account.Account{ID: id}
	if uri := acc.URI(); !plainUser.MatchString(uri.User) || uri.Host == "" {
		return nil, fmt.Errorf("%q is not user@domain", id)
	}
	return acc, nil
}

// localAddress is one at which others may reach us.
func (p *Phone) localAddress() netip.Addr {
	if p.cfg.Host.IsValid() && !p.cfg.Host.IsUnspecified() {
		return p.cfg.Host
	}
	interfaces, err := p.cfg.Net.Interfaces()
	if err != nil {
		interfaces = nil
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Is4() && !prefix.Addr().IsLoopback() {
				return prefix.Addr()
			}
		}
	}
	return netip.MustParseAddr("127.0.0.1")
}

func bracketed(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}

// start starts the application; what follows comes as notifications.
func (p *Phone) start(ctx context.Context) error {
	p.app.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		if !unheeded(n.Data) {
			p.post(func() { p.heardOf(n) })
		}
	}))
	if p.cfg.Folder == "" {
		return p.app.Start()
	}
	return p.app.StartFrom(ctx, storage.NewFile(p.cfg.Folder))
}

// post has something done on the phone's goroutine.
func (p *Phone) post(f func()) {
	select {
	case p.events <- f:
	case <-p.quit:
	}
}

// Answer takes calls until it is told to leave: by a key, by ctx, or after
// Config.Calls of them. The error is that of the start.
func (p *Phone) Answer(ctx context.Context) error { return p.run(ctx, func() error { return nil }) }

// Call places a call to a URI, such as sip:bob@192.0.2.1, and returns when it is
// over. The error is a [*FailedError], or that of the start or of the URI.
func (p *Phone) Call(ctx context.Context, to string) error {
	p.only = true
	return p.run(ctx, func() error { return p.place(ctx, to) })
}

// run starts the phone, does the first thing and goes on until it is left.
func (p *Phone) run(ctx context.Context, first func() error) error {
	defer close(p.quit)
	defer p.screen.flush()
	defer p.screen.show("") // the shell goes on in this line
	if err := p.start(ctx); err != nil {
		return err
	}
	keys := make(chan key)
	if p.cfg.Keys != nil {
		go readKeys(p.cfg.Keys, keys, p.quit, p.screen.echo)
	}
	ticker := time.NewTicker(refresh)
	defer ticker.Stop()
	if !p.cfg.Terminal {
		ticker.Stop()
	}
	rest := time.NewTimer(quietSoon)
	defer rest.Stop()
	stop := ctx.Done()
	for !p.done {
		select {
		case f := <-p.events:
			p.handle(f)
			p.restless = true
			rest.Reset(quietSoon)
		case <-rest.C:
			p.quiet(rest)
		case k := <-keys:
			p.press(k)
		case <-ticker.C:
			p.screen.show(p.status())
		case <-stop:
			stop = nil
			p.leave()
		}
		if first != nil && p.ready() {
			if err := first(); err != nil {
				p.failure = err
				p.leave()
			}
			first = nil
		}
	}
	return p.failure
}

// atOnce is how many things that have happened are done together at most.
const atOnce = 64

// handle does what has come by events, and what is behind it there.
func (p *Phone) handle(f func()) {
	p.screen.hold()
	defer p.screen.release()
	for range atOnce {
		f()
		if p.done {
			return
		}
		select {
		case f = <-p.events:
		default:
			return
		}
	}
}

// When nothing has happened for quietSoon, and for quietLater more, Config.Quiet
// is called: the stack remembers a call that is over for 32 s.
const (
	quietSoon  = 3 * time.Second
	quietLater = 32 * time.Second
)

// quiet is called when nothing has happened for a while.
func (p *Phone) quiet(rest *time.Timer) {
	if p.cfg.Quiet != nil {
		p.cfg.Quiet()
	}
	if p.restless || len(p.calls) > 0 {
		p.restless = false
		rest.Reset(quietLater)
	}
}

// refresh is how often levels are shown.
const refresh = 200 * time.Millisecond

// ready says whether the application has started and we know who we are.
func (p *Phone) ready() bool {
	if p.account == nil {
		p.account = p.storedAccount()
	}
	return p.account != nil && p.app.Running()
}

// storedAccount is the account of the configuration that was asked for, or the
// default one.
func (p *Phone) storedAccount() *account.Account {
	m := p.app.AccountManager()
	if m == nil || !p.app.Running() {
		return nil
	}
	var acc *account.Account
	if p.cfg.ID != "" {
		acc, _ = m.Account(p.cfg.ID)
	} else {
		acc = preferred(m)
	}
	if acc == nil && !p.leaving {
		p.failure = errors.New("there is no such account, enabled, in " + p.cfg.Folder)
		p.leave()
	}
	return acc
}

// preferred is the default account, or the first that is enabled.
func preferred(m *account.Manager) *account.Account {
	if acc := m.DefaultAccount(); acc != nil && acc.Enabled() {
		return acc
	}
	for _, acc := range m.Accounts() {
		if acc.Enabled() {
			return acc
		}
	}
	return nil
}

// leave ends everything; run returns when that is done.
func (p *Phone) leave() {
	if p.leaving {
		return
	}
	p.leaving = true
	p.app.Stop()
}

// open prepares the sound, when there is a mixer.
func (p *Phone) open() error {
	mixer := p.app.Mixer()
	if p.cfg.Play != "" {
		t, err := newTape(mixer, p.cfg.Play, &p.muted, &p.said)
		if err != nil {
			return err
		}
		p.tape = t
		return nil
	}
	if !p.cfg.Terminal {
		return nil
	}
	slot, err := mixer.AddPort(nil, &p.said)
	if err != nil {
		return err
	}
	return mixer.Connect(audio.DeviceSlot, slot)
}
