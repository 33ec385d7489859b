package core_test

import (
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
)

// registration prints what becomes of a REGISTER.
type registration struct{ over chan struct{} }

func (r registration) HandleRequest(event core.RequestEvent) {
	switch e := event.(type) {
	case core.RequestProgress:
		return
	case core.RequestAnswered:
		fmt.Println(e.Code, e.Phrase)
	case core.RequestTimeout:
		fmt.Println("no answer")
	case core.RequestFailed:
		fmt.Println("not sent")
	}
	close(r.over)
}

// A registration: the answer of a server that is not there, on real sockets.
func ExampleEngine_Request() {
	network, err := stdnet.NewNet()
	if err != nil {
		log.Fatal(err)
	}
	engine, err := core.NewEngine(core.Config{Net: network, Host: netip.MustParseAddr("127.0.0.1"), TCPPort: -1, TLSPort: -1})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	alice, err := core.ParseAddress("<sip:alice@example.org>")
	if err != nil {
		log.Fatal(err)
	}
	handler := registration{make(chan struct{})}
	var box mailbox.Mailbox
	engine.Request(&box, handler, core.RequestParams{
		Method: sip.REGISTER, RequestURI: sip.Uri{Scheme: "sip", Host: "example.org"}, From: alice, To: alice,
		Route:       core.Route{Address: "127.0.0.1", Port: 9, Transport: "udp"},
		Contact:     &core.Address{URI: sip.Uri{User: "qhxzkwmv"}}, // completed with our address
		Headers:     []sip.Header{sip.NewHeader("Expires", "3600")},
		Credentials: &core.Credentials{Username: "alice", Password: "secret"},
		Timeout:     100 * time.Millisecond,
	})
	<-handler.over
	// Output: no answer
}
