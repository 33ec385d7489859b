package wire_test

import (
	"fmt"
	"net/netip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// The guard reads a request, and answers one that it cannot read.
func ExampleInspect() {
	source := netip.MustParseAddrPort("192.0.2.1:5060")
	text := "OPTIONS sip:bob@example.com SIP/2.0\r\nv: SIP/2.0/UDP 10.0.0.1 ;branch=z9hG4bK1\r\n" +
		"f: <sip:alice@example.com>;tag = 1\r\nt: sip:bob@example.com\r\ni: 1\r\nCSeq: 1  OPTIONS\r\n\r\n"
	good := wire.Inspect([]byte(text), false, source)
	fmt.Println(good.Verdict, good.Msg.Via(), good.Msg.From())

	bad := wire.Inspect([]byte("OPTIONS sip:bob@example.com SIP/9.9"+text[35:]), false, source)
	fmt.Println(bad.Verdict, bad.Code, bad.Reason)
	// Output:
	// accept Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;received=192.0.2.1 From: <sip:alice@example.com>;tag=1
	// refuse 505 SIP version not supported
}
