package sipserver

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// nextHop is where a request goes: to its top route, else to its target. incoming is the transport it came over: hosts of
// the laboratory have no NAPTR records, so a name is addressed over the transport that the caller has chosen.
func (s *Server) nextHop(req *sip.Request, b *binding, incoming string) (wire.Destination, error) {
	uri := req.Recipient
	if top := req.Route(); top != nil {
		uri, b = top.Address, nil
	}
	dest, err := s.destination(uri, incoming)
	if b != nil && b.msg.Flow != nil && b.msg.Flow.Alive() {
		return wire.Destination{Transport: b.msg.Transport, Addr: b.msg.Source, Flow: b.msg.Flow}, nil
	}
	return dest, err
}

func (s *Server) destination(uri sip.Uri, incoming string) (wire.Destination, error) {
	host := uri.Host
	if maddr, ok := uri.UriParams.Get("maddr"); ok && maddr != "" {
		host = maddr
	}
	literal, err := netip.ParseAddr(strings.Trim(host, "[]"))
	isLiteral := err == nil
	transport := strings.ToLower(uri.UriParams.GetOr("transport", ""))
	switch {
	case strings.EqualFold(uri.Scheme, "sips"):
		transport = "tls"
	case transport == "" && isLiteral:
		transport = "udp" // RFC 3263 section 4.1
	case transport == "":
		transport = incoming
	}
	if _, ok := s.transport.Addr(transport); !ok {
		return wire.Destination{}, fmt.Errorf("no transport %s", transport)
	}
	addr := netip.AddrPortFrom(literal, 0)
	if !isLiteral {
		if addr, err = s.cfg.Resolve(host, transport); err != nil {
			return wire.Destination{}, err
		}
	}
	switch {
	case uri.Port > 0:
		addr = netip.AddrPortFrom(addr.Addr(), uint16(uri.Port))
	case addr.Port() == 0:
		addr = netip.AddrPortFrom(addr.Addr(), uint16(wire.DefaultPort(transport)))
	}
	return wire.Destination{Transport: transport, Addr: addr, ServerName: strings.Trim(host, "[]")}, nil
}

// isSelf tells whether a destination is one of our own sockets.
func (s *Server) isSelf(d wire.Destination) bool {
	own, ok := s.transport.Addr(d.Transport)
	return ok && d.Addr.Port() == own.Port() && d.Addr.Addr().Unmap() == s.cfg.Host.Unmap()
}

// sentBy is our host and port for a transport; an IPv6 address comes without brackets, as in a Via.
func (s *Server) sentBy(transport string) (string, int) {
	addr, _ := s.transport.Addr(transport)
	return s.cfg.Host.Unmap().WithZone("").String(), int(addr.Port())
}

func (s *Server) addVia(req *sip.Request, transport, branch string) {
	host, port := s.sentBy(transport)
	params := sip.NewParams()
	params.Add("branch", branch)
	params.Add("rport", "")
	req.PrependHeader(&sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: strings.ToUpper(transport), Host: host, Port: port, Params: params,
	})
}

// recordRoute puts us into the dialog. Between different transports we stand there twice, the way out on top (RFC 5658).
func (s *Server) recordRoute(req *sip.Request, in, out string) {
	req.PrependHeader(s.recordRouteFor(in, req.Recipient))
	if in != out {
		req.PrependHeader(s.recordRouteFor(out, req.Recipient))
	}
}

func (s *Server) recordRouteFor(transport string, target sip.Uri) sip.Header {
	host, port := s.sentBy(transport)
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	uri := sip.Uri{Scheme: "sip", Host: host, Port: port}
	switch {
	case transport == "tls" && strings.EqualFold(target.Scheme, "sips"):
		uri.Scheme = "sips"
	case transport != "udp":
		uri.UriParams.Add("transport", transport)
	}
	uri.UriParams.Add("lr", "")
	return &sip.RecordRouteHeader{Address: uri}
}

// fixContact is what [Config.FixContacts] says. Names are left alone, as are the Contacts of a redirection.
func (s *Server) fixContact(msg interface{ Contact() *sip.ContactHeader }, source netip.AddrPort) {
	if res, ok := msg.(*sip.Response); ok && res.StatusCode >= 300 || !s.cfg.FixContacts {
		return
	}
	contact := msg.Contact()
	if contact == nil {
		return
	}
	addr, err := netip.ParseAddr(strings.Trim(contact.Address.Host, "[]"))
	if err != nil || addr == source.Addr() {
		return
	}
	contact.Address.Host, contact.Address.Port = source.Addr().String(), int(source.Port())
	if source.Addr().Is6() {
		contact.Address.Host = "[" + contact.Address.Host + "]"
	}
}

// decrement lowers Max-Forwards, which is 70 where there is none (RFC 3261 section 16.6, step 3).
func decrement(req *sip.Request) {
	hops := sip.MaxForwardsHeader(70)
	if h := req.MaxForwards(); h != nil {
		hops = sip.MaxForwardsHeader(max(h.Val(), 1) - 1)
		req.ReplaceHeader(&hops)
		return
	}
	req.AppendHeader(&hops)
}

// strictRoute is for a next hop that knows no loose routing (RFC 3261 section 16.6, step 6).
func strictRoute(req *sip.Request) {
	top := req.Route()
	if top == nil || top.Address.UriParams.Has("lr") {
		return
	}
	last := &sip.RouteHeader{Address: *req.Recipient.Clone()}
	req.Recipient = *top.Address.Clone()
	req.RemoveHeader("Route")
	req.AppendHeader(last)
}

// loopMark is the same when a request comes back to be routed as before (RFC 3261 section 16.6, step 8, and RFC 5393
// section 4.2.1). It stands in our branches.
func loopMark(req *sip.Request) string {
	h := fnv.New64a()
	from, _ := req.From().Params.Get("tag")
	to, _ := req.To().Params.Get("tag")
	parts := []string{req.Recipient.String(), from, to, req.CallID().Value(), fmt.Sprint(req.CSeq().SeqNo)}
	for _, name := range []string{"route", "proxy-require", "proxy-authorization"} {
		for _, header := range req.GetHeaders(name) {
			parts = append(parts, header.Value())
		}
	}
	for _, p := range parts {
		_, _ = h.Write([]byte(p + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// looped finds our own Via with the same mark.
func (s *Server) looped(req *sip.Request, mark string) bool {
	for _, h := range req.GetHeaders("via") {
		via, ok := h.(*sip.ViaHeader)
		if !ok || via.Host != s.cfg.Host.Unmap().WithZone("").String() {
			continue
		}
		if branch, _ := via.Params.Get("branch"); strings.HasSuffix(branch, "."+mark) {
			return true
		}
	}
	return false
}
