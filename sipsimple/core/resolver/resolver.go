package resolver

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/transport/v5"
)

// Times and bounds.
const (
	DefaultTimeout  = 3 * time.Second  // of one query, repetitions included
	DefaultLifetime = 15 * time.Second // of all queries of a look-up together
	resendAfter     = time.Second      // until a query is repeated, at the next server
	maxTTL          = time.Hour        // of what is remembered
	maxCached       = 1024             // answers remembered
	maxRecords      = 128              // of one answer that are looked at
	maxRoutes       = 64               // of one look-up
	maxAliases      = 8                // CNAMEs in a row
)

// Config describes a Resolver. Only Net is required.
type Config struct {
	Net transport.Net // all sockets are opened through it
	// Nameservers are asked in turn. Without any only addresses are found, by the look-up of Net, which knows neither
	// NAPTR nor SRV.
	Nameservers []netip.AddrPort
	// Rand is the source of query ids and of the draw among the weights of SRV records; nil means crypto/rand.
	Rand io.Reader
	// Deterministic orders SRV records of one priority by descending weight instead of drawing lots (RFC 2782).
	Deterministic bool
	// IPv4 and IPv6 are the families of addresses looked for. When both are false it is those for which the host has
	// an address at the time of the look-up.
	IPv4, IPv6 bool

	Timeout  time.Duration // of one query; 0 means DefaultTimeout
	Lifetime time.Duration // of a look-up; 0 means DefaultLifetime

	// Trace, if set, is called after every query, from the goroutine of the look-up. It must not block.
	Trace func(Trace)
}

// Trace tells of one query.
type Trace struct {
	Type        string // "NAPTR", "SRV", "A", "AAAA", "TXT"
	Name        string
	Nameservers []netip.AddrPort
	Answer      []string // the records as text; nil if there are none
	Err         error    // nil if there are records
	Cached      bool     // nobody was asked
}

var (
	// ErrTimeout tells that no name server answered in time; it ends a look-up. It answers Timeout() with true.
	ErrTimeout error = timeoutError{}
	// ErrNoRecord tells that there is no such record.
	ErrNoRecord = errors.New("no such record")
	// errServers tells that every name server refused or failed.
	errServers = errors.New("the name servers failed")
)

type timeoutError struct{}

func (timeoutError) Error() string   { return "DNS query timed out" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// Resolver asks name servers and remembers their answers. Its methods may be called from any goroutine.
type Resolver struct {
	cfg Config

	mu          sync.Mutex // guards the rest; never held while blocked
	nameservers []netip.AddrPort
	cache       map[question]cached
}

// New makes a resolver. It holds no goroutine and no socket between look-ups.
func New(cfg Config) (*Resolver, error) {
	if cfg.Net == nil {
		return nil, errors.New("resolver: Config.Net is nil")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Lifetime <= 0 {
		cfg.Lifetime = DefaultLifetime
	}
	return &Resolver{cfg: cfg, nameservers: slices.Clone(cfg.Nameservers), cache: map[question]cached{}}, nil
}

// Nameservers are those asked now.
func (r *Resolver) Nameservers() []netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.nameservers)
}

// SetNameservers changes whom to ask, from the next query on, and forgets what was remembered.
func (r *Resolver) SetNameservers(list []netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nameservers = slices.Clone(list)
	clear(r.cache)
}

// random fills b. A source that fails is a broken machine: zeros make the queries fail or guessable, not the process.
func (r *Resolver) random(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := io.ReadFull(r.cfg.Rand, b); err != nil {
		clear(b)
	}
}

// families are the address records to ask for.
func (r *Resolver) families() []rrType {
	v4, v6 := r.cfg.IPv4, r.cfg.IPv6
	if !v4 && !v6 {
		v4, v6 = r.ownFamilies()
	}
	var types []rrType
	if v4 {
		types = append(types, typeA)
	}
	if v6 {
		types = append(types, typeAAAA)
	}
	return types
}

// ownFamilies tells which families the host has addresses of; IPv4 if that cannot be found out.
func (r *Resolver) ownFamilies() (v4, v6 bool) {
	interfaces, err := r.cfg.Net.Interfaces()
	if err != nil {
		return true, false
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if err != nil || prefix.Addr().IsLoopback() || prefix.Addr().IsLinkLocalUnicast() {
				continue
			}
			v4, v6 = v4 || prefix.Addr().Unmap().Is4(), v6 || prefix.Addr().Is6() && !prefix.Addr().Is4In6()
		}
	}
	return v4 || !v6, v6
}

// session is one look-up: its time, its trace and the records that came along with others.
type session struct {
	r     *Resolver
	ctx   context.Context
	extra map[question][]record
	trace func(Trace)
}

// begin starts a look-up; the function returned ends it.
func (r *Resolver) begin(ctx context.Context) (*session, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Lifetime)
	s := &session{r: r, ctx: ctx, extra: map[question][]record{}, trace: r.cfg.Trace}
	if f, ok := ctx.Value(traceKey{}).(func(Trace)); ok {
		s.trace = f
	}
	return s, cancel
}

// traceKey marks the trace of one look-up in its context.
type traceKey struct{}
