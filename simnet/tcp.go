package simnet

import (
	"net"
	"net/netip"

	"github.com/pion/transport/v5"
)

type control int

func (c control) String() string { return "" }

type flow struct{ local, remote netip.AddrPort }
type TCPConn struct{}

func (c *TCPConn) abortLocked(error, bool) {}

type TCPListener struct{ bound binding }

func (l *TCPListener) shutLocked()             {}
func (h *Host) connsInOrderLocked() []*TCPConn { return nil }
func (n *Network) retryLocked(*packet)         {}
func (n *Network) repeatLocked(*packet, int64) {}
func (n *Network) arriveTCPLocked(*packet)     {}
func (h *Host) ListenTCP(string, *net.TCPAddr) (transport.TCPListener, error) {
	return nil, transport.ErrNotSupported
}
func (h *Host) DialTCP(string, *net.TCPAddr, *net.TCPAddr) (transport.TCPConn, error) {
	return nil, transport.ErrNotSupported
}
func (h *Host) Dial(network, address string) (net.Conn, error)              { return nil, transport.ErrNotSupported }
func (h *Host) CreateDialer(*net.Dialer) transport.Dialer                   { return nil }
func (h *Host) CreateListenConfig(*net.ListenConfig) transport.ListenConfig { return nil }
