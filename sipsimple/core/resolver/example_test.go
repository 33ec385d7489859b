package resolver_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/dnsserver"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
)

// Where do calls to somebody at example.test go?
func ExampleResolver_LookupSIPProxy() {
	err := simnet.Bubble(func() {
		network := simnet.New(1)
		defer network.Close()
		dns, _ := network.Host("dns", netip.Addr{})
		_, _ = network.Host("proxy", netip.Addr{})
		client, _ := network.Host("client", netip.Addr{})
		server, err := dnsserver.New(dnsserver.Config{Net: dns, Host: dns.Addr(), Zone: []string{
			"example.test NAPTR 10 10 s SIP+D2T _sip._tcp.example.test",
			"example.test NAPTR 20 10 s SIP+D2U _sip._udp.example.test",
			"_sip._tcp.example.test SRV 10 0 5070 proxy",
			"_sip._udp.example.test SRV 10 0 5060 proxy",
		}})
		if err != nil {
			panic(err)
		}
		defer server.Close()

		r, err := resolver.New(resolver.Config{Net: client, Nameservers: []netip.AddrPort{server.Addr()}})
		if err != nil {
			panic(err)
		}
		uri := sip.Uri{Scheme: "sip", User: "bob", Host: "example.test"}
		routes, err := r.LookupSIPProxy(context.Background(), uri, []string{"tls", "tcp", "udp"})
		fmt.Println(routes, err)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: [tcp 192.0.2.2:5070 udp 192.0.2.2:5060] <nil>
}
