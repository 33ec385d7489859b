package sipsimple_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// The minimalist session example: an application starts from a storage, looks
// up the callee, calls, and stops when the call is over. Here the callee
// refuses; examples/minimal, the program, talks.
func ExampleApplication_StartFrom() {
	err := simnet.Bubble(func() {
		network := simnet.New(1)
		defer network.Close()
		bob := userAgent(network, "bob")
		bob.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			_ = n.Sender.(*sipsimple.Session).Reject(486, "")
		}), notification.Filter{Name: "SIPSessionNewIncoming"})

		host, _ := network.Host("alice", netip.Addr{})
		app, err := sipsimple.NewApplication(sipsimple.Config{Net: host, Host: host.Addr(), Rand: rand.NewChaCha8([32]byte{1})})
		if err != nil {
			fmt.Println(err)
			return
		}
		callee, _ := core.ParseAddress("sip:bob@bob.test:5060")
		app.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			switch data := n.Data.(type) {
			case sipsimple.SIPApplicationDidStart:
				fmt.Println(n.Name)
				lookup := resolver.NewDNSLookup(app.Resolver(), app.Center())
				_ = lookup.LookupSIPProxy(callee.URI, app.AccountManager().Transports())
			case resolver.DNSLookupDidSucceed:
				session := sipsimple.NewSession(app, app.AccountManager().Bonjour().Account)
				audio, _ := app.NewStream("audio", session.Account())
				_ = session.Connect(callee, data.Result.([]core.Route), []streams.MediaStream{audio}, nil)
			case sipsimple.SIPSessionDidFail:
				fmt.Println(n.Name, data.Code, data.Reason)
				app.Stop()
			}
		}))
		if err := app.StartFrom(context.Background(), storage.NewMemory()); err != nil {
			fmt.Println(err)
			return
		}
		<-app.Done()
		stopAll(bob)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// SIPApplicationDidStart
	// SIPSessionDidFail 486 Busy Here
}
