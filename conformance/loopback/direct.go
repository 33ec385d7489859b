package loopback

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/pion/transport/v5"
)

// NewDirect makes a network whose hosts have real addresses, so that other
// programs can talk to them: sockets are bound to the address of their host and
// to the very port asked for, whoever sends to them is heard, and what is sent to
// an address that no host has leaves this process. Hosts get the addresses of the
// list, in its order; without a list each gets one of its own in 127.0.0.0/8 (of
// Linux; other systems have to be told to have more than 127.0.0.1). A host that
// asks for another address gets it, but nothing can be opened there, and nothing
// arrives. Close gives the addresses back.
func NewDirect(addresses ...netip.Addr) (*Network, error) {
	n, err := New()
	if err != nil {
		return nil, err
	}
	n.direct = true
	if n.pool = slices.Clone(addresses); len(n.pool) > 0 {
		return n, nil
	}
	n.reserved, n.pool, err = reserve()
	return n, err
}

// Close gives back what the network holds. Sockets of its hosts are closed by
// those who opened them.
func (n *Network) Close() {
	if n.reserved != nil {
		_ = n.reserved.Close()
	}
}

const (
	guardPort   = 65535 // taken on the first address of a reserved block
	mostRetries = 100
)

// reserve finds 253 addresses of 127.0.0.0/8 that no other run uses: a socket
// on the first address of their block says that they are taken.
func reserve() (*net.UDPConn, []netip.Addr, error) {
	var err error
	for range mostRetries {
		var b [2]byte
		_, _ = rand.Read(b[:])
		block := [4]byte{127, 1 + b[0]%254, b[1], 1}
		var guard *net.UDPConn
		if guard, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IP(block[:]), Port: guardPort}); err != nil {
			continue
		}
		var pool []netip.Addr
		for last := byte(2); last < 255; last++ {
			block[3] = last
			pool = append(pool, netip.AddrFrom4(block))
		}
		return guard, pool, nil
	}
	return nil, nil, fmt.Errorf("loopback: no addresses in 127.0.0.0/8: %w", err)
}

// nextLocked is the next address of the pool.
func (n *Network) nextLocked(v6 bool) (netip.Addr, error) {
	i := slices.IndexFunc(n.pool, func(a netip.Addr) bool { return a.Is6() == v6 && n.ofLocked(a) == nil })
	if i < 0 {
		return netip.Addr{}, errors.New("loopback: more hosts than addresses")
	}
	return n.pool[i], nil
}

// isReal tells whether sockets can be opened at an address.
func (n *Network) isReal(addr netip.Addr) bool { return n.direct && slices.Contains(n.pool, addr) }

// leavesLocked tells whether what is sent to an address goes to other programs.
func (n *Network) leavesLocked(addr netip.Addr) bool {
	return n.direct && (n.isReal(addr) || n.ofLocked(addr) == nil)
}

// bindAt is where a socket for an address of a host is really bound.
func (n *Network) bindAt(at netip.AddrPort) netip.AddrPort {
	if n.isReal(at.Addr()) {
		return at
	}
	return netip.AddrPortFrom(here, 0)
}

// family is the network name for an address.
func family(proto string, addr netip.Addr) string {
	if addr.Is6() {
		return proto + "6"
	}
	return proto + "4"
}

func (n *Network) listenUDP(at netip.AddrPort) (transport.UDPConn, error) {
	at = n.bindAt(at)
	return n.std.ListenUDP(family("udp", at.Addr()), udpAddr(at))
}

func (n *Network) listenTCP(at netip.AddrPort) (transport.TCPListener, error) {
	at = n.bindAt(at)
	return n.std.ListenTCP(family("tcp", at.Addr()), tcpAddr(at))
}
