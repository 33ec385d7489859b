package resolver

import (
	"net/netip"
	"slices"
	"time"
)

// The probes of the manager (application.md 10.4): time of a query, and of all together.
const (
	localProbeQuery, localProbeTotal   = 1 * time.Second, 3 * time.Second
	publicProbeQuery, publicProbeTotal = 2 * time.Second, 4 * time.Second
	probeAgain                         = 15 * time.Second
)

// probe asks the shell to find out whether servers answer NAPTR and SRV queries.
type probe struct {
	round        int // to recognise the answer
	servers      []netip.AddrPort
	query, total time.Duration
}

// managerOutput is what the shell has to do: at most one of probe and again, and before it the notification.
type managerOutput struct {
	initialized bool // post DNSResolverDidInitialize
	changed     bool // post DNSNameserversDidChange
	probe       *probe
	again       time.Duration // call timer then; 0: no
}

// managerMachine decides which name servers are used. It knows neither time nor network.
type managerMachine struct {
	probing bool             // whether local servers are probed at all
	public  []netip.AddrPort // to fall back to
	local   []netip.AddrPort
	current []netip.AddrPort
	known   bool // current has been told
	round   int  // of the probe under way
	asking  bool // the public servers, in this round
}

// networkChanged takes the local name servers: at the start, after a change of address, after wake-up. Whatever is
// under way is void.
func (m *managerMachine) networkChanged(local []netip.AddrPort) managerOutput {
	m.local = slices.Clone(local)
	m.round++
	m.asking = false
	if !m.probing {
		return m.use(m.local)
	}
	return managerOutput{probe: &probe{m.round, m.local, localProbeQuery, localProbeTotal}}
}

// probed takes the result of a probe.
func (m *managerMachine) probed(round int, ok bool) managerOutput {
	switch {
	case round != m.round:
		return managerOutput{}
	case ok && m.asking:
		return m.use(m.public)
	case ok:
		return m.use(m.local)
	case !m.asking && len(m.public) > 0:
		m.asking = true
		return managerOutput{probe: &probe{m.round, m.public, publicProbeQuery, publicProbeTotal}}
	}
	out := m.use(m.local)
	out.again = probeAgain
	return out
}

// timer starts the probe anew.
func (m *managerMachine) timer(round int) managerOutput {
	if round != m.round {
		return managerOutput{}
	}
	return m.networkChanged(m.local)
}

func (m *managerMachine) use(servers []netip.AddrPort) (out managerOutput) {
	out.initialized = !m.known
	out.changed = m.known && !slices.Equal(m.current, servers)
	m.current, m.known = slices.Clone(servers), true
	return out
}
