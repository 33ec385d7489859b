package script

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// addressOf is the URI of a party, or the URI itself, as a header writes it or
// bare.
func addressOf(name string) string {
	if start := strings.IndexByte(name, '<'); start >= 0 {
		name, _, _ = strings.Cut(name[start+1:], ">")
	}
	if strings.Contains(name, ":") {
		return name
	}
	return "sip:" + name + "@" + name + ".test"
}

// destination is where a request to a URI goes first. The fallback is used when
// the host of the URI means nothing here, as after a contact on purpose wrong.
func (p *Party) destination(text, transport string, fallback wire.Destination) (wire.Destination, error) {
	var uri sip.Uri
	if err := sip.ParseUri(text, &uri); err != nil {
		return fallback, fmt.Errorf("%s is no URI: %w", text, err)
	}
	if t, ok := uri.UriParams.Get("transport"); ok {
		transport = strings.ToLower(t)
	}
	if uri.IsEncrypted() {
		transport = "tls"
	}
	addr, err := p.resolve(uri.Host)
	switch {
	case err != nil && fallback.Addr.IsValid():
		return fallback, nil
	case err != nil:
		return fallback, err
	case uri.Port > 0:
		addr = netip.AddrPortFrom(addr.Addr(), uint16(uri.Port))
	case addr.Port() == 0:
		addr = netip.AddrPortFrom(addr.Addr(), uint16(wire.DefaultPort(transport)))
	}
	return wire.Destination{Transport: transport, Addr: addr, ServerName: uri.Host}, nil
}

// resolve finds an address literal, or a party by its name or host name.
func (p *Party) resolve(host string) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return netip.AddrPortFrom(addr, 0), nil
	}
	if p.cfg.Resolve == nil {
		return netip.AddrPort{}, errors.New("no way to find " + host)
	}
	if addr, err := p.cfg.Resolve(strings.TrimSuffix(host, ".test")); err == nil {
		return addr, nil
	}
	return p.cfg.Resolve(host)
}

// hostPort is the address of ours that a peer reaches over a transport.
func (p *Party) hostPort(transport string) (host string, port int) {
	addr, ok := p.transport.Addr(transport)
	if !ok {
		addr, _ = p.transport.Addr("udp")
	}
	host = p.cfg.Host.Unmap().WithZone("").String()
	if p.cfg.Host.Is6() && !p.cfg.Host.Is4In6() {
		host = "[" + host + "]"
	}
	return host, int(addr.Port())
}

// contact is our Contact header value.
func (p *Party) contact(transport string) string {
	host, port := p.hostPort(transport)
	suffix := ""
	if transport != "udp" {
		suffix = ";transport=" + transport
	}
	return fmt.Sprintf("<sip:%s@%s:%d%s>", p.cfg.Name, host, port, suffix)
}

// via is a new Via header.
func (p *Party) via(transport string) *sip.ViaHeader {
	host, port := p.hostPort(transport)
	params := sip.NewParams()
	params.Add("branch", "z9hG4bK"+p.token())
	params.Add("rport", "")
	return &sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: strings.ToUpper(transport),
		Host: host, Port: port, Params: params,
	}
}
