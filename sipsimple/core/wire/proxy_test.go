package wire_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// A response with several Vias has strayed at a user agent, and is to be passed on at a proxy.
func TestResponseWithSeveralVias(t *testing.T) {
	const text = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2\r\n" +
		"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
	for _, proxy := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			n := simnet.New(1)
			defer n.Close()
			host, err := n.Host("a", netip.Addr{})
			if err != nil {
				t.Fatal(err)
			}
			heard := make(chan wire.Message, 1)
			transport, err := wire.Listen(wire.Config{
				Net: host, Host: host.Addr(), TCPPort: -1, TLSPort: -1, Proxy: proxy, Handler: func(m wire.Message) { heard <- m },
			})
			if err != nil {
				t.Fatal(err)
			}
			defer transport.Close()
			addr, _ := transport.Addr("udp")
			transport.SendOctets([]byte(text), wire.Destination{Transport: "udp", Addr: addr}, nil)
			time.Sleep(time.Second)
			synctest.Wait()
			if len(heard) == 1 != proxy {
				t.Errorf("proxy %v: heard %d", proxy, len(heard))
			}
		})
	}
}
