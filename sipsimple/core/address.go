package core

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Address is a URI with a display name and header parameters, as in From, To,
// Contact and Refer-To (RFC 3261 section 20.10; seed ToHeader, FromHeader).
type Address struct {
	DisplayName string
	URI         sip.Uri
	Params      sip.HeaderParams // tag, isfocus …
}

// ParseAddress reads one header value: a name-addr or an addr-spec. The error is a
// [*PortError] if nothing but its port is wrong.
func ParseAddress(text string) (Address, error) {
	var a Address
	name, err := sip.ParseAddressValue(text, &a.URI, &a.Params)
	if err == nil {
		err = checkPort(a.URI.Port, 0)
	}
	if err != nil {
		return Address{}, fmt.Errorf("address %q: %w", text, err)
	}
	a.DisplayName = name
	return a, nil
}

// PortError is the number of a port that does not exist.
type PortError struct{ Port int }

func (e *PortError) Error() string { return fmt.Sprintf("port %d, expected 1 to 65535", e.Port) }

func checkPort(port, least int) error {
	if port < least || port > 65535 {
		return &PortError{port}
	}
	return nil
}

// String writes the address as a header value.
func (a Address) String() string {
	var b strings.Builder
	if a.DisplayName != "" {
		b.WriteString(`"` + escapeQuoted(a.DisplayName) + `" `)
	}
	b.WriteString("<" + a.URI.String() + ">")
	if len(a.Params) > 0 {
		b.WriteString(";" + a.Params.ToString(';'))
	}
	return b.String()
}

// Tag is the tag parameter, "" without one.
func (a Address) Tag() string { return a.Params.GetOr("tag", "") }

// withoutParams is the address with no header parameters, on its own memory.
func (a Address) withoutParams() Address {
	return Address{DisplayName: a.DisplayName, URI: *a.URI.Clone()}
}

// clone shares no memory with the original.
func (a Address) clone() Address {
	return Address{DisplayName: a.DisplayName, URI: *a.URI.Clone(), Params: a.Params.Clone()}
}

func (a Address) from() *sip.FromHeader {
	c := a.clone()
	return &sip.FromHeader{DisplayName: escapeQuoted(c.DisplayName), Address: c.URI, Params: c.Params}
}

func (a Address) to() *sip.ToHeader {
	c := a.clone()
	return &sip.ToHeader{DisplayName: escapeQuoted(c.DisplayName), Address: c.URI, Params: c.Params}
}

// escapeQuoted makes text fit between double quotes (RFC 3261 section 25.1).
// Text that came escaped from the wire passes unchanged.
func escapeQuoted(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			b.WriteString(text[i : i+2])
			i++
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func fromAddress(h *sip.FromHeader) Address {
	return Address{DisplayName: h.DisplayName, URI: h.Address, Params: h.Params}.clone()
}

func toAddress(h *sip.ToHeader) Address {
	return Address{DisplayName: h.DisplayName, URI: h.Address, Params: h.Params}.clone()
}

// withParam is a copy of params in which name has that value.
func withParam(params sip.HeaderParams, name, value string) sip.HeaderParams {
	params = params.Clone()
	return params.Add(name, value)
}

var errContact = errors.New("malformed Contact")

// contactsOf reads all Contact headers of a message. The wildcard "*" is not a
// contact of a dialog and an error.
func contactsOf(msg sip.Message) ([]Address, error) {
	var contacts []Address
	for h := range wire.Fields(msg, "contact") {
		a, err := readContact(h)
		if err != nil {
			return nil, err
		}
		contacts = append(contacts, a.clone())
	}
	return contacts, nil
}

// contactOf is the first of contactsOf and their number. It shares memory with
// the message.
func contactOf(msg sip.Message) (first Address, n int, err error) {
	for h := range wire.Fields(msg, "contact") {
		a, err := readContact(h)
		if err != nil {
			return Address{}, 0, err
		}
		if n == 0 {
			first = a
		}
		n++
	}
	return first, n, nil
}

func readContact(h sip.Header) (a Address, err error) {
	if c, ok := h.(*sip.ContactHeader); ok {
		a = Address{DisplayName: c.DisplayName, URI: c.Address, Params: c.Params}
	} else if a, err = ParseAddress(h.Value()); err != nil {
		return a, errContact
	}
	if a.URI.Wildcard || (a.URI.Host == "" && a.URI.Raw() == "") {
		return a, errContact
	}
	return a, nil
}

// recordRoutes are the Record-Route URIs of a message, top first.
func recordRoutes(msg sip.Message) []sip.Uri {
	var routes []sip.Uri
	for h := range wire.Fields(msg, "record-route") {
		if r, ok := h.(*sip.RecordRouteHeader); ok {
			routes = append(routes, *r.Address.Clone())
		} else if a, err := ParseAddress(h.Value()); err == nil {
			routes = append(routes, a.URI)
		}
	}
	return routes
}

// Route says where a request goes first: the address, port and transport of
// an outbound proxy or of the peer itself (seed row for sipsimple.util.Route).
type Route struct {
	Address   string // IP address, or a name that the network resolves
	Port      int    // 0 means 5060, with tls 5061
	Transport string // "udp" (also for ""), "tcp" or "tls"

	// ServerName is the name that the certificate at a tls route must carry:
	// that of the domain whose look-up gave the address (RFC 5922 section 7.2).
	// "" means Address, and for a call to an address the domain called.
	ServerName string
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

// routeOf is where a request goes whose next hop is uri (RFC 3263 section 4.1
// without DNS records: maddr or host, the port given or the default, the
// transport parameter, tls for sips).
func routeOf(uri sip.Uri) Route {
	r := Route{Address: uri.Host, Port: uri.Port}
	if maddr, ok := uri.UriParams.Get("maddr"); ok && maddr != "" {
		r.Address = maddr
	}
	r.Address = strings.Trim(r.Address, "[]")
	r.Transport = uri.UriParams.GetOr("transport", "")
	if uri.Scheme == "sips" {
		r.Transport = "tls"
	}
	return r.WithDefaults()
}
