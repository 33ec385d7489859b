package wire

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/netip"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/transport/v5"
)

// Config describes a Transport.
type Config struct {
	Net    transport.Net // required; sockets are opened through it only
	Logger *slog.Logger  // nil discards; what is logged carries no header values and is rate-limited
	// TLS is the server side and the template of the client side (RootCAs,
	// MinVersion …). nil means no TLS listener, and system roots for clients.
	TLS  *tls.Config
	Host netip.Addr // local address to bind; invalid means all

	UDPPort, TCPPort, TLSPort int // 0 any free port, -1 no listener

	// Handler is called for every valid message, in order for each source of
	// one socket, possibly from several goroutines at once. It must not block.
	Handler func(Message)
	// Trace is called for every message sent and received. May be nil.
	Trace func(TraceEntry)
}

// Transport sends and receives SIP messages. Its methods may be called from
// any goroutine.
type Transport struct{ cfg Config }

// Flow is a stream connection. It is compared by identity.
type Flow struct{ t *Transport }

// Listen opens the listeners.
func Listen(cfg Config) (*Transport, error) { return &Transport{cfg: cfg}, nil }

// Addr is the address of the listener for "udp", "tcp" or "tls".
func (t *Transport) Addr(transport string) (netip.AddrPort, bool) { return netip.AddrPort{}, false }

// Send writes msg.
func (t *Transport) Send(msg sip.Message, to Destination, done func(error)) {
	t.SendOctets([]byte(msg.String()), to, done)
}

// SendOctets is Send for a message that is octets already.
func (t *Transport) SendOctets(data []byte, to Destination, done func(error)) {
	if done != nil {
		done(errors.New("no listener"))
	}
}

// Close ends everything and waits.
func (t *Transport) Close() {}
