package simnet

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Network is a network of hosts in one synctest bubble. Make it with [New] inside the bubble and use it only there. All
// methods may be called from any goroutine of the bubble.
//
// It has one queue of events and one goroutine, which ends when the network is closed. The functions given to it (taps,
// predicates of faults, receivers) are called one at a time, holding no lock; they must not block and must not call
// [Network.Close].
type Network struct {
	seed uint64
	base time.Time

	mu     sync.Mutex // guards all below, and everything of hosts, sockets and connections; never held while blocked
	idle   *sync.Cond // busy has become false
	dialed *sync.Cond // connections were made
	closed bool

	hosts   map[string]*Host // by lower-case name
	byAddr  map[netip.Addr]*Host
	names   map[string][]netip.Addr // additional names, lower case
	made    int                     // hosts made so far
	v4, v6  addressPool
	inner4  addressPool // for hosts behind routers
	inner6  addressPool
	routers int    // made so far
	version uint64 // counts changes of addresses, for the caches of sockets

	links  map[linkName]*link
	rules  []linkRule // as the methods were called
	faults []*FaultHandle
	drawn  uint64 // faults added so far
	taps   []*tap

	ops    []op // changes asked for, not in force yet
	dials  []*dialing
	outbox []*packet // written, not judged yet; in order of sent
	events eventHeap
	serial uint64
	free   []*packet

	done    chan struct{} // closed when the goroutine of the network has ended
	timer   *time.Timer
	settled *time.Timer // see settle
	wakeAt  int64       // what the timer is set to, never = not set
	urgent  int64       // dials, outbox and ops must be judged at this instant, never = nothing there
	busy    bool        // the network is at work
	failure *PanicError
}

// New makes a network without hosts. Whatever happens by chance in it comes from the seed.
func New(seed uint64) *Network {
	n := &Network{
		seed: seed, base: time.Now(),
		hosts: map[string]*Host{}, byAddr: map[netip.Addr]*Host{}, names: map[string][]netip.Addr{},
		links: map[linkName]*link{},
		v4:    newPool4(), v6: newPool6(), inner4: newPool("192.168.0.0/16"), inner6: newPool("fd00::/64"),
		wakeAt: never, urgent: never, done: make(chan struct{}),
	}
	n.idle, n.dialed = sync.NewCond(&n.mu), sync.NewCond(&n.mu)
	n.timer = time.AfterFunc(time.Hour, n.settle)
	n.timer.Stop()
	n.settled = time.NewTimer(time.Hour)
	n.settled.Stop()
	go n.run()
	return n
}

// Seed is the seed the network was made with.
func (n *Network) Seed() uint64 { return n.seed }

// Host adds a host. It is reached by its name and by name.test. An invalid address means the next free one of
// 192.0.2.0/24 (then 198.51.100.0/24, 203.0.113.0/24 and 10.0.0.0/8), the unspecified IPv6 address the next free one of
// 2001:db8::/64. More addresses come with [Host.AddAddr]. It is an error when the name or the address is taken.
func (n *Network) Host(name string, addr netip.Addr) (*Host, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := canonicalName(name)
	switch {
	case n.closed:
		return nil, fmt.Errorf("host %q: the network is closed", name)
	case key == "":
		return nil, fmt.Errorf("host without a name")
	case n.hosts[key] != nil:
		return nil, fmt.Errorf("host %q is there already", name)
	}
	n.made++
	h := newHost(n, name, n.made)
	if err := n.assign(h, addr); err != nil {
		return nil, err
	}
	n.hosts[key] = h
	return h, nil
}

// Lookup is the host with that name, nil if there is none.
func (n *Network) Lookup(name string) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hosts[canonicalName(name)]
}

// AddName makes a name resolve to the addresses, in that order. Without addresses the name is taken away.
func (n *Network) AddName(name string, addrs ...netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := canonicalName(name)
	delete(n.names, key)
	if len(addrs) > 0 {
		n.names[key] = append([]netip.Addr(nil), addrs...)
	}
}

// Close closes all hosts. Nothing arrives and no function is called any more when it returns. If one of the functions
// given to the network had panicked, Close panics with that *PanicError. A network must be closed before its bubble ends:
// its goroutine counts as left behind otherwise.
func (n *Network) Close() {
	n.mu.Lock()
	n.closed = true
	for n.busy {
		n.idle.Wait()
	}
	for _, d := range n.dials {
		d.err = net.ErrClosed
	}
	n.dialed.Broadcast()
	n.events, n.dials, n.outbox, n.ops, n.free, n.taps, n.faults = nil, nil, nil, nil, nil, nil, nil
	for _, h := range n.hosts {
		h.shutLocked(false)
	}
	failure := n.failure
	n.failure = nil
	n.timer.Stop()
	n.settle()
	n.mu.Unlock()
	<-n.done
	if failure != nil {
		panic(failure)
	}
}

// assign gives a host an address.
func (n *Network) assign(h *Host, addr netip.Addr) error {
	addr = addr.WithZone("").Unmap()
	switch {
	case !addr.IsValid() || addr == netip.IPv4Unspecified():
		addr = n.v4.next(n.byAddr)
	case addr == netip.IPv6Unspecified():
		addr = n.v6.next(n.byAddr)
	case addr.IsMulticast() || addr.IsLoopback():
		return fmt.Errorf("host %q cannot have the address %v", h.name, addr)
	}
	if other := n.byAddr[addr]; other != nil {
		return fmt.Errorf("address %v of host %q belongs to %q", addr, h.name, other.name)
	}
	n.byAddr[addr] = h
	h.addrs = append(h.addrs, addr)
	n.version++
	return nil
}

func canonicalName(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

// now is the virtual time since the network was made, in nanoseconds.
func (n *Network) now() int64 { return int64(time.Since(n.base)) }

func (n *Network) at(ns int64) time.Time { return n.base.Add(time.Duration(ns)) }
