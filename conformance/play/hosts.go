package play

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/go-sipsimple/callflow/simnet"
)

// hostNames tells the names of hosts by their addresses, those that they had
// before they moved, too. Hooks of the parties ask from anywhere.
type hostNames struct {
	mu     sync.Mutex
	byAddr map[netip.Addr]string // guarded by mu
}

func (h *hostNames) add(name string, addrs ...netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byAddr == nil {
		h.byAddr = map[netip.Addr]string{}
	}
	for _, addr := range addrs {
		h.byAddr[addr.Unmap()] = name
	}
}

// hostOf is the name of the host with an address, or the address. A phone under
// test may have more addresses than it tells: what nobody has is its own, if
// there is just one phone.
func (w *world) hostOf(addr netip.Addr) string {
	w.hosts.mu.Lock()
	defer w.hosts.mu.Unlock()
	if name, ok := w.hosts.byAddr[addr.Unmap()]; ok {
		return name
	}
	if w.onlyPhone != "" {
		return w.onlyPhone
	}
	return addr.String()
}

// settle gives the party its host, behind a router if the file says so: then
// `host` is the address outside.
func (p *party) settle() error {
	if p.phone != nil {
		return p.settlePhone()
	}
	addr, err := p.world.givenAddress(p.def.Host)
	if err != nil {
		return fmt.Errorf("host of %s: %w", p.def.Name, err)
	}
	if p.def.NAT == "" {
		p.host, err = p.world.newHost(p.def.Name, addr)
	} else {
		p.host, err = p.behindRouter(addr)
	}
	if err != nil {
		return err
	}
	p.world.hosts.add(p.def.Name, p.host.Addr(), p.host.Outside())
	return nil
}

func (p *party) behindRouter(outside netip.Addr) (host, error) {
	router, err := p.world.net.Router(p.def.Name+"-router", simnet.RouterConfig{Kind: simnet.RouterKind(p.def.NAT), Addr: outside})
	if err != nil {
		return nil, err
	}
	return router.Host(p.def.Name, p.world.anyAddress())
}

// givenAddress is an address of the file, or the next free one.
func (w *world) givenAddress(text string) (netip.Addr, error) {
	if text == "" {
		return w.anyAddress(), nil
	}
	return netip.ParseAddr(text)
}

// anyAddress stands for the next free address of the family of the run.
func (w *world) anyAddress() netip.Addr {
	if w.c.Knobs.IP == 6 {
		return netip.IPv6Unspecified()
	}
	return netip.Addr{}
}

// move gives the party another address.
func (p *party) move(to string) error {
	addr, err := p.world.givenAddress(to)
	if err != nil {
		return err
	}
	if err := p.host.Move(addr); err != nil {
		return err
	}
	p.world.hosts.add(p.def.Name, p.host.Addr(), p.host.Outside())
	return nil
}

// address is where the party lives.
func (p *party) address() netip.Addr { return p.host.Addr() }
