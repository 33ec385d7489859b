//go:build !linux

package streams

import (
	"net/netip"

	"github.com/pion/transport/v5"
)

// watch is what there is on Linux only.
type watch struct{}

// listen leaves it to the network to open sockets.
func (*SocketReader) listen(transport.Net, netip.Addr, int) (endpoint, error) { return nil, nil }

// add leaves it to the caller to read.
func (*SocketReader) add(endpoint, func([]byte, netip.AddrPort)) (bool, error) { return false, nil }
