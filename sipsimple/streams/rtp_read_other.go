//go:build !unix

package streams

import (
	"net"
	"net/netip"
)

// readDatagrams leaves it to the caller to read.
func readDatagrams(net.PacketConn, func([]byte, netip.AddrPort)) bool { return false }
