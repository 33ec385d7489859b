package streams

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/sipsimple/internal/udp"
)

// systemSocket is a UDP socket of the system that a [SocketReader] reads. The Go
// runtime does not know of it: it would keep an entry in its own poller, the memory
// of which is never given back, and make as many system calls again.
type systemSocket struct {
	reader *SocketReader
	local  netip.AddrPort
	handle func([]byte, netip.AddrPort)

	mu sync.Mutex // while fd is used, which may be another's number once it is closed
	fd int32      // -1: closed
}

// listen opens a socket on a port, 0 being any; nil and no error if it is the network
// that must open it.
func (r *SocketReader) listen(network transport.Net, ip netip.Addr, port int) (endpoint, error) {
	if _, ok := network.(*stdnet.Net); !ok || r == nil || !ip.IsValid() || ip.Zone() != "" {
		return nil, nil
	}
	at := netip.AddrPortFrom(ip.Unmap(), uint16(port))
	s := &systemSocket{reader: r, local: at}
	if err := s.open(); err != nil {
		return nil, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(at), Err: err}
	}
	return s, nil
}

func (s *systemSocket) open() error {
	family := syscall.AF_INET
	if s.local.Addr().Is6() {
		family = syscall.AF_INET6
	}
	fd, err := syscall.Socket(family, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	if err = os.NewSyscallError("bind", udp.Bind(fd, s.local)); err == nil && s.local.Port() == 0 {
		var bound syscall.Sockaddr
		bound, err = syscall.Getsockname(fd)
		err = os.NewSyscallError("getsockname", err)
		s.local = udp.AddrPort(bound)
	}
	if err != nil {
		_ = syscall.Close(fd) // the other error is the one that matters
		return err
	}
	s.fd = int32(fd)
	return nil
}

// LocalAddr is where the socket is bound.
func (s *systemSocket) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(s.local) }

// WriteToAddrPort sends a udp. It does not wait for room in the buffer of the
// system: a packet would be too late then.
func (s *systemSocket) WriteToAddrPort(data []byte, to netip.AddrPort) (int, error) {
	if to.Addr().Is4() != s.local.Addr().Is4() {
		return 0, &net.AddrError{Err: "not of the family of " + s.local.Addr().String(), Addr: to.String()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd < 0 {
		return 0, net.ErrClosed
	}
	if err := udp.Send(int(s.fd), data, to); err != nil {
		return 0, os.NewSyscallError("sendto", err)
	}
	return len(data), nil
}

// Close closes the socket. Nothing of it is handled any more when it returns; a
// handler must not call it.
func (s *systemSocket) Close() error { return s.reader.close(s) }

// shut closes the descriptor.
func (s *systemSocket) shut() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd < 0 {
		return net.ErrClosed
	}
	fd := s.fd
	s.fd = -1
	return os.NewSyscallError("close", udp.Close(int(fd)))
}
