//go:build unix

package streams

import (
	"net"
	"net/netip"
	"sync"
	"syscall"

	"github.com/go-sipsimple/callflow/sipsimple/internal/udp"
)

// spaces are where datagrams are read to. A socket at which nothing arrives
// needs none: that is half of what an idle call would cost.
var spaces = sync.Pool{New: func() any { return new([maxPacket]byte) }}

// readDatagrams hands every datagram of a socket of the system to handle until
// the socket is closed; false: it is none.
func readDatagrams(conn net.PacketConn, handle func([]byte, netip.AddrPort)) bool {
	socket, ok := conn.(*net.UDPConn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	var (
		space   *[maxPacket]byte
		size    int
		from    syscall.Sockaddr
		failure error
	)
	try := func(fd uintptr) (done bool) {
		space = spaces.Get().(*[maxPacket]byte)
		for {
			size, from, failure = syscall.Recvfrom(int(fd), space[:], 0)
			if failure != syscall.EINTR {
				break
			}
		}
		if failure != syscall.EAGAIN {
			return true
		}
		spaces.Put(space)
		return false // and again when something is there
	}
	for raw.Read(try) == nil {
		if failure == nil { // else what a single datagram causes, such as an ICMP answer to one that we sent
			handle(space[:size], udp.AddrPort(from))
		}
		spaces.Put(space)
	}
	return true
}
