//go:build !linux

package streams

import (
	"net"
	"net/netip"
)

// watch is what there is on Linux only.
type watch struct{}

// add leaves it to the caller to read.
func (*SocketReader) add(net.PacketConn, func([]byte, netip.AddrPort)) bool { return false }

func (*SocketReader) remove(net.PacketConn) {}
