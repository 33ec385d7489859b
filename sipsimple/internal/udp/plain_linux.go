//go:build linux && !amd64 && !arm64

package udp

import (
	"net/netip"
	"syscall"
)

// Receive takes a datagram off a socket; EAGAIN: there is none. zone is the number of
// the interface of a sender with an address of one link (RFC 4007), else 0.
func Receive(fd int, space []byte) (n int, from netip.AddrPort, zone uint32, err error) {
	n, sender, err := syscall.Recvfrom(fd, space, syscall.MSG_DONTWAIT)
	if a, ok := sender.(*syscall.SockaddrInet6); ok {
		zone = a.ZoneId
	}
	return n, AddrPort(sender), zone, err
}

// Send sends a datagram from a socket of the family of the address, the zone of which
// is ignored; EAGAIN: the system has no room for it.
func Send(fd int, data []byte, to netip.AddrPort) error {
	return syscall.Sendto(fd, data, syscall.MSG_DONTWAIT, sockaddr(to))
}

// Bind gives a socket of the family of the address that address.
func Bind(fd int, at netip.AddrPort) error { return syscall.Bind(fd, sockaddr(at)) }

// Close closes a socket.
func Close(fd int) error { return syscall.Close(fd) }

// Ready are the descriptors of an epoll, which must not be empty, at which something
// is to be read now. It does not wait.
func Ready(epoll int, events []syscall.EpollEvent) (n int, err error) {
	return syscall.EpollWait(epoll, events, 0)
}

func sockaddr(a netip.AddrPort) syscall.Sockaddr {
	if a.Addr().Is4() {
		return &syscall.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &syscall.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}
