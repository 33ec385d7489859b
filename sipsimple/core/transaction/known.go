package transaction

import (
	"net/netip"
	"slices"
	"sync"
)

// acquaintances are the hosts that have answered a request of ours with a 2xx: the
// registrar, the proxy, whom we have called. Nobody becomes one unasked. When
// strangers have taken all the room there is, these have some of their own. The zero
// value knows nobody; it is safe for concurrent use.
type acquaintances struct {
	mu    sync.Mutex
	hosts []netip.Addr // who has answered last is last
}

// maxAcquaintances is how many hosts are remembered.
const maxAcquaintances = 64

func (a *acquaintances) add(host netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i := slices.Index(a.hosts, host); i >= 0 {
		a.hosts = slices.Delete(a.hosts, i, i+1)
	} else if len(a.hosts) == maxAcquaintances {
		a.hosts = slices.Delete(a.hosts, 0, 1)
	}
	a.hosts = append(a.hosts, host)
}

func (a *acquaintances) has(host netip.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.hosts, host)
}

// HasRoom tells whether one more of something is taken from a host, when there are
// used of it: up to limit from anybody, and a quarter more from hosts that have
// answered a request of ours, outside a dialog, with a 2xx. It may be called from any
// goroutine.
func (l *Layer) HasRoom(host netip.Addr, used, limit int) bool {
	return used < limit || used < limit+limit/4 && l.known.has(host)
}
