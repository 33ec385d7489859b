package simnet_test

import (
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
)

// Two hosts, a bad link, a minute that takes no time.
func Example() {
	err := simnet.Bubble(func() {
		n := simnet.New(1)
		defer n.Close()
		alice, _ := n.Host("alice", netip.Addr{})
		bob, _ := n.Host("bob", netip.Addr{})
		n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 30 * time.Millisecond})
		lost := n.AddFault(simnet.Fault{
			From: "alice", Match: func(p *simnet.Packet) bool { return p.Kind().Is("OPTIONS") },
			First: 1, // its repetition arrives
		})

		in, _ := bob.ListenPacket("udp", ":5060")
		out, _ := alice.Dial("udp", "bob.test:5060")
		start := time.Now()
		for range 2 {
			fmt.Fprintf(out, "OPTIONS sip:bob@bob.test SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n")
			time.Sleep(500 * time.Millisecond)
		}
		buf := make([]byte, 2000)
		size, from, _ := in.ReadFrom(buf)
		fmt.Println(simnet.Classify(buf[:size]), "from", from, "lost", lost.Hits())
		time.Sleep(time.Minute)
		fmt.Println(time.Since(start))
	})
	fmt.Println(err)
	// Output:
	// OPTIONS from 192.0.2.1:49152 lost 1
	// 1m1s
	// <nil>
}

// The wire as text.
func ExampleNetwork_Trace() {
	simnet.Bubble(func() {
		n := simnet.New(1)
		defer n.Close()
		alice, _ := n.Host("alice", netip.Addr{})
		n.Host("nobody", netip.Addr{})
		n.Trace(os.Stdout)
		_, err := alice.Dial("tcp", "nobody:5060")
		fmt.Println(err)
	})
	// Output:
	// 0.000000000 alice > nobody tcp 192.0.2.1:49152 192.0.2.2:5060 0 SYN arrives 0.010000000
	// 0.010000000 nobody > alice tcp 192.0.2.2:5060 192.0.2.1:49152 0 RST arrives 0.020000000
	// dial tcp 192.0.2.2:5060: connect: connection refused
}
