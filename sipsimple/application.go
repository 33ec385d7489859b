package sipsimple

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// DefaultInviteTimeout is how long a call rings (setting sip.invite_timeout).
const DefaultInviteTimeout = 90 * time.Second

// Config describes an [Application]. Only Net is required.
type Config struct {
	Net    transport.Net // all sockets, of SIP and of media, come from it
	Rand   io.Reader     // tags, branches, SSRCs …; nil means crypto/rand. Read under a lock
	Logger *slog.Logger  // nil means slog.Default()
	Host   netip.Addr    // local address to bind; the zero Addr means any

	// The next six are for an application without storage ([Application.Start]);
	// for others they are settings.
	UDPPort, TCPPort, TLSPort int           // 0 means any free port, -1 no listener
	UserAgent                 string        // User-Agent and Server headers; "" means "sipsimple"
	InviteTimeout             time.Duration // 0 means DefaultInviteTimeout, negative none
	SampleRate                int           // of the mixer in Hz; 0 means 8000, the rate of G.711

	// SlotCount is how many ports the mixer has room for, one for each call and each
	// player; 0 means 254.
	SlotCount int

	// TLS is certificate and trust; nil means no TLS without storage. With
	// storage it is the template for what the settings say.
	TLS *tls.Config

	// Accounts of an application without storage. They do not register.
	Accounts []*account.Account

	Sound    audio.Device         // of the program, for calls only; nil means those of Driver
	Driver   audio.Driver         // where sound devices come from; nil means there are none
	Registry *streams.Registry    // stream types; nil means the built-in ones
	Center   *notification.Center // nil means a new one

	// RTP without storage is the settings of media; with storage what is set
	// here counts in place of the settings.
	RTP streams.RTPSettings

	// MSRP are the settings of chat, file transfers and desktop sharing. Their TLS
	// is the one above unless it is set. With storage what is not set here are the
	// settings of the account.
	MSRP streams.MSRPSettings
	// NAT says how accounts that are not stored get through NATs; the zero value: not
	// at all. Stored accounts have nat_traversal.*.
	NAT streams.NATSettings

	// Nameservers tells the name servers of the system. nil means
	// that names are looked up by Net, which knows no SRV records.
	Nameservers func() []netip.AddrPort
	// DeterministicDNS orders servers of one priority by weight instead of drawing
	// lots (RFC 2782).
	DeterministicDNS bool
	// ProbeDomain and PublicNameservers are described at [resolver.ManagerConfig].
	ProbeDomain       string
	PublicNameservers []netip.AddrPort
	// DetectNAT asks STUN servers which kind of NAT we are behind, with storage
	// (application.md 2.9). It is off unless asked for.
	DetectNAT bool
	// WatchHost is how often the address of the host is looked at, with storage: one
	// that has changed for 5 s, and a machine that wakes up from sleep, are notified
	// (SystemIPAddressDidChange, SystemDidWakeUpFromSleep), which has accounts
	// register again. 0 means never: then the program posts them itself, or nobody.
	WatchHost time.Duration
	// Neighbourhood is multicast DNS for the Bonjour account, UserName the name it
	// gives the user; without the first it cannot be enabled.
	Neighbourhood account.Neighbourhood
	UserName      string
	// ReadFile reads certificates; nil means os.ReadFile.
	ReadFile func(name string) ([]byte, error)
	// StopLimit bounds the stop as a whole; 0 means 10 s.
	StopLimit time.Duration

	Trace func(wire.TraceEntry) // may be nil: gets every SIP message sent and received
}

// check names the field that is wrong. A misspelt word is not taken for none: it may
// be "mandatory".
func (c Config) check() error {
	if c.Net == nil {
		return errors.New("sipsimple: Config.Net is nil")
	}
	for i, acc := range c.Accounts {
		if acc == nil {
			return fmt.Errorf("sipsimple: Config.Accounts[%d] is nil", i)
		}
		if uri := acc.URI(); uri.User == "" || uri.Host == "" {
			return fmt.Errorf("sipsimple: Config.Accounts[%d].ID %q is not user@domain", i, acc.ID)
		}
	}
	for _, w := range []struct {
		field, word string
		words       []string
	}{
		{"RTP.SRTPEncryption", string(c.RTP.SRTPEncryption), []string{"disabled", "optional", "mandatory"}},
		{"MSRP.Transport", c.MSRP.Transport, []string{"tls", "tcp"}},
		{"MSRP.Model", string(c.MSRP.Model), []string{"relay", "acm", "bonjour"}},
	} {
		if w.word != "" && !slices.Contains(w.words, w.word) {
			return fmt.Errorf("sipsimple: Config.%s %q is none of %s", w.field, w.word, strings.Join(w.words, ", "))
		}
	}
	return nil
}

func (c Config) withDefaults() (Config, error) {
	if err := c.check(); err != nil {
		return c, err
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
		streams.RegisterBuiltIn(c.Registry)
	}
	if c.Center == nil {
		c.Center = notification.NewCenter(c.Logger)
	}
	if c.ReadFile == nil {
		c.ReadFile = os.ReadFile
	}
	if c.StopLimit <= 0 {
		c.StopLimit = stopLimitOfAll
	}
	if c.Driver == nil && c.Sound != nil {
		c.Driver = oneDevice{c.Sound}
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

// Application is one user agent: an engine with its sockets, mixers, accounts,
// and the sessions of all of them (seed: SIPApplication). A process may have
// many; each serves one run, from Start or StartFrom to SIPApplicationDidEnd.
type Application struct {
	cfg     Config
	center  *notification.Center
	manager *SessionManager
	started chan struct{} // closed with SIPApplicationDidStart
	done    chan struct{} // closed with SIPApplicationDidEnd
	natType atomic.Pointer[string]
	worker  mailbox.Mailbox // follows changed settings, one after the other

	mu     sync.Mutex
	phase  applicationPhase // requires mu
	fatal  error            // requires mu; what ended it
	loaded *loaded          // requires mu; nil without storage
	parts  *parts           // requires mu; set when the application runs

	turnMu sync.Mutex
	turn   time.Time // when the last look-up began; requires turnMu

	platform atomic.Pointer[platform] // set when the engine runs
	leaving  leavingStreams
	sound    atomic.Pointer[audio.System]
}

// loaded is what an application with a storage has loaded from it.
type loaded struct {
	storage       storage.Storage
	configuration *configuration.Manager
	general       *configuration.General
	accounts      *account.Manager
}

// platform is what a started application runs on. It never changes.
type platform struct {
	engine   *core.Engine
	env      streams.Environment // without an account
	resolver *resolver.Resolver
	ctx      context.Context // of look-ups: done when the application stops
}

type applicationPhase int

const (
	notStarted applicationPhase = iota
	loading
	loadingThenStop // Stop was called before SIPApplicationWillStart
	startingUp
	startingThenStop // Stop was called meanwhile
	running
	stopping
	stopped
)

var phaseNames = map[applicationPhase]string{
	notStarted: "", loading: "starting", loadingThenStop: "starting", startingUp: "starting", startingThenStop: "stopping",
	running: "started", stopping: "stopping", stopped: "stopped",
}

// NewApplication makes an application from a configuration. It opens nothing.
func NewApplication(cfg Config) (*Application, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Application{cfg: cfg, center: cfg.Center, started: make(chan struct{}), done: make(chan struct{})}
	a.manager = &SessionManager{app: a}
	unknown := "unknown"
	a.natType.Store(&unknown)
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

// Running says whether the application has started and was not told to stop.
func (a *Application) Running() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.phase == running
}

// Done is closed right after SIPApplicationDidEnd was posted. It is never
// closed if Start was never called.
func (a *Application) Done() <-chan struct{} { return a.done }

// Err is the fatal error that ended the application, nil if there was none: of
// an engine that could not start, or that broke down (seed: such an error stops
// the application and makes it unusable).
func (a *Application) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fatal
}

// WaitStarted returns when SIPApplicationDidStart has been posted. Its error is
// the fatal one if the application has ended instead, [ErrNotRunning] if it was
// told to stop before, or that of ctx. It may be called before the start, but
// not by an observer, which the start waits for.
func (a *Application) WaitStarted(ctx context.Context) error {
	select {
	case <-a.started:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-a.done:
	}
	select {
	case <-a.started: // it has started, and ended since
		return nil
	default:
		return cmp.Or(a.Err(), ErrNotRunning)
	}
}

// NewStream makes a stream of a registered type, to be offered in the name of
// an account. The error is ErrNotRunning, or says that there is no such type.
func (a *Application) NewStream(typ string, acc *account.Account) (streams.MediaStream, error) {
	factory, ok := a.cfg.Registry.Lookup(typ)
	if !ok {
		return nil, fmt.Errorf("sipsimple: no stream type %q is registered", typ)
	}
	if state := a.State(); a.platform.Load() == nil || state == "stopping" || state == "stopped" {
		return nil, ErrNotRunning
	}
	return factory.New(a.environment(acc))
}

// random fills p. A source that fails leaves zeros behind, and says so.
func (a *Application) random(p []byte) {
	if _, err := io.ReadFull(a.cfg.Rand, p); err != nil {
		a.cfg.Logger.Error("random source failed", "error", err)
	}
}
