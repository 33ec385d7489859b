package wire

import (
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Message is one valid SIP message as it came in, with where from.
type Message struct {
	Msg       sip.Message
	Source    netip.AddrPort
	Local     netip.AddrPort
	Transport string // "udp", "tcp" or "tls"
	Flow      *Flow  // the stream connection it came on, nil for UDP
	Received  time.Time
}

// Request returns the message as a request, or nil if it is a response.
func (m Message) Request() *sip.Request {
	req, _ := m.Msg.(*sip.Request)
	return req
}

// Response returns the message as a response, or nil if it is a request.
func (m Message) Response() *sip.Response {
	res, _ := m.Msg.(*sip.Response)
	return res
}

// Destination says where a message goes.
type Destination struct {
	Transport  string         // "udp", "tcp" or "tls"
	Addr       netip.AddrPort // of the next hop
	ServerName string         // tls: the name the certificate must carry; "" means the address
	Flow       *Flow          // prefer this connection while it lives, as responses do; may be nil
}

// Reliable reports whether the transport delivers without help from the
// transaction (RFC 3261 section 17).
func (d Destination) Reliable() bool { return d.Transport != "udp" }

// ResponseDestination is where the responses to a request go: back to its
// source, over the connection it came on (RFC 3261 section 18.2.2, RFC 3581
// section 4). No address written in the message is used, except the sent-by
// port for a connection that has to be opened anew.
func ResponseDestination(m Message) Destination {
	to := Destination{Transport: m.Transport, Addr: m.Source, Flow: m.Flow}
	if m.Flow == nil {
		return to
	}
	if via := m.Msg.Via(); via != nil {
		port := via.Port
		if port <= 0 || port > 65535 {
			port = DefaultPort(m.Transport)
		}
		to.Addr = netip.AddrPortFrom(m.Source.Addr(), uint16(port))
	}
	return to
}

// DefaultPort is 5061 for tls and 5060 for everything else (RFC 3261 section 19.1.2).
func DefaultPort(transport string) int {
	if transport == "tls" {
		return 5061
	}
	return 5060
}

// TraceEntry is one message, sent or received, as octets.
type TraceEntry struct {
	At            time.Time
	Sent          bool
	Transport     string
	Local, Remote netip.AddrPort
	Data          []byte // never changed afterwards; must not be changed by the reader either
}
