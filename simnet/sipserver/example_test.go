package sipserver_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
)

// A registrar takes a REGISTER and tells what is registered.
func Example() {
	err := simnet.Bubble(func() {
		network := simnet.New(1)
		defer network.Close()
		host, _ := network.Host("reg", netip.Addr{})
		server, err := sipserver.New(sipserver.Config{
			Name: "reg", Net: host, Host: host.Addr(), Rand: rand.NewChaCha8([32]byte{1}),
			Registrar: true, Proxy: true, Expires: 2 * time.Minute,
		})
		if err != nil {
			panic(err)
		}
		defer server.Close()

		alice, _ := network.Host("alice", netip.Addr{})
		conn, _ := alice.ListenPacket("udp", ":5060")
		defer conn.Close()
		addr, _ := server.Addr("udp")
		_, _ = conn.WriteTo([]byte("REGISTER sip:example.test SIP/2.0\r\n"+
			"Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\nFrom: <sip:alice@example.test>;tag=1\r\n"+
			"To: <sip:alice@example.test>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nContact: <sip:alice@192.0.2.2>\r\n\r\n"),
			net.UDPAddrFromAddrPort(addr))
		time.Sleep(time.Second)
		for _, b := range server.Bindings() {
			fmt.Println(b.AOR, b.Contact, time.Until(b.Expires).Round(time.Minute))
		}
		for _, r := range server.Requests() {
			fmt.Println(r.Method, r.URI, r.Code)
		}
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// alice@example.test sip:alice@192.0.2.2 2m0s
	// REGISTER sip:example.test 200
}
