package core

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Config describes an Engine. Only Net is required.
type Config struct {
	Net       transport.Net // all sockets and look-ups go through it
	Rand      io.Reader     // source of tags, branches, Call-IDs; nil means crypto/rand
	Logger    *slog.Logger  // nil discards; what is logged of the transports has the attribute component=transport
	UserAgent string        // of User-Agent and Server; "" means "sipsimple"

	Host    netip.Addr // local address to bind; the zero value means all
	UDPPort int        // 0 means any free port, -1 no listener; the same for the next two
	TCPPort int
	TLSPort int
	TLS     *tls.Config // server certificate and template of the client side; nil means no TLS

	// OnInvite gets every INVITE outside a dialog that passed the core's own
	// checks. It is called on the engine's mailbox, must not block, and must
	// call Reject or Attach before it returns. nil refuses every call with 480.
	OnInvite func(*Invitation)

	// OnMessage gets every MESSAGE (RFC 3428) that came, already answered 200. It
	// is called on the engine's mailbox and must not block. nil ignores them.
	OnMessage func(IncomingMessage)

	// Resolve turns a host name into addresses, best first. It may block. nil
	// means the look-up of Net.
	Resolve func(host string) ([]netip.Addr, error)

	// OnFault gets what panicked on the mailbox, with the stack; the call or request
	// in whose name it ran fails, the engine goes on. OnLost is told that a
	// listening socket has come to its end though nobody here has closed it. Either
	// must not block, and may be nil.
	OnFault func(cause any, stack string)
	OnLost  func(transport string, err error)

	// Trace, if set, gets every message sent and received, as octets.
	Trace func(wire.TraceEntry)

	// MaxPending is how many INVITEs may wait for a final answer of ours, and
	// MaxDialogs how many invitations may exist; an INVITE beyond either is
	// refused with 503. Hosts that have answered a request of ours with a 2xx, as the
	// registrar does, have room for a quarter more. 0 means 1000 and 10000.
	MaxPending int
	MaxDialogs int
}

// withDefaults validates the configuration and fills in the defaults.
func (c Config) withDefaults() (Config, error) {
	if c.Net == nil {
		return c, errors.New("core: no network")
	}
	for _, port := range []int{c.UDPPort, c.TCPPort, c.TLSPort} {
		if port < -1 || port > 65535 {
			return c, fmt.Errorf("core: port %d out of range", port)
		}
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.UserAgent == "" {
		c.UserAgent = "sipsimple"
	}
	c.UserAgent = oneLine(c.UserAgent)
	if c.Resolve == nil {
		c.Resolve = netResolver(c.Net)
	}
	if c.MaxPending == 0 {
		c.MaxPending = 1000
	}
	if c.MaxDialogs == 0 {
		c.MaxDialogs = 10000
	}
	return c, nil
}

// netResolver resolves through the network's own look-up, one address a name.
func netResolver(n transport.Net) func(string) ([]netip.Addr, error) {
	return func(host string) ([]netip.Addr, error) {
		found, err := n.ResolveIPAddr("ip", host)
		if err != nil {
			return nil, err
		}
		addr, ok := netip.AddrFromSlice(found.IP)
		if !ok {
			return nil, fmt.Errorf("no address for %q", host)
		}
		return []netip.Addr{addr.Unmap()}, nil
	}
}
