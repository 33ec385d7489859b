package resolver

import (
	"bufio"
	"context"
	"errors"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// ManagerConfig describes a Manager.
type ManagerConfig struct {
	Resolver *Resolver            // whose name servers are managed; required
	Center   *notification.Center // may be nil
	// Local gives the name servers of the system; nil means those the resolver has been made with.
	Local func() []netip.AddrPort
	// ProbeDomain turns probing on: name servers that do not answer NAPTR and SRV queries for this domain are replaced
	// by Public, as long as those do. "" means off, the default: a third party's servers see all names then.
	ProbeDomain string
	Public      []netip.AddrPort
}

// Manager keeps the list of name servers of a resolver: it reads it again when the network changes, and probes it if it
// is told to. Start it, tell it of changes, stop it. Its methods may be called from any goroutine.
type Manager struct {
	cfg     ManagerConfig
	local   func() []netip.AddrPort
	box     mailbox.Mailbox
	machine managerMachine // on the mailbox
	timer   *time.Timer    // on the mailbox
	stopped bool           // on the mailbox
	ctx     context.Context
	cancel  context.CancelFunc
	probes  sync.WaitGroup
}

// NewManager makes a manager that does nothing yet.
func NewManager(cfg ManagerConfig) (*Manager, error) {
	if cfg.Resolver == nil {
		return nil, errors.New("resolver: a manager needs a resolver")
	}
	m := &Manager{cfg: cfg, local: cfg.Local}
	if m.local == nil {
		given := cfg.Resolver.Nameservers()
		m.local = func() []netip.AddrPort { return given }
	}
	m.machine = managerMachine{probing: cfg.ProbeDomain != "", public: cfg.Public}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m, nil
}

// Start reads the local name servers; DNSResolverDidInitialize follows, after the probe if there is one.
func (m *Manager) Start() { m.NetworkChanged() }

// NetworkChanged is to be called after a change of address and after wake-up. DNSNameserversDidChange follows if the
// list is another one than before.
func (m *Manager) NetworkChanged() {
	m.box.Post(func() {
		if !m.stopped {
			m.do(m.machine.networkChanged(m.local()))
		}
	})
}

// Stop ends probes and timers and waits for them. Nothing is posted afterwards.
func (m *Manager) Stop() {
	m.cancel()
	ended := make(chan struct{})
	m.box.Post(func() {
		m.stopped = true
		if m.timer != nil {
			m.timer.Stop()
		}
		close(ended)
	})
	<-ended
	m.probes.Wait()
}

// do is called on the mailbox.
func (m *Manager) do(out managerOutput) {
	if out.initialized || out.changed {
		m.cfg.Resolver.SetNameservers(m.machine.current)
	}
	if m.cfg.Center != nil {
		list := texts(m.machine.current)
		switch {
		case out.initialized:
			m.cfg.Center.Post(m, DNSResolverDidInitialize{list})
		case out.changed:
			m.cfg.Center.Post(m, DNSNameserversDidChange{list})
		}
	}
	if p := out.probe; p != nil {
		m.probes.Go(func() {
			ok := m.answers(*p)
			m.post(func() { m.do(m.machine.probed(p.round, ok)) })
		})
	}
	if out.again > 0 {
		round := m.machine.round
		m.timer = time.AfterFunc(out.again, func() { m.post(func() { m.do(m.machine.timer(round)) }) })
	}
}

func (m *Manager) post(f func()) {
	m.box.Post(func() {
		if !m.stopped {
			f()
		}
	})
}

// answers tells whether servers know the NAPTR and SRV records of the domain.
func (m *Manager) answers(p probe) bool {
	if len(p.servers) == 0 {
		return false
	}
	cfg := m.cfg.Resolver.cfg
	cfg.Timeout, cfg.Lifetime, cfg.Nameservers, cfg.Trace = p.query, p.total, p.servers, nil
	cfg.Rand = sharedRand{m.cfg.Resolver}
	r, err := New(cfg)
	if err != nil {
		return false
	}
	s, end := r.begin(m.ctx)
	defer end()
	for _, q := range []question{{m.cfg.ProbeDomain, typeNAPTR}, {"_sip._udp." + m.cfg.ProbeDomain, typeSRV}} {
		if _, err := s.query(q.name, q.typ); err != nil {
			return false
		}
	}
	return true
}

// sharedRand draws from the source of a resolver, under its lock.
type sharedRand struct{ r *Resolver }

// Read fills b.
func (s sharedRand) Read(b []byte) (int, error) {
	s.r.random(b)
	return len(b), nil
}

// SystemNameservers reads the name servers of the system from a file such as /etc/resolv.conf; "" means that one. Lines
// that mean nothing are ignored; at most three servers count, as for the system's own resolver.
func SystemNameservers(file string) ([]netip.AddrPort, error) {
	if file == "" {
		file = "/etc/resolv.conf"
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var servers []netip.AddrPort
	lines := bufio.NewScanner(f)
	for lines.Scan() && len(servers) < 3 {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || words[0] != "nameserver" {
			continue
		}
		if addr, err := netip.ParseAddr(words[1]); err == nil {
			servers = append(servers, netip.AddrPortFrom(addr, 53))
		}
	}
	return servers, lines.Err()
}
