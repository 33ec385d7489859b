package resolver_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/dnsserver"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start).Truncate(time.Millisecond)
}

func TestTimes(t *testing.T) {
	inLab(t, zone, nil, func(l *lab) {
		if d := took(func() { l.routes("sip:slow.test", "udp") }); d != 3*time.Second {
			t.Errorf("one silent server took %v", d)
		}
		if got := l.asked(); got != "NAPTR slow.test, NAPTR slow.test, NAPTR slow.test" {
			t.Errorf("asked %s", got)
		}
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		var err error
		d := took(func() { _, err = l.LookupSIPProxy(ctx, uri("sip:slow.test"), []string{"udp"}) })
		if !errors.Is(err, context.Canceled) || d != time.Second {
			t.Errorf("cancelled: %v after %v", err, d)
		}
	})
	// Each query takes 2.9 s, six of them more than a lifetime.
	var lines []string
	for i := range 9 {
		lines = append(lines, fmt.Sprintf("many.test NAPTR %d 1 s SIP+D2U s%d.test", i, i), fmt.Sprintf("s%d.test SRV 1 1 5060 a", i))
	}
	inLab(t, lines, nil, func(l *lab) {
		l.net.SetLink("dns", "client", simnet.LinkConfig{Latency: 2900 * time.Millisecond})
		var got string
		if d := took(func() { got = l.routes("sip:many.test", "udp") }); got != "!DNS query timed out" || d != 15*time.Second {
			t.Errorf("%s after %v", got, d)
		}
	})
}

func TestSeveralNameservers(t *testing.T) {
	dead := netip.MustParseAddrPort("192.0.2.200:53")
	inLab(t, zone, nil, func(l *lab) {
		l.SetNameservers([]netip.AddrPort{dead, l.server.Addr()})
		if d := took(func() { l.routes("sip:srv.test;transport=udp", "udp") }); d != 1020*time.Millisecond {
			t.Errorf("the first server is dead: %v", d)
		}
		refusing, err := l.net.Host("refusing", netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := dnsserver.New(dnsserver.Config{Net: refusing, Host: refusing.Addr(), Zone: []string{"test REFUSED"}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		l.SetNameservers([]netip.AddrPort{s.Addr(), l.server.Addr()})
		if d := took(func() { l.routes("sip:srv.test;transport=udp", "udp") }); d != 40*time.Millisecond {
			t.Errorf("the first server refuses: %v", d)
		}
	})
}

func TestLoss(t *testing.T) {
	inLab(t, zone, nil, func(l *lab) {
		l.net.AddFault(simnet.Fault{Action: simnet.Drop, First: 2})
		if got := l.routes("sip:192.0.2.1:5060", "udp"); got != "udp 192.0.2.1:5060" {
			t.Error(got)
		}
		if got := l.routes("sip:srv.test;transport=udp", "udp"); got != "udp 192.0.2.1:5060" {
			t.Errorf("two losses: %s", got)
		}
	})
}

// An answer that does not fit into a datagram is fetched over TCP.
func TestTruncation(t *testing.T) {
	var lines []string
	for i := range 40 {
		lines = append(lines, fmt.Sprintf("_sip._udp.big.test SRV %d 1 %d a-rather-long-name-to-fill-a-datagram.test", i, 5000+i))
	}
	lines = append(lines, "a-rather-long-name-to-fill-a-datagram.test A a")
	inLab(t, lines, nil, func(l *lab) {
		if got := l.routes("sip:big.test;transport=udp", "udp"); strings.Count(got, "udp ") != 40 {
			t.Error(got)
		}
		tcp := 0
		for _, q := range l.server.Queries() {
			if q.Proto == "tcp" {
				tcp++
			}
		}
		if tcp != 1 {
			t.Errorf("%d queries over TCP", tcp)
		}
	})
}

// Two servers share the load by weight, and the same seed draws the same lots.
func TestWeights(t *testing.T) {
	lines := []string{"_sip._udp.w.test SRV 1 90 5060 a", "_sip._udp.w.test SRV 1 10 5070 a", "_sip._udp.w.test SRV 1 0 5080 a", "_sip._udp.w.test SRV 2 99 5090 a"}
	run := func(seed byte) (firsts map[string]int, order string) {
		firsts = map[string]int{}
		inLab(t, lines, func(c *resolver.Config) {
			c.Deterministic, c.Rand = false, rand.NewChaCha8([32]byte{seed})
		}, func(l *lab) {
			for range 500 {
				got := l.routes("sip:w.test;transport=udp", "udp")
				first, _, _ := strings.Cut(got, ",")
				firsts[first]++
				order += got + "\n"
				if !strings.HasSuffix(got, "5090") {
					t.Errorf("priority 2 is not last: %s", got)
				}
			}
		})
		return firsts, order
	}
	firsts, one := run(1)
	if n := firsts["udp 192.0.2.1:5060"]; n < 400 || n > 480 {
		t.Errorf("drawn first: %v", firsts)
	}
	if _, two := run(1); two != one {
		t.Error("the same seed draws other lots")
	}
}

func TestDNSLookup(t *testing.T) {
	inLab(t, zone, nil, func(l *lab) {
		center := notification.NewCenter(nil)
		var heard []string
		center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			line := n.Name
			if trace, ok := n.Data.(resolver.DNSLookupTrace); ok {
				line += fmt.Sprint(" ", trace.QueryType, " ", trace.QueryName, " ", trace.Answer, " ", trace.Error, " ", trace.Context, " ", trace.URI, " ", trace.Nameservers)
			}
			heard = append(heard, line)
		}))
		lookup := resolver.NewDNSLookup(l.Resolver, center)
		if err := lookup.LookupSIPProxy(uri("sip:srv.test"), []string{"udp"}); err != nil {
			t.Error(err)
		}
		if err := lookup.LookupService("x.test", "stun"); !errors.Is(err, resolver.ErrStarted) {
			t.Errorf("second start: %v", err)
		}
		if got := show(lookup.WaitRoutes(context.Background())); got != "udp 192.0.2.1:5060" {
			t.Error(got)
		}
		failing := resolver.NewDNSLookup(l.Resolver, center)
		if err := failing.LookupXCAPServer("a.test"); err != nil {
			t.Error(err)
		}
		if _, err := failing.Wait(context.Background()); err == nil {
			t.Error("no error")
		}
		service := resolver.NewDNSLookup(l.Resolver, nil)
		_ = service.LookupService("slow.test", "stun")
		short, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := service.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waited too short: %v", err)
		}
		service.Cancel()
		<-service.Done()
		if err := center.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		want := []string{
			"DNSLookupTrace NAPTR srv.test [] no such record lookup_sip_proxy sip:srv.test [192.0.2.3]",
			"DNSLookupTrace SRV _sip._udp.srv.test [10 0 5060 a.]  lookup_sip_proxy sip:srv.test [192.0.2.3]",
			"DNSLookupTrace A a [192.0.2.1]  lookup_sip_proxy sip:srv.test [192.0.2.3]",
			"DNSLookupDidSucceed",
			"DNSLookupTrace TXT xcap.a.test [] no such record lookup_xcap_server a.test [192.0.2.3]",
			"DNSLookupDidFail",
		}
		if strings.Join(heard, "\n") != strings.Join(want, "\n") {
			t.Errorf("heard\n%s\nwant\n%s", strings.Join(heard, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestManager(t *testing.T) {
	probed := []string{"probe.test NAPTR 1 1 s SIP+D2U _sip._udp.probe.test", "_sip._udp.probe.test SRV 1 1 5060 a"}
	inLab(t, probed, nil, func(l *lab) {
		good, dead := l.server.Addr(), netip.MustParseAddrPort("192.0.2.200:53")
		local := []netip.AddrPort{dead}
		center := notification.NewCenter(nil)
		start := time.Now()
		var heard []string
		center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			heard = append(heard, fmt.Sprintf("%s%v%v", n.Name, n.Data, time.Since(start).Truncate(time.Second)))
		}))
		m, err := resolver.NewManager(resolver.ManagerConfig{
			Resolver: l.Resolver, Center: center, Local: func() []netip.AddrPort { return local },
			ProbeDomain: "probe.test", Public: []netip.AddrPort{good},
		})
		if err != nil {
			t.Fatal(err)
		}
		m.Start()
		time.Sleep(10 * time.Second)
		l.net.Cut("client", "dns")
		m.NetworkChanged() // now nobody answers: the local one is kept, and probed again
		time.Sleep(10 * time.Second)
		l.net.Heal("client", "dns")
		time.Sleep(30 * time.Second)
		m.Stop()
		_ = center.Flush(context.Background())
		want := "DNSResolverDidInitialize{[192.0.2.3]}1s\nDNSNameserversDidChange{[192.0.2.200]}13s\nDNSNameserversDidChange{[192.0.2.3]}29s"
		if got := strings.Join(heard, "\n"); got != want {
			t.Errorf("heard\n%s\nwant\n%s", got, want)
		}
		if got := l.Nameservers(); len(got) != 1 || got[0] != good {
			t.Errorf("in use: %v", got)
		}
	})
	inLab(t, nil, nil, func(l *lab) { // without probing
		center := notification.NewCenter(nil)
		var heard []string
		center.AddObserver(notification.ObserverFunc(func(n notification.Notification) { heard = append(heard, n.Name) }))
		m, _ := resolver.NewManager(resolver.ManagerConfig{Resolver: l.Resolver, Center: center})
		m.Start()
		m.NetworkChanged()
		m.Stop()
		_ = center.Flush(context.Background())
		if got := strings.Join(heard, " "); got != "DNSResolverDidInitialize" || len(l.server.Queries()) > 0 {
			t.Errorf("heard %s", got)
		}
	})
}
