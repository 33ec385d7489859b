package wire_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// choosy is a network whose UDP sockets take no datagram.
type choosy struct {
	transport.Net
	err error
}

func (n choosy) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := n.Net.ListenUDP(network, at)
	return choosySocket{conn, n.err}, err
}

type choosySocket struct {
	transport.UDPConn
	err error
}

func (s choosySocket) WriteTo([]byte, net.Addr) (int, error) {
	return 0, &net.OpError{Op: "write", Net: "udp", Err: s.err}
}

// TestWhoIsToBlame: what the own socket does not take is refused here; that there
// is no way to the peer is not.
func TestWhoIsToBlame(t *testing.T) {
	for cause, here := range map[syscall.Errno]bool{
		syscall.EMSGSIZE: true, syscall.ENOBUFS: true, syscall.EPERM: true,
		syscall.ENETUNREACH: false, syscall.EHOSTUNREACH: false, syscall.ECONNREFUSED: false,
	} {
		inNetwork(t, func(n *simnet.Network) {
			alice := newNode(t, n, "alice", func(c *wire.Config) { c.Net = choosy{c.Net, cause} })
			var out outcome
			alice.SendOctets([]byte(invite), wire.Destination{Transport: "udp", Addr: peer}, out.done)
			err := out.only(t)
			if _, refused := errors.AsType[*wire.RefusedError](err); refused != here || !errors.Is(err, cause) {
				t.Errorf("%v gives %v, refused here: %v", cause, err, refused)
			}
			alice.Close()
		})
	}
}
