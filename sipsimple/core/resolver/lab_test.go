package resolver_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/dnsserver"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
)

// lab is a network with two hosts a and b, a DNS server and a client.
type lab struct {
	t      *testing.T
	net    *simnet.Network
	client *simnet.Host
	server *dnsserver.Server
	*resolver.Resolver
}

func inLab(t *testing.T, zone []string, change func(*resolver.Config), body func(l *lab)) {
	t.Helper()
	err := simnet.Bubble(func() {
		l := &lab{t: t, net: simnet.New(1)}
		defer l.net.Close()
		host := func(name string) *simnet.Host {
			h, err := l.net.Host(name, netip.Addr{})
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		host("a") // 192.0.2.1
		host("b") // 192.0.2.2
		dns := host("dns")
		l.client = host("client")
		var err error
		if l.server, err = dnsserver.New(dnsserver.Config{Net: dns, Host: dns.Addr(), Zone: zone}); err != nil {
			t.Error(err)
			return
		}
		defer l.server.Close()
		cfg := resolver.Config{
			Net: l.client, Nameservers: []netip.AddrPort{l.server.Addr()}, Rand: rand.NewChaCha8([32]byte{1}), Deterministic: true,
		}
		if change != nil {
			change(&cfg)
		}
		if l.Resolver, err = resolver.New(cfg); err != nil {
			t.Error(err)
			return
		}
		body(l)
		if open := l.client.OpenSockets(); len(open) > 0 {
			t.Errorf("left open: %v", open)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func uri(text string) sip.Uri {
	var u sip.Uri
	if err := sip.ParseUri(text, &u); err != nil {
		panic(err)
	}
	return u
}

// routes is a look-up as text: the routes, or the error behind "!".
func (l *lab) routes(text string, transports ...string) string {
	found, err := l.LookupSIPProxy(context.Background(), uri(text), transports)
	return show(found, err)
}

func show(found []core.Route, err error) string {
	if err != nil {
		return "!" + err.Error()
	}
	var list []string
	for _, r := range found {
		list = append(list, r.String())
	}
	return strings.Join(list, ", ")
}

// asked are the questions the server heard, as text.
func (l *lab) asked() string {
	var list []string
	for _, q := range l.server.Queries() {
		list = append(list, q.Type+" "+q.Name)
	}
	return strings.Join(list, ", ")
}

var zone = []string{
	"full.test NAPTR 20 10 s SIP+D2U _sip._udp.full.test",
	"full.test NAPTR 10 20 s SIP+D2T _sip._tcp.full.test",
	"full.test NAPTR 10 10 s SIPS+D2T _sips._tcp.full.test",
	`full.test NAPTR 5 10 u E2U+sip "!x!y!" .`,
	"_sip._udp.full.test SRV 20 0 5060 a",
	"_sip._udp.full.test SRV 10 1 5070 a",
	"_sip._udp.full.test SRV 10 9 5080 b.test",
	"_sip._tcp.full.test SRV 10 0 5060 b",
	"_sips._tcp.full.test SRV 10 0 5061 b",
	"flag-a.test NAPTR 1 1 a SIP+D2U a.test",
	"srv.test A b",
	"_sip._udp.srv.test SRV 10 0 5060 a",
	"_sip._tcp.srv.test SRV 10 0 5062 alias.test",
	"alias.test CNAME alias2.test",
	"alias2.test CNAME b.test",
	"_sip._udp.none.test SRV 0 0 0 .",
	"_sip._udp.dot.test SRV 0 0 5060 .",
	"_sip._udp.zero.test SRV 0 0 0 a",
	"twice.test NAPTR 1 1 s SIP+D2U _sip._udp.srv.test",
	"twice.test NAPTR 1 2 s SIP+D2U _sip._udp.srv.test",
	"lower.test NAPTR 1 1 S sip+d2u _sip._udp.srv.test",
	`rewritten.test NAPTR 1 1 s SIP+D2U "!x!y!" _sip._udp.srv.test`,
	"away.test CNAME elsewhere.test",
	"plain.test A b",
	"plain.test A 192.0.2.99",
	"loop.test CNAME loop.test",
	"slow.test TIMEOUT",
	"bad.test SERVFAIL",
	"_sip._udp.half.test TIMEOUT",
	"half.test A a",
	"gone.test NXDOMAIN",
	"mess.test GARBAGE",
	"six.test AAAA 2001:db8::7",
	"six.test A a",
	"_stun._udp.x.test SRV 1 1 3478 a",
	"_msrps._tcp.x.test SRV 1 1 2900 b",
	"x.test A a",
	"xcap.x.test TXT https://x.test/root",
	"xcap.x.test TXT ftp://x.test/root",
	"xcap.x.test TXT nonsense",
}

func all(t *testing.T, cases [][2]string, run func(l *lab, question string) string) {
	t.Helper()
	for _, c := range cases {
		t.Run(c[0], func(t *testing.T) {
			inLab(t, zone, nil, func(l *lab) {
				if got := run(l, c[0]); got != c[1] && !(strings.HasPrefix(c[1], "!") && strings.HasPrefix(got, c[1])) {
					t.Errorf("got  %s\nwant %s\nasked %s", got, c[1], l.asked())
				}
			})
		})
	}
}

// The rules of application.md 10.1, "URI transports" and what is found.
func TestLookupSIPProxy(t *testing.T) {
	all(t, [][2]string{
		{"sip:a.test ", "!need at least one transport"},
		{"sip:a.test sctp", "!need at least one transport"},
		{"sip:192.0.2.1 udp", "udp 192.0.2.1:5060"},
		{"sip:192.0.2.1:5070;transport=tcp udp,tcp", "tcp 192.0.2.1:5070"},
		{"sip:192.0.2.1;transport=tls udp,tls", "tls 192.0.2.1:5061"},
		{"sips:192.0.2.1 udp,tls", "tls 192.0.2.1:5061"},
		{"sip:192.0.2.1 tcp", "!the transport udp is not supported"},
		{"sips:192.0.2.1 udp,tcp", "!the transport tls is not supported"},
		{"sip:[2001:db8::1] udp", "udp [2001:db8::1]:5060"},
		{"sip:plain.test:5070 udp", "udp 192.0.2.2:5070, udp 192.0.2.99:5070"},
		{"sip:plain.test:5070;transport=TCP udp,tcp", "tcp 192.0.2.2:5070, tcp 192.0.2.99:5070"},
		{"sip:srv.test:5060;maddr=a.test udp", "udp 192.0.2.1:5060"},
		{"sip:srv.test;transport=udp udp,tcp", "udp 192.0.2.1:5060"},
		{"sip:srv.test;transport=tcp udp,tcp", "tcp 192.0.2.2:5062"},
		{"sip:srv.test;transport=tls udp,tls", "tls 192.0.2.2:5061"},
		{"sip:srv.test;transport=tls udp", "!the transport tls is not supported"},
		{"sips:srv.test;transport=tcp tcp,tls", "!a sips URI cannot use"},
		{"sip:full.test udp,tcp,tls", "tls 192.0.2.2:5061, tcp 192.0.2.2:5060, udp 192.0.2.2:5080, udp 192.0.2.1:5070, udp 192.0.2.1:5060"},
		{"sip:full.test udp", "udp 192.0.2.2:5080, udp 192.0.2.1:5070, udp 192.0.2.1:5060"},
		{"sips:full.test udp,tcp,tls", "tls 192.0.2.2:5061"},
		{"sip:flag-a.test udp", "udp 192.0.2.1:5060"},
		{"sip:srv.test udp,tcp", "udp 192.0.2.1:5060, tcp 192.0.2.2:5062"},
		{"sip:srv.test tcp,udp", "tcp 192.0.2.2:5062, udp 192.0.2.1:5060"},
		{"sip:srv.test TCP", "tcp 192.0.2.2:5062"},
		{"sip:plain.test udp,tcp", "udp 192.0.2.2:5060, udp 192.0.2.99:5060"},
		{"sip:plain.test tcp", "!No routes found for SIP URI sip:plain.test"},
		{"sips:plain.test tls", "tls 192.0.2.2:5061, tls 192.0.2.99:5061"},
		{"sip:none.test udp", "!No routes found"},
		{"sip:dot.test udp", "!No routes found"},
		{"sip:zero.test udp", "!No routes found"},
		{"sip:twice.test udp", "udp 192.0.2.1:5060"},
		{"sip:lower.test udp", "udp 192.0.2.1:5060"},
		{"sip:rewritten.test udp", "!No routes found"},
		{"sip:gone.test udp", "!No routes found"},
		{"sip:bad.test udp", "!No routes found"},
		{"sip:loop.test udp", "!No routes found"},
		{"sip:slow.test udp", "!DNS query timed out"},
		{"sip:half.test udp", "!DNS query timed out"},
		{"sip:mess.test udp", "!DNS query timed out"},
		{"sip:bob.test udp", "!No routes found"},
		{"sip:a.test udp", "udp 192.0.2.1:5060"},
		{"sip:" + strings.Repeat("x", 70) + ".test udp", "!No routes found"},
	}, func(l *lab, question string) string {
		text, transports, _ := strings.Cut(question, " ")
		return l.routes(text, strings.Split(transports, ",")...)
	})
}

// A certificate must carry the name that was looked up, whatever servers records
// have led to (RFC 5922 section 7.2); that of an address is not known here.
func TestServerName(t *testing.T) {
	inLab(t, zone, nil, func(l *lab) {
		for text, want := range map[string]string{
			"sips:full.test": "full.test", "sip:srv.test;transport=tls": "srv.test", "sips:plain.test:5071": "plain.test", "sips:192.0.2.1": "",
			"sip:srv.test;transport=udp": "",
		} {
			routes, err := l.LookupSIPProxy(context.Background(), uri(text), []string{"udp", "tls"})
			if err != nil {
				t.Error(err)
			}
			for _, r := range routes {
				if r.ServerName != want {
					t.Errorf("%s: %s wants a certificate of %q, not %q", text, r, r.ServerName, want)
				}
			}
		}
	})
}

// What is asked beside: the name an alias leads to if the answer has nothing of
// it, and no name of a service that does not exist.
func TestQuestions(t *testing.T) {
	for text, want := range map[string]string{
		"sip:away.test:5060":         "A away.test, A elsewhere.test",
		"sip:dot.test;transport=udp": "SRV _sip._udp.dot.test, A dot.test",
	} {
		inLab(t, zone, nil, func(l *lab) {
			l.routes(text, "udp")
			if got := l.asked(); got != want {
				t.Errorf("%s: asked %s, want %s", text, got, want)
			}
		})
	}
}

func TestOtherLookups(t *testing.T) {
	all(t, [][2]string{
		{"stun x.test", "[192.0.2.1:3478]"},
		{"stun 192.0.2.9", "[192.0.2.9:3478]"},
		{"stun plain.test", "!no stun server found for domain plain.test"},
		{"msrprelay x.test", "[192.0.2.2:2900]"},
		{"msrprelay plain.test", "[192.0.2.2:2855 192.0.2.99:2855]"},
		{"msrprelay 192.0.2.9", "[192.0.2.9:2855]"},
		{"tea x.test", `!unknown service "tea"`},
		{"xcap x.test", "[https://x.test/root]"},
		{"xcap a.test", "!no XCAP servers found"},
		{"xcap 192.0.2.1", "!no XCAP servers for the address"},
		{"stun slow.test", "!DNS query timed out"},
	}, func(l *lab, question string) string {
		service, domain, _ := strings.Cut(question, " ")
		var found any
		var err error
		if service == "xcap" {
			found, err = l.LookupXCAPServer(context.Background(), domain)
		} else {
			found, err = l.LookupService(context.Background(), domain, service)
		}
		if err != nil {
			return "!" + err.Error()
		}
		return fmt.Sprint(found)
	})
}

func TestQueriesAndCache(t *testing.T) {
	inLab(t, zone, nil, func(l *lab) {
		l.routes("sip:srv.test", "udp")
		want := "NAPTR srv.test, SRV _sip._udp.srv.test" // the address came along
		if got := l.asked(); got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
		l.routes("sip:srv.test;transport=udp", "udp")
		if got := l.asked(); got != want+", A a" {
			t.Errorf("asked %s: the SRV record is known, what came along is not", got)
		}
		time.Sleep(301 * time.Second)
		l.routes("sip:srv.test;transport=udp", "udp")
		if got := l.asked(); got != want+", A a, SRV _sip._udp.srv.test" {
			t.Errorf("asked %s: it has expired", got)
		}
		l.SetNameservers(nil)
		if got := l.routes("sip:b.test", "udp"); got != "udp 192.0.2.2:5060" {
			t.Errorf("without name servers: %s", got)
		}
	})
}

func TestIPv6(t *testing.T) {
	six := func(c *resolver.Config) { c.IPv6 = true }
	inLab(t, zone, six, func(l *lab) {
		if got := l.routes("sip:six.test", "udp"); got != "udp [2001:db8::7]:5060" {
			t.Error(got)
		}
	})
	inLab(t, zone, nil, func(l *lab) {
		if err := l.client.AddAddr(netip.IPv6Unspecified()); err != nil {
			t.Error(err)
		}
		if got := l.routes("sip:six.test", "udp"); got != "udp 192.0.2.1:5060, udp [2001:db8::7]:5060" {
			t.Errorf("both families: %s", got)
		}
	})
}
