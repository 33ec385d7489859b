package core

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/emiago/sipgo/sip"
)

// errNoAddress is what a route gives that this host cannot reach.
var errNoAddress = errors.New("could not get outgoing IP address")

// LocalAddrFor is our address as the route's end sees it. It may block for a
// name look-up. The error reads "could not get outgoing IP address" when the
// host has no address facing the route.
func (e *Engine) LocalAddrFor(r Route) (netip.Addr, error) {
	r = r.WithDefaults()
	if _, ok := e.Addr(r.Transport); !ok {
		return netip.Addr{}, fmt.Errorf("unsupported transport: %s", r.Transport)
	}
	addr, err := netip.ParseAddr(r.Address)
	if err != nil {
		found, err := e.cfg.Resolve(r.Address)
		if err != nil || len(found) == 0 {
			return netip.Addr{}, errNoAddress
		}
		addr = found[0]
	}
	return e.facing(addr)
}

// Locate finds the way to a route whose Address is a name: it calls f on exec
// with the route to the address found, the name kept for the certificate, and
// with our address facing it. It never blocks. The errors are those of
// LocalAddrFor.
func (e *Engine) Locate(exec Executor, r Route, f func(located Route, local netip.Addr, err error)) {
	r = r.WithDefaults()
	answer := func(to Route, local netip.Addr, err error) { exec.Post(func() { f(to, local, err) }) }
	e.post(func() {
		if e.closed {
			answer(r, netip.Addr{}, ErrClosed)
			return
		}
		e.lookup(r.Address, func(addr netip.Addr, err error) {
			if err != nil {
				answer(r, netip.Addr{}, errNoAddress)
				return
			}
			to := r
			to.Address = addr.String()
			if to.ServerName == "" {
				to.ServerName = r.Address
			}
			local, err := e.LocalAddrFor(to)
			answer(to, local, err)
		})
	})
}

// facing is the local address used towards remote: the configured host, else
// what the network would choose.
func (e *Engine) facing(remote netip.Addr) (netip.Addr, error) {
	remote = remote.Unmap()
	if host := e.cfg.Host; host.IsValid() && !host.IsUnspecified() {
		if host.Unmap().Is4() != remote.Is4() {
			return netip.Addr{}, errNoAddress
		}
		return host.Unmap(), nil
	}
	// Nothing is sent: connecting a UDP socket only asks for the way.
	conn, err := e.cfg.Net.Dial("udp", netip.AddrPortFrom(remote, 5060).String())
	if err != nil {
		return netip.Addr{}, errNoAddress
	}
	defer conn.Close()
	local, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok || local.IP.IsUnspecified() {
		return netip.Addr{}, errNoAddress
	}
	return local.AddrPort().Addr().Unmap().WithZone(""), nil
}

// ContactFor is our Contact towards the route: user at our address and the
// port of the route's transport, with a transport parameter unless it is UDP.
// It fails and may block as LocalAddrFor does.
func (e *Engine) ContactFor(user string, r Route) (sip.Uri, error) {
	r = r.WithDefaults()
	addr, err := e.LocalAddrFor(r)
	if err != nil {
		return sip.Uri{}, err
	}
	return e.contact(user, r.Transport, addr), nil
}

// contact builds the URI of ContactFor from what is known already.
func (e *Engine) contact(user, transport string, addr netip.Addr) sip.Uri {
	uri := sip.Uri{Scheme: "sip", User: user, Host: addr.String()}
	if listener, ok := e.Addr(transport); ok {
		uri.Port = int(listener.Port())
	}
	if transport != "udp" {
		uri.UriParams = uri.UriParams.Add("transport", transport)
	}
	return uri
}

// contactOf is our Contact in a dialog: as wanted, completed with our address if
// it has no host.
func (e *Engine) contactOf(wanted sip.Uri, scheme, transport string, addr netip.Addr) sip.Uri {
	uri := *wanted.Clone()
	if uri.Host == "" {
		uri = e.contact(wanted.User, transport, addr)
	}
	uri.Scheme = scheme
	return uri
}

// sentBy is the address and port of ours that goes into the Via towards remote.
func (e *Engine) sentBy(transport string, remote netip.Addr) (netip.AddrPort, error) {
	listener, ok := e.Addr(transport)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("unsupported transport: %s", transport)
	}
	addr, err := e.facing(remote)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(addr, listener.Port()), nil
}

// contactScheme is that of our Contact in a dialog made with this Request-URI
// (RFC 3261 section 8.1.1.8).
func contactScheme(target sip.Uri) string {
	if target.Scheme == "sips" {
		return "sips"
	}
	return "sip"
}
