package sipsimple

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// DefaultInviteTimeout is how long a call rings (setting sip.invite_timeout).
const DefaultInviteTimeout = 90 * time.Second

// Config describes an [Application]. Only Net is required.
type Config struct {
	Net    transport.Net // all sockets, of SIP and of media, come from it
	Rand   io.Reader     // tags, branches, SSRCs …; nil means crypto/rand. Read under a lock
	Logger *slog.Logger  // nil means slog.Default()

	Host                      netip.Addr  // local address to bind; the zero Addr means any
	UDPPort, TCPPort, TLSPort int         // 0 means any free port, -1 no listener
	TLS                       *tls.Config // nil means no TLS
	UserAgent                 string      // User-Agent and Server headers; "" means "sipsimple"

	Sound    audio.Device      // nil means none: a null device
	Registry *streams.Registry // stream types; nil means the built-in ones
	Accounts []*account.Account
	Center   *notification.Center // nil means a new one

	InviteTimeout time.Duration // 0 means DefaultInviteTimeout, negative none
	RTP           streams.RTPSettings

	Trace func(wire.TraceEntry) // may be nil: gets every SIP message sent and received
}

func (c Config) withDefaults() (Config, error) {
	if c.Net == nil {
		return c, errors.New("sipsimple: Config.Net is nil")
	}
	for i, acc := range c.Accounts {
		if uri := acc.URI(); uri.User == "" || uri.Host == "" {
			return c, fmt.Errorf("sipsimple: Config.Accounts[%d].ID %q is not user@domain", i, acc.ID)
		}
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	c.Accounts = slices.Clone(c.Accounts)
	c.Rand = &lockedReader{source: c.Rand}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.UserAgent == "" {
		c.UserAgent = "sipsimple"
	}
	if c.Registry == nil {
		c.Registry = &streams.Registry{}
		streams.RegisterAudio(c.Registry)
	}
	if c.Center == nil {
		c.Center = notification.NewCenter(c.Logger)
	}
	if c.InviteTimeout == 0 {
		c.InviteTimeout = DefaultInviteTimeout
	}
	return c, nil
}

// lockedReader lets the engine, the sessions and the streams share one source.
type lockedReader struct {
	mu     sync.Mutex
	source io.Reader
}

func (r *lockedReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return io.ReadFull(r.source, p)
}

// Application is one user agent: an engine with its sockets, a voice mixer,
// accounts, and the sessions of all of them (seed: SIPApplication). A process
// may have many; each serves one run, from Start to SIPApplicationDidEnd.
type Application struct {
	cfg     Config
	center  *notification.Center
	manager *SessionManager
	done    chan struct{}

	mu    sync.Mutex
	phase applicationPhase // requires mu

	platform atomic.Pointer[platform] // set by Start
	lookups  sync.WaitGroup           // name look-ups under way
}

// platform is what a started application runs on. It never changes.
type platform struct {
	engine *core.Engine
	mixer  *audio.Mixer
	env    streams.Environment // without an account
}

type applicationPhase int

const (
	notStarted applicationPhase = iota
	startingUp
	startingThenStop // Stop was called meanwhile
	running
	stopping
	stopped
)

// NewApplication makes an application from a configuration. It opens nothing.
func NewApplication(cfg Config) (*Application, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Application{cfg: cfg, center: cfg.Center, done: make(chan struct{})}
	a.manager = &SessionManager{app: a}
	return a, nil
}

// Center is where everything of this application is posted.
func (a *Application) Center() *notification.Center { return a.center }

// SessionManager is the one manager of this application.
func (a *Application) SessionManager() *SessionManager { return a.manager }

// Engine is the SIP stack; nil before Start.
func (a *Application) Engine() *core.Engine {
	if p := a.platform.Load(); p != nil {
		return p.engine
	}
	return nil
}

// Mixer is the voice mixer; nil before Start.
func (a *Application) Mixer() *audio.Mixer {
	if p := a.platform.Load(); p != nil {
		return p.mixer
	}
	return nil
}

// Running says whether the application has started and was not told to stop.
func (a *Application) Running() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.phase == running
}

// Done is closed right after SIPApplicationDidEnd was posted. It is never
// closed if Start was never called.
func (a *Application) Done() <-chan struct{} { return a.done }

// NewStream makes a stream of a registered type, to be offered in the name of
// an account.
func (a *Application) NewStream(typ string, acc *account.Account) (streams.MediaStream, error) {
	factory, ok := a.cfg.Registry.Lookup(typ)
	if !ok {
		return nil, fmt.Errorf("sipsimple: no stream type %q is registered", typ)
	}
	p := a.platform.Load()
	if p == nil {
		return nil, ErrNotRunning
	}
	return factory.New(p.environment(acc))
}

// environment is that of the streams of one account.
func (p *platform) environment(acc *account.Account) *streams.Environment {
	env := p.env
	env.Account = acc
	return &env
}

// random fills p. A source that fails leaves zeros behind, and says so.
func (a *Application) random(p []byte) {
	if _, err := io.ReadFull(a.cfg.Rand, p); err != nil {
		a.cfg.Logger.Error("random source failed", "error", err)
	}
}
