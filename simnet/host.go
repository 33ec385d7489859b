package simnet

import (
	"net"
	"net/netip"
	"slices"

	"github.com/pion/transport/v5"
)

// Host is a machine of the network. It implements transport.Net of pion/transport: the network as a program on that
// machine sees it. Sockets are as those of package net: errors are *net.OpError around net.ErrClosed,
// os.ErrDeadlineExceeded or a syscall.Errno.
type Host struct {
	n    *Network
	name string
	key  string // canonical name
	rank uint64 // order of the hosts, the order of their packets of one instant

	// guarded by n.mu
	addrs     []netip.Addr
	swallow   bool
	behind    *Router // in front of the host, nil: none
	router    *Router // whose address outside this is, nil for a real host
	closed    bool
	udp       map[uint16][]*UDPConn
	lastUDP   *UDPConn // that got a datagram last and is alone at its port, nil: look it up
	listeners map[uint16][]*TCPListener
	conns     map[flow]*TCPConn
	made      uint64 // TCP connections so far
	nextPort  map[Proto]uint16
}

var _ transport.Net = (*Host)(nil)

func newHost(n *Network, name string, rank int) *Host {
	return &Host{
		n: n, name: name, key: canonicalName(name), rank: uint64(rank),
		udp: map[uint16][]*UDPConn{}, listeners: map[uint16][]*TCPListener{},
		conns: map[flow]*TCPConn{}, nextPort: map[Proto]uint16{},
	}
}

// Name is the name the host was made with.
func (h *Host) Name() string { return h.name }

// Network is the network the host belongs to.
func (h *Host) Network() *Network { return h.n }

// Addr is the first address, the invalid one when all were removed.
func (h *Host) Addr() netip.Addr {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	if len(h.addrs) == 0 {
		return netip.Addr{}
	}
	return h.addrs[0]
}

// Addrs are all addresses, in the order in which the host got them.
func (h *Host) Addrs() []netip.Addr {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	return slices.Clone(h.addrs)
}

// AddAddr gives the host one more address; as for [Network.Host], an invalid or unspecified one means a free one.
func (h *Host) AddAddr(addr netip.Addr) error {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	return h.n.assign(h, addr)
}

// RemoveAddr takes an address away. Sockets bound to it stay and reach nobody; those bound to all addresses go on with
// the others.
func (h *Host) RemoveAddr(addr netip.Addr) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	h.removeAddrLocked(addr.Unmap())
}

func (h *Host) removeAddrLocked(addr netip.Addr) {
	if h.n.byAddr[addr] == h {
		delete(h.n.byAddr, addr)
		h.addrs = slices.DeleteFunc(h.addrs, func(a netip.Addr) bool { return a == addr })
		h.n.version++
	}
}

// Swallow makes the host a black hole, or a good host again: what is sent to it is lost, connecting to it takes until
// the time is over. It is how the host "nowhere" of scenarios is made.
func (h *Host) Swallow(on bool) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	h.swallow = on
}

// Close switches the host off in an orderly way: its sockets are closed, its TCP connections reset, its name and its
// addresses free for another host.
func (h *Host) Close() error {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	if h.closed {
		return net.ErrClosed
	}
	h.shutLocked(true)
	delete(h.n.hosts, h.key)
	for _, addr := range h.addrs {
		delete(h.n.byAddr, addr)
	}
	if r := h.behind; r != nil {
		r.inside = slices.DeleteFunc(r.inside, func(other *Host) bool { return other == h })
	}
	h.n.version++
	return nil
}

// shutLocked closes all sockets. Connections are reset in the order of their ports, so that runs are alike.
func (h *Host) shutLocked(reset bool) {
	if h.closed {
		return
	}
	h.closed = true
	for _, port := range sortedKeys(h.udp) {
		for _, c := range slices.Clone(h.udp[port]) {
			c.shutLocked()
		}
	}
	for _, port := range sortedKeys(h.listeners) {
		for _, l := range slices.Clone(h.listeners[port]) {
			l.shutLocked()
		}
	}
	for _, c := range h.connsInOrderLocked() {
		c.abortLocked(net.ErrClosed, reset)
	}
}

// hasLocked tells whether packets to the address reach this host without the network.
func (h *Host) hasLocked(addr netip.Addr) bool { return addr.IsLoopback() || h.n.byAddr[addr] == h }

// sourceLocked is the address from which the host reaches dst, invalid if it has none of that family.
func (h *Host) sourceLocked(dst netip.Addr) netip.Addr {
	if dst.IsLoopback() {
		return dst
	}
	if h.n.byAddr[dst] == h {
		return dst
	}
	for _, a := range h.addrs {
		if a.Is4() == dst.Is4() {
			return a
		}
	}
	return netip.Addr{}
}

// routeLocked is the host that has the address, and the link to it; nil if nobody has it. An address inside of a router
// is nobody's elsewhere; that of a router is for now the first host inside: see passRoutersLocked.
func (h *Host) routeLocked(dst netip.Addr) (*Host, *link) {
	to := h.n.byAddr[dst]
	if dst.IsLoopback() {
		to = h
	}
	if to != nil && to.router != nil && len(to.router.inside) > 0 {
		to = to.router.inside[0]
	} else if to != nil && to != h && to.behind != nil && to.behind.outside != nil && to.behind != h.behind {
		to = nil
	}
	if to == nil {
		return nil, nil
	}
	return to, h.n.linkLocked(h, to)
}

// Interfaces lists the loopback interface and the one to the network.
func (h *Host) Interfaces() ([]*transport.Interface, error) {
	lo := transport.NewInterface(net.Interface{
		Index: 1, MTU: 65536, Name: "lo", Flags: net.FlagUp | net.FlagLoopback | net.FlagRunning,
	})
	lo.AddAddress(ipNet(netip.MustParseAddr("127.0.0.1"), 8))
	lo.AddAddress(ipNet(netip.IPv6Loopback(), 128))
	eth := transport.NewInterface(net.Interface{
		Index: 2, MTU: 1500, Name: "eth0",
		HardwareAddr: net.HardwareAddr{2, 0, byte(h.rank >> 24), byte(h.rank >> 16), byte(h.rank >> 8), byte(h.rank)},
		Flags:        net.FlagUp | net.FlagBroadcast | net.FlagMulticast | net.FlagRunning,
	})
	for _, addr := range h.Addrs() {
		eth.AddAddress(ipNet(addr, map[bool]int{true: 24, false: 64}[addr.Is4()]))
	}
	return []*transport.Interface{lo, eth}, nil
}

// InterfaceByIndex is the interface with that index, transport.ErrInterfaceNotFound if there is none.
func (h *Host) InterfaceByIndex(index int) (*transport.Interface, error) {
	return h.findInterface(func(i *transport.Interface) bool { return i.Index == index })
}

// InterfaceByName is the interface with that name, transport.ErrInterfaceNotFound if there is none.
func (h *Host) InterfaceByName(name string) (*transport.Interface, error) {
	return h.findInterface(func(i *transport.Interface) bool { return i.Name == name })
}

func (h *Host) findInterface(is func(*transport.Interface) bool) (*transport.Interface, error) {
	all, _ := h.Interfaces()
	for _, i := range all {
		if is(i) {
			return i, nil
		}
	}
	return nil, transport.ErrInterfaceNotFound
}

func ipNet(addr netip.Addr, bits int) *net.IPNet {
	return &net.IPNet{IP: net.IP(addr.AsSlice()), Mask: net.CIDRMask(bits, addr.BitLen())}
}
