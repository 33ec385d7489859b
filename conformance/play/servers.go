package play

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/daemon"
	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/simnet/dnsserver"
	"github.com/go-sipsimple/callflow/simnet/relay"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
	"github.com/go-sipsimple/callflow/simnet/stunserver"
	"github.com/go-sipsimple/callflow/simnet/xcapserver"
)

// server is what a party is that is neither an application nor a script.
type server struct {
	world *world
	name  string
	sip   *sipserver.Server  // registrar, proxy
	stun  *stunserver.Server // stun
	relay *relay.Relay       // msrp_relay
	xcap  *xcapserver.Server // xcap

	// Programs of others, see Options.Server.
	kamailio *daemon.Kamailio
	coturn   *daemon.Coturn
}

// serve starts the server of the party.
func (p *party) serve() error {
	p.server = &server{world: p.world, name: p.def.Name}
	var err error
	switch outside := p.world.server != "" && replaces(p.world.server, p.def); {
	case outside && p.world.server == Kamailio:
		err = p.serveKamailio()
	case outside:
		err = p.serveCoturn()
	case p.def.Server.Kind == "stun":
		err = p.serveSTUN()
	case p.def.Server.Kind == "msrp_relay":
		err = p.serveRelay()
	case p.def.Server.Kind == "xcap":
		err = p.serveXCAP()
	default:
		err = p.serveSIP()
	}
	if err != nil {
		return fmt.Errorf("server %s: %w", p.def.Name, err)
	}
	return nil
}

// serveSTUN uses two addresses, so that the kind of a NAT can be found out.
func (p *party) serveSTUN() error {
	if err := p.host.AddAddr(p.world.anyAddress()); err != nil {
		return err
	}
	addrs := p.host.Addrs()
	p.world.hosts.add(p.def.Name, addrs...)
	var err error
	p.server.stun, err = stunserver.New(stunserver.Config{Net: p.host, Host: addrs[0], Alternate: addrs[1]})
	return err
}

// serveRelay starts an MSRP relay, over TLS when anything goes over TLS.
func (p *party) serveRelay() error {
	cert, err := p.world.certificate(p)
	if err != nil {
		return err
	}
	def := p.def.Server
	var refuse []int
	for _, answer := range def.Answers["AUTH"] {
		refuse = append(refuse, answer.Code)
	}
	p.server.relay, err = relay.New(relay.Config{
		Net: p.host, Addr: netip.AddrPortFrom(p.address(), 0), Rand: p.random(), TLS: cert, Users: def.Users, Expires: def.Expires,
		Trace: p.world.wire.traceMSRP(p.def.Name), Refuse: refuse,
	})
	return err
}

// serveSIP starts a proxy; a registrar is one, too.
func (p *party) serveSIP() error {
	cert, err := p.world.certificate(p)
	if err != nil {
		return err
	}
	def := p.def.Server
	p.server.sip, err = sipserver.New(sipserver.Config{
		Name: p.def.Name, Net: p.host, Host: p.address(), Rand: p.random(), TLS: cert,
		Registrar: def.Kind == "registrar", Proxy: true, Users: def.Users, Challenge: def.Challenge, Expires: def.Expires,
		MinExpires: def.Shortest, GRUU: def.GRUU, Forks: def.Forks, Answers: def.Answers,
		FixContacts: def.FixContacts, Trace: p.world.wire.trace(p.def.Name), Changed: p.world.touch,
	})
	return err
}

// addDNS starts the DNS server of the file.
func (w *world) addDNS() error {
	if w.c.DNS == nil {
		return nil
	}
	host, err := w.newHost("dns", w.anyAddress())
	if err != nil {
		return err
	}
	w.hosts.add("dns", host.Addr())
	cfg := dnsserver.Config{Net: host, Host: host.Addr(), Zone: w.c.DNS, Lookup: w.lookupHost}
	if w.server != "" {
		cfg.Port = 5053 // 53 is for the administrators of a machine
	}
	w.dns, err = dnsserver.New(cfg)
	return err
}

// lookupHost is what the DNS server knows beside its zone: the hosts of the run.
func (w *world) lookupHost(name string) []netip.Addr {
	switch name = strings.TrimSuffix(strings.ToLower(name), ".test"); {
	case name == "nobody":
		return []netip.Addr{addressOfNobody}
	case name == "nowhere":
		return []netip.Addr{addressOfNowhere}
	}
	if p := w.party(name); p != nil {
		return []netip.Addr{p.host.Outside()}
	}
	return nil
}

// closeServers ends all servers. The error is of a program that does not end.
func (w *world) closeServers() (err error) {
	for _, p := range w.parties {
		switch {
		case p.server == nil:
		case p.server.sip != nil:
			p.server.sip.Close()
		case p.server.stun != nil:
			p.server.stun.Close()
		case p.server.relay != nil:
			p.server.relay.Close()
		case p.server.xcap != nil:
			p.server.xcap.Close()
		case p.server.kamailio != nil:
			err = errors.Join(err, p.server.kamailio.Close())
		case p.server.coturn != nil:
			err = errors.Join(err, p.server.coturn.Close())
		}
	}
	if w.dns != nil {
		w.dns.Close()
	}
	return err
}

// attribute reads what the server has seen.
func (s *server) attribute(name string) (any, bool) {
	switch {
	case name == "requests" && s.relay != nil:
		return relayRequests(s.relay.Counts()), true
	case name == "requests" && s.xcap != nil:
		return xcapRequests(s.xcap.Requests()), true
	case name == "requests" && s.stun != nil:
		return s.stun.Requests(), true
	case name == "requests" && s.kamailio != nil:
		return s.requestList(s.world.wire.requestsTo(s.name)), true
	case name == "requests" && s.sip != nil:
		return s.requestList(s.sip.Requests()), true
	case name == "bindings" && s.kamailio != nil:
		list, err := s.kamailioBindings()
		if err != nil {
			return err.Error(), true
		}
		return s.bindingList(list), true
	case name == "bindings" && s.sip != nil:
		return s.bindingList(s.sip.Bindings()), true
	}
	return nil, false
}

func (s *server) requestList(requests []sipserver.Request) serverList {
	list := serverList{}
	for _, r := range requests {
		list = append(list, serverRequest{r, s.world})
	}
	return list
}

func (s *server) bindingList(bindings []sipserver.Binding) serverList {
	list := serverList{}
	for _, b := range bindings {
		list = append(list, serverBinding{b, s.world})
	}
	return list
}

// serverList is a list, and a number.
type serverList []any

// Names implements [match.Named]: the number.
func (l serverList) Names() []string { return []string{fmt.Sprint(len(l))} }

// relayRequests are what an MSRP relay has done: a number of requests, or its
// parts.
type relayRequests relay.Counts

// Names implements [match.Named]: the number.
func (r relayRequests) Names() []string {
	return []string{fmt.Sprint(r.Authenticated + r.Challenged + r.Forwarded + r.Refused)}
}

// Part implements [match.Parts].
func (r relayRequests) Part(name string) any {
	switch name {
	case "authenticated":
		return r.Authenticated
	case "challenged":
		return r.Challenged
	case "forwarded":
		return r.Forwarded
	case "refused":
		return r.Refused
	}
	return match.Absent{}
}

// serverRequest is a request that a server has received: a method, or its parts.
type serverRequest struct {
	sipserver.Request
	w *world
}

// Names implements [match.Named].
func (r serverRequest) Names() []string { return []string{r.Method} }

// Part implements [match.Parts].
func (r serverRequest) Part(name string) any {
	switch name {
	case "method":
		return r.Method
	case "ruri":
		return r.URI
	case "from":
		return r.From
	case "to":
		return r.To
	case "call_id":
		return r.CallID
	case "source":
		return r.w.hostOf(r.Source.Addr())
	case "transport":
		return r.Transport
	case "code":
		if r.Code == 0 {
			return nil
		}
		return r.Code
	case "at":
		return r.w.at(r.At)
	}
	return match.Absent{}
}

// serverBinding is a registered contact: an address of record, a contact, or its
// parts.
type serverBinding struct {
	sipserver.Binding
	w *world
}

// Names implements [match.Named].
func (b serverBinding) Names() []string { return []string{b.AOR, b.Contact} }

// Part implements [match.Parts].
func (b serverBinding) Part(name string) any {
	switch name {
	case "aor":
		return b.AOR
	case "contact":
		return b.Contact
	case "expires":
		return time.Until(b.Expires)
	case "source":
		return b.w.hostOf(b.Source.Addr())
	case "transport":
		return b.Transport
	}
	return match.Absent{}
}
