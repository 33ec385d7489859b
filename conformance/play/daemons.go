package play

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/daemon"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
)

// Servers that others have written, for [Options.Server]. In world loopback they
// take the places of the servers of a file that do the same.
const (
	Kamailio = "kamailio" // registrars and proxies
	Coturn   = "coturn"   // STUN servers
)

// kindsOf are the kinds of server of a file that a program takes the place of.
var kindsOf = map[string][]string{Kamailio: {"registrar", "proxy"}, Coturn: {"stun"}}

// otherChoices are cases in which a program may do something else than our own
// servers, by its name and theirs.
var otherChoices = map[string]string{
	"kamailio proxy/best-response[busy before unknown]": "kamailio chooses the lowest code of a class, which RFC 3261 section 16.7 leaves open",
	"kamailio proxy/best-response[a 503 becomes a 500]": "kamailio keeps the phrase of the 503",
}

// HasServer tells whether a case has a server whose place a program takes.
func HasServer(c *scenario.Case, program string) bool {
	return slices.ContainsFunc(c.Parties, func(p *scenario.Party) bool { return replaces(program, p) })
}

func replaces(program string, p *scenario.Party) bool {
	return p.Server != nil && slices.Contains(kindsOf[program], p.Server.Kind)
}

// beyondServer says why a case cannot be played with a program in the place of
// its servers; "" means that it can.
func beyondServer(c *scenario.Case, program string) string {
	if !HasServer(c, program) {
		return "has no " + strings.Join(kindsOf[program], " or ")
	}
	if reason := otherChoices[program+" "+c.FullName()]; reason != "" {
		return reason
	}
	if c.Knobs.IP == 6 {
		return "hosts on this machine have no IPv6 addresses of their own"
	}
	for _, p := range c.Parties {
		switch {
		case p.Host != "":
			return fmt.Sprintf("hosts on this machine have no address of choice: host (%v)", p.Pos)
		case replaces(program, p) && len(p.Server.Answers) > 0:
			return fmt.Sprintf("%s does not misbehave on demand: answers (%v)", program, p.Pos)
		}
	}
	return absence(c, program)
}

// absence says what is not installed.
func absence(c *scenario.Case, program string) string {
	if program == Coturn {
		if err := daemon.LookCoturn(); err != nil {
			return "needs coturn"
		}
		return ""
	}
	switch tls, err := daemon.LookKamailio(); {
	case err != nil:
		return "needs kamailio"
	case !tls && (&world{c: c}).usesTLS():
		return "needs the module tls of kamailio"
	}
	return ""
}

// isDaemon tells whether a party is a program of others.
func (p *party) isDaemon() bool {
	return p.server != nil && (p.server.kamailio != nil || p.server.coturn != nil)
}

// serveKamailio starts Kamailio at the address of the party.
func (p *party) serveKamailio() error {
	cert, err := p.world.certificate(p)
	if err != nil {
		return err
	}
	def := p.def.Server
	cfg := daemon.KamailioConfig{
		Name: p.def.Name, UDP: netip.AddrPortFrom(p.address(), 5060), TCP: netip.AddrPortFrom(p.address(), 5060),
		Registrar: def.Kind == "registrar", Users: def.Users, Challenge: def.Challenge, Expires: def.Expires, MinExpires: def.Shortest, GRUU: def.GRUU,
		Forks: map[string][]string{}, Hosts: p.world.kamailioHosts(),
	}
	for user, branches := range def.Forks {
		for _, branch := range branches {
			if !strings.Contains(branch, ":") {
				branch = "sip:" + branch + "@" + branch + ".test"
			}
			cfg.Forks[user] = append(cfg.Forks[user], branch)
		}
	}
	if cert != nil {
		cfg.TLS = netip.AddrPortFrom(p.address(), 5061)
		key, err := x509.MarshalPKCS8PrivateKey(cert.Certificates[0].PrivateKey)
		if err != nil {
			return err
		}
		cfg.Certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificates[0].Certificate[0]})
		cfg.Key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	}
	p.server.kamailio, err = daemon.StartKamailio(cfg)
	return err
}

// kamailioHosts are the hosts of the run by their names.
func (w *world) kamailioHosts() []daemon.KamailioHost {
	var hosts []daemon.KamailioHost
	for _, p := range w.parties {
		addr := p.address()
		hosts = append(hosts, daemon.KamailioHost{
			Names: []string{p.def.Name, p.def.Name + ".test", addr.String()},
			At: map[string]netip.AddrPort{
				"udp": netip.AddrPortFrom(addr, 5060), "tcp": netip.AddrPortFrom(addr, 5060), "tls": netip.AddrPortFrom(addr, 5061),
			},
		})
	}
	return hosts
}

// kamailioBindings is the attribute bindings.
func (s *server) kamailioBindings() (list []sipserver.Binding, err error) {
	bindings, err := s.kamailio.Bindings()
	for _, b := range bindings {
		list = append(list, sipserver.Binding{AOR: b.AOR, Contact: b.Contact, Expires: b.Expires})
	}
	return list, err
}

// requestsTo are the requests that went to a party, and how they were answered,
// as the wire shows it.
func (l *wireLog) requestsTo(name string) (list []sipserver.Request) {
	l.readAll()
	index := map[string]int{}
	for _, m := range l.messages {
		f := m.Event.Fields
		method, _ := f["method"].(string)
		key := fmt.Sprint(f["branch"], " ", method)
		code, isResponse := f["code"].(int)
		i, known := index[key]
		switch {
		case m.msg == nil || method == "ACK":
		case m.To == name && !isResponse && !known:
			index[key] = len(list)
			list = append(list, requestOf(m, method))
		case m.From == name && isResponse && known && code >= 200 && list[i].Code == 0:
			list[i].Code = code
		}
	}
	return list
}

func requestOf(m *Message, method string) sipserver.Request {
	r := sipserver.Request{Method: method, Transport: m.Transport}
	if h := m.msg.From(); h != nil {
		r.From = h.Address.String()
	}
	if h := m.msg.To(); h != nil {
		r.To = h.Address.String()
	}
	if h := m.msg.CallID(); h != nil {
		r.CallID = h.Value()
	}
	r.URI, _ = m.Event.Fields["ruri"].(string)
	return r
}

// serveCoturn starts coturn at two addresses of the party.
func (p *party) serveCoturn() error {
	if err := p.host.AddAddr(p.world.anyAddress()); err != nil {
		return err
	}
	addrs := p.host.Addrs()
	p.world.hosts.add(p.def.Name, addrs...)
	var err error
	p.server.coturn, err = daemon.StartCoturn(addrs[0], addrs[1], 3478)
	return err
}
