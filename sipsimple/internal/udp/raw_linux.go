//go:build linux && (amd64 || arm64)

package udp

import (
	"net/netip"
	"syscall"
	"unsafe"
)

// Receive takes a datagram off a socket; EAGAIN: there is none. zone is the number of
// the interface of a sender with an address of one link (RFC 4007), else 0.
func Receive(fd int, space []byte) (n int, from netip.AddrPort, zone uint32, err error) {
	var sender address
	size := uint32(unsafe.Sizeof(sender))
	got, _, failed := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(space))), uintptr(len(space)), syscall.MSG_DONTWAIT,
		uintptr(unsafe.Pointer(&sender)), uintptr(unsafe.Pointer(&size)))
	if failed != 0 {
		return 0, from, 0, failed
	}
	return int(got), sender.addrPort(), sender.zone, nil
}

// Send sends a datagram from a socket of the family of the address, the zone of which
// is ignored; EAGAIN: the system has no room for it.
func Send(fd int, data []byte, to netip.AddrPort) error {
	var receiver address
	size := receiver.set(to)
	_, _, failed := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)), syscall.MSG_DONTWAIT,
		uintptr(unsafe.Pointer(&receiver)), size)
	return failure(failed)
}

// Bind gives a socket of the family of the address that address.
func Bind(fd int, at netip.AddrPort) error {
	var local address
	size := local.set(at)
	_, _, failed := syscall.RawSyscall(syscall.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&local)), size)
	return failure(failed)
}

// Close closes a socket.
func Close(fd int) error {
	_, _, failed := syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0)
	return failure(failed)
}

// Ready are the descriptors of an epoll, which must not be empty, at which something
// is to be read now. It does not wait.
func Ready(epoll int, events []syscall.EpollEvent) (n int, err error) {
	got, _, failed := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(epoll),
		uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	return int(got), failure(failed)
}

func failure(number syscall.Errno) error {
	if number != 0 {
		return number
	}
	return nil
}

// address is one of a socket, of either family: both begin in the same way, and that
// of IPv4 is the shorter one.
type address struct {
	family uint16
	port   [2]byte // the more significant octet first
	four   [4]byte // of IPv4; flow information of IPv6
	six    [16]byte
	zone   uint32
}

func (a *address) set(to netip.AddrPort) (size uintptr) {
	a.port = [2]byte{byte(to.Port() >> 8), byte(to.Port())}
	if to.Addr().Is4() {
		a.family, a.four = syscall.AF_INET, to.Addr().As4()
		return syscall.SizeofSockaddrInet4
	}
	a.family, a.six = syscall.AF_INET6, to.Addr().As16()
	return syscall.SizeofSockaddrInet6
}

func (a *address) addrPort() netip.AddrPort {
	port := uint16(a.port[0])<<8 | uint16(a.port[1])
	if a.family == syscall.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4(a.four), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(a.six), port)
}
