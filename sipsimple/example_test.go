package sipsimple_test

import (
	"fmt"
	"net/netip"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// Alice calls Bob, who takes the call; when it stands she hangs up. Nothing but
// the exported API is used (row G1). The network
// is simulated; in a softphone it is that of the operating system.
func Example() {
	err := simnet.Bubble(func() {
		network := simnet.New(1)
		defer network.Close()
		alice, bob := userAgent(network, "alice"), userAgent(network, "bob")

		bob.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			call := n.Sender.(*sipsimple.Session)
			_ = call.Accept(call.ProposedStreams(), nil)
		}), notification.Filter{Name: "SIPSessionNewIncoming"})

		over := make(chan struct{})
		account := &account.Account{ID: "alice@alice.test"}
		call := sipsimple.NewSession(alice, account)
		alice.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			fmt.Println(n.Name)
			switch n.Data.(type) {
			case sipsimple.SIPSessionDidStart:
				call.End()
			case sipsimple.SIPSessionDidEnd, sipsimple.SIPSessionDidFail:
				close(over)
			}
		}), notification.Filter{Sender: call})

		audio, err := alice.NewStream("audio", account)
		if err != nil {
			fmt.Println(err)
			return
		}
		to, _ := core.ParseAddress("<sip:bob@bob.test>")
		routes := []core.Route{{Address: network.Lookup("bob").Addr().String()}}
		if err := call.Connect(to, routes, []streams.MediaStream{audio}, nil); err != nil {
			fmt.Println(err)
			return
		}
		<-over
		stopAll(alice, bob)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// SIPSessionNewOutgoing
	// SIPSessionWillStart
	// SIPSessionDidProcessTransaction
	// SIPSessionDidStart
	// SIPSessionWillEnd
	// SIPSessionDidProcessTransaction
	// SIPSessionDidEnd
}

func userAgent(network *simnet.Network, name string) *sipsimple.Application {
	host, err := network.Host(name, netip.Addr{})
	if err != nil {
		panic(err)
	}
	app, err := sipsimple.NewApplication(sipsimple.Config{
		Net: host, Host: host.Addr(), UDPPort: 5060, TCPPort: -1, TLSPort: -1,
		Accounts: []*account.Account{{ID: name + "@" + name + ".test"}},
	})
	if err != nil {
		panic(err)
	}
	if err := app.Start(); err != nil {
		panic(err)
	}
	return app
}

func stopAll(apps ...*sipsimple.Application) {
	for _, app := range apps {
		app.Stop()
		<-app.Done()
	}
}
