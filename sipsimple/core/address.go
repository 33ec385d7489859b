package core

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Address is a URI with a display name and header parameters, as in From, To,
// Contact and Refer-To (RFC 3261 section 20.10; seed ToHeader, FromHeader).
type Address struct {
	DisplayName string
	URI         sip.Uri
	Params      sip.HeaderParams // tag, isfocus …
}

// String writes the address as a header value.
func (a Address) String() string {
	var b strings.Builder
	if a.DisplayName != "" {
		b.WriteString(strconv.Quote(a.DisplayName) + " ")
	}
	b.WriteString("<" + a.URI.String() + ">")
	if len(a.Params) > 0 {
		b.WriteString(";" + a.Params.String())
	}
	return b.String()
}

// Route says where a request goes first: the address, port and transport of
// an outbound proxy or of the peer itself (seed row for sipsimple.util.Route).
type Route struct {
	Address   string // IP address, or a name that the network resolves
	Port      int    // 0 means 5060, with tls 5061
	Transport string // "udp" (also for ""), "tcp" or "tls"
}

// WithDefaults returns the route with port and transport filled in.
func (r Route) WithDefaults() Route {
	r.Transport = strings.ToLower(r.Transport)
	if r.Transport == "" {
		r.Transport = "udp"
	}
	if r.Port == 0 {
		r.Port = 5060
		if r.Transport == "tls" {
			r.Port = 5061
		}
	}
	return r
}

// HostPort is the address as net.Dial takes it.
func (r Route) HostPort() string { return net.JoinHostPort(r.Address, strconv.Itoa(r.Port)) }

// String is "transport host:port".
func (r Route) String() string { return fmt.Sprintf("%s %s", r.Transport, r.HostPort()) }
