// Package dialing makes TCP connections through any network.
package dialing

import (
	"context"
	"net"

	"github.com/pion/transport/v5"
)

// TCP connects to address. The dialers of the system's network and of the
// simulated one follow the context; of others the timeout of the settings is all
// that ends them.
func TCP(ctx context.Context, n transport.Net, settings *net.Dialer, address string) (net.Conn, error) {
	dialer := n.CreateDialer(settings)
	if d, ok := dialer.(interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	}); ok {
		return d.DialContext(ctx, "tcp", address)
	}
	return dialer.Dial("tcp", address)
}
