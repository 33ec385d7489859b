package script

import (
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/conformance/wirefields"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// Config describes a Party.
type Config struct {
	Name string        // as in the file: the party is sip:NAME@NAME.test
	Net  transport.Net // its host; required
	Host netip.Addr    // its address; required
	Port int           // of udp and tcp, tls has the one above; 0 means 5060, negative any free ones

	Transport string      // of requests outside a dialog: "udp" (also for ""), "tcp", "tls"
	TLS       *tls.Config // nil: no TLS
	Rand      io.Reader   // tags, branches, Call-IDs; required

	// Resolve finds the SIP address of a party, or of a name, for the transport
	// of the config. Port 0 means the standard one. Required to send requests.
	Resolve func(name string) (netip.AddrPort, error)
	// ReadFile reads the file of `send: FILE`. May be nil.
	ReadFile func(name string) ([]byte, error)

	Auto   []string // methods answered 200 by the party itself
	Ignore []string // methods never read
	// Unasked are codes that are read only if a step asks for them, as 100 always is,
	// and pass otherwise.
	Unasked []int

	// AnyOrder lets a receive take the first message that it fits, whatever came
	// before: where messages overtake each other. Without it the first one must
	// fit.
	AnyOrder bool

	Streams map[string]*scenario.StreamDef // named streams of the file
	Codecs  []string                       // of an audio line that names none; default PCMU

	// Changed is called, without a lock held, when something new can be
	// received. It must not block. May be nil.
	Changed func()
	Trace   func(wire.TraceEntry) // may be nil
	// TraceMSRP gets what goes over connections of MSRP; may be nil.
	TraceMSRP func(msrp.TraceEntry)
}

// Party is a scripted party. All methods may be called from any goroutine.
type Party struct {
	cfg       Config
	transport *wire.Transport
	work      sync.WaitGroup // of MSRP

	mu      sync.Mutex // guards everything below and in the types of this package
	closed  bool
	changed chan struct{} // closed and replaced when something new has come
	tracker *wirefields.Tracker
	unread  []*Received
	servers []*server // requests received, oldest first
	clients []*client // requests sent, oldest first
	dialogs []*dialog // oldest first
	current *dialog   // made by an INVITE, of the last message in one
	lines   lines     // of MSRP
	seen    []string  // messages outside any transaction, to know their copies
}

// New opens the sockets of the party.
func New(cfg Config) (*Party, error) {
	if cfg.Net == nil || cfg.Rand == nil {
		return nil, errors.New("script: a party needs a network and a source of chance")
	}
	if cfg.Transport == "" {
		cfg.Transport = "udp"
	}
	if len(cfg.Codecs) == 0 {
		cfg.Codecs = []string{"PCMU"}
	}
	types := make(map[string]string)
	for name, def := range cfg.Streams {
		types[name] = def.Type
	}
	p := &Party{cfg: cfg, changed: make(chan struct{}), tracker: wirefields.NewTracker(types)}
	p.mu.Lock() // nothing is handled before the party is complete
	defer p.mu.Unlock()
	udp, tls := ports(cfg)
	t, err := wire.Listen(wire.Config{
		Net: cfg.Net, TLS: cfg.TLS, Host: cfg.Host, UDPPort: udp, TCPPort: udp, TLSPort: tls,
		Handler: p.handle, Trace: cfg.Trace,
	})
	if err != nil {
		return nil, fmt.Errorf("script: %s: %w", cfg.Name, err)
	}
	p.transport = t
	return p, nil
}

// ports are the wire package's for UDP and TCP, and for TLS.
func ports(cfg Config) (plain, secure int) {
	switch {
	case cfg.Port == 0:
		plain, secure = 5060, 5061
	case cfg.Port > 0:
		plain, secure = cfg.Port, cfg.Port+1
	}
	if cfg.TLS == nil {
		secure = -1
	}
	return plain, secure
}

// Name is the name of the party in the file.
func (p *Party) Name() string { return p.cfg.Name }

// Addr is the address at which the party listens for "udp", "tcp" or "tls".
func (p *Party) Addr(transport string) (netip.AddrPort, bool) { return p.transport.Addr(transport) }

// Close ends all repetitions and closes the sockets. Steps that wait fail.
func (p *Party) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	for _, s := range p.servers {
		s.stop(func(*repeat) bool { return true })
	}
	for _, c := range p.clients {
		c.repeat.stop()
	}
	p.closeMSRP()
	p.wake()
	p.mu.Unlock()
	p.transport.Close()
	p.work.Wait()
}

// wake lets waiting steps look again.
func (p *Party) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// auto and ignored tell how the party treats a method.
func (p *Party) auto(method string) bool    { return containsFold(p.cfg.Auto, method) }
func (p *Party) ignored(method string) bool { return containsFold(p.cfg.Ignore, method) }

func containsFold(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, text) })
}

// token draws a random word.
func (p *Party) token() string {
	var b [6]byte
	if _, err := io.ReadFull(p.cfg.Rand, b[:]); err != nil {
		panic(fmt.Sprintf("script: the source of chance failed: %v", err))
	}
	return hex.EncodeToString(b[:])
}
