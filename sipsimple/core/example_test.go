package core_test

import (
	"fmt"
	"log"
	"net/netip"

	"github.com/pion/transport/v5/stdnet"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
)

// caller takes the call when it is answered and hangs up at once.
type caller struct{ call *core.Invitation }

func (c *caller) HandleInvitation(event core.InvitationEvent) {
	switch e := event.(type) {
	case core.Provisional:
		fmt.Println(e.Code, e.Phrase)
	case core.Accepted:
		c.call.Acknowledge(nil)
		c.call.Bye(0, "")
	case core.Rejected:
		fmt.Println("refused:", e.Code, e.Phrase)
		c.call.Close()
	case core.InviteTimeout, core.TransportFailed:
		fmt.Println("nobody there")
		c.call.Close()
	case core.ByeDone:
		c.call.Close()
	}
}

// A call from real sockets: everything of it happens on one executor.
func Example() {
	network, err := stdnet.NewNet()
	if err != nil {
		log.Fatal(err)
	}
	engine, err := core.NewEngine(core.Config{Net: network, Host: netip.MustParseAddr("127.0.0.1"), TLSPort: -1})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()

	from, err := core.ParseAddress("<sip:alice@example.com>")
	if err != nil {
		log.Fatal(err)
	}
	to, err := core.ParseAddress("<sip:bob@example.com>")
	if err != nil {
		log.Fatal(err)
	}
	var executor mailbox.Mailbox
	c := &caller{}
	c.call = engine.NewInvitation(&executor, c, core.OutgoingParams{From: from, To: to})
	executor.Post(func() {
		c.call.Invite(core.Attempt{Route: core.Route{Address: "127.0.0.1", Port: 5070}, Contact: sip.Uri{User: "alice"}})
	})
}
