// Package loopback is a network of hosts that live in one process and talk over
// real sockets of 127.0.0.1, in real time. It is the world `loopback` of the
// scenarios.
//
// Every host has the address and the ports that it has in the simulated network;
// below, each socket has a port from the kernel, and a directory translates
// between the two, as a router does. So many runs can go on at the same time, a
// file need not know any port, and everything that is sent goes through the
// kernel: UDP datagrams, TCP streams, TLS on top of them.
package loopback

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/pion/transport/v5/stdnet"
)

// Network is a set of hosts. Its methods may be called from any goroutine.
type Network struct {
	std      *stdnet.Net
	direct   bool         // see NewDirect
	pool     []netip.Addr // of a direct one
	reserved *net.UDPConn

	mu    sync.Mutex
	known *sync.Cond // something was added to virtual
	hosts []*Host
	real  map[place]netip.AddrPort // of the sockets and listeners, by the address that hosts see
	seen  map[place]netip.AddrPort // the other way round, and of connections that were opened

	ways     map[way]*segments
	sockets  map[netip.AddrPort]*udpConn // by their real addresses
	underWay int                         // media that has been sent and not been taken

	gate  chan struct{} // closed when hosts hear what is sent to them: see Hold
	round uint64        // how often it was opened
	told  func()        // see StepByStep; nil: nobody wants to know
}

// place is an address of one protocol.
type place struct {
	proto string // udp or tcp
	addr  netip.AddrPort
}

// New makes a network without hosts.
func New() (*Network, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("loopback: %w", err)
	}
	n := &Network{std: std, gate: make(chan struct{}), real: map[place]netip.AddrPort{}, seen: map[place]netip.AddrPort{},
		sockets: map[netip.AddrPort]*udpConn{}, ways: map[way]*segments{}}
	n.known = sync.NewCond(&n.mu)
	close(n.gate)
	return n, nil
}

// Host adds a host. An invalid or unspecified address means a free one, of the
// same family.
func (n *Network) Host(name string, addr netip.Addr) (*Host, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	addr, err := n.takeLocked(addr)
	if err != nil {
		return nil, err
	}
	for _, h := range n.hosts {
		if strings.EqualFold(h.name, name) {
			return nil, fmt.Errorf("loopback: host %s is there already", name)
		}
	}
	h := &Host{n: n, name: name, addrs: []netip.Addr{addr}, open: map[string]int{}}
	n.hosts = append(n.hosts, h)
	return h, nil
}

// takeLocked is that address if nobody has it, or a free one.
func (n *Network) takeLocked(addr netip.Addr) (netip.Addr, error) {
	if !addr.IsValid() || addr.IsUnspecified() {
		if n.direct {
			return n.nextLocked(addr.Is6())
		}
		return n.freeLocked(addr.Is6()), nil
	}
	if n.ofLocked(addr) != nil {
		return addr, fmt.Errorf("loopback: the address %v belongs to somebody already", addr)
	}
	return addr, nil
}

func (n *Network) freeLocked(v6 bool) netip.Addr {
	addr := netip.MustParseAddr("192.0.2.1")
	if v6 {
		addr = netip.MustParseAddr("2001:db8::1")
	}
	for n.ofLocked(addr) != nil {
		addr = addr.Next()
	}
	return addr
}

func (n *Network) ofLocked(addr netip.Addr) *Host {
	for _, h := range n.hosts {
		if slices.Contains(h.Addrs(), addr) {
			return h
		}
	}
	return nil
}

// named is the address of a host by its name, with or without .test.
func (n *Network) named(name string) (netip.Addr, error) {
	name = strings.TrimSuffix(strings.ToLower(strings.TrimSuffix(name, ".")), ".test")
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range n.hosts {
		if strings.ToLower(h.name) == name {
			return h.Addr(), nil
		}
	}
	return netip.Addr{}, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

var errInUse = errors.New("address already in use")

// enter notes a socket under the address that hosts see. Port 0 is replaced by
// the port from the kernel.
func (n *Network) enter(proto string, virtual, actual netip.AddrPort) (netip.AddrPort, error) {
	if virtual.Port() == 0 {
		virtual = netip.AddrPortFrom(virtual.Addr(), actual.Port())
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	at := place{proto, virtual}
	if _, taken := n.real[at]; taken {
		return virtual, &net.OpError{Op: "listen", Net: proto, Addr: udpAddr(virtual), Err: errInUse}
	}
	n.real[at] = actual
	n.seen[place{proto, actual}] = virtual
	return virtual, nil
}

func (n *Network) leave(proto string, virtual, actual netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.real[place{proto, virtual}] == actual {
		delete(n.real, place{proto, virtual})
	}
	delete(n.seen, place{proto, actual})
}

// dialed notes the near end of a connection, for the host that accepts it.
func (n *Network) dialed(virtual, actual netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen[place{"tcp", actual}] = virtual
	n.known.Broadcast()
}

// actual is where datagrams and connections to an address really go.
func (n *Network) actual(proto string, virtual netip.AddrPort) (netip.AddrPort, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.leavesLocked(virtual.Addr()) {
		return virtual, true
	}
	addr, ok := n.real[place{proto, virtual}]
	return addr, ok
}

// virtual is who sends from a real address; ok is false for strangers.
func (n *Network) virtual(proto string, actual netip.AddrPort) (netip.AddrPort, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	addr, ok := n.seen[place{proto, actual}]
	if !ok && n.direct {
		return actual, true
	}
	return addr, ok
}

func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case *net.TCPAddr:
		ap = a.AddrPort()
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func udpAddr(a netip.AddrPort) *net.UDPAddr { return net.UDPAddrFromAddrPort(a) }
func tcpAddr(a netip.AddrPort) *net.TCPAddr { return net.TCPAddrFromAddrPort(a) }

// here is where sockets are bound that are not at a real address; the kernel
// chooses the port.
var here = netip.AddrFrom4([4]byte{127, 0, 0, 1})
