package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// The call of the program, in a simulated network (row X24).
func Example() {
	err := simnet.Bubble(func() {
		network := simnet.New(1)
		defer network.Close()
		bob := answering(network)
		home, _ := network.Host("alice", netip.Addr{})
		app, err := sipsimple.NewApplication(sipsimple.Config{Net: home, Host: home.Addr(), Rand: rand.NewChaCha8([32]byte{1})})
		if err != nil {
			fmt.Println(err)
			return
		}
		callee, _ := core.ParseAddress("sip:bob@bob.test:5060")
		call := &call{app: app, callee: callee, say: func(text string) { fmt.Println(text) }}
		app.Center().AddObserver(call)
		if err := app.StartFrom(context.Background(), storage.NewMemory()); err != nil {
			fmt.Println(err)
			return
		}
		time.AfterFunc(10*time.Second, call.hangUp) // the Enter key
		<-app.Done()
		bob.Stop()
		<-bob.Done()
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// Ringing!
	// Session started, press Enter to end it
	// Session ended
}

// answering is a user agent that takes every call.
func answering(network *simnet.Network) *sipsimple.Application {
	host, _ := network.Host("bob", netip.Addr{})
	bob, err := sipsimple.NewApplication(sipsimple.Config{
		Net: host, Host: host.Addr(), UDPPort: 5060, TCPPort: -1, TLSPort: -1, Accounts: []*account.Account{{ID: "bob@bob.test"}},
	})
	if err != nil {
		panic(err)
	}
	bob.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		session := n.Sender.(*sipsimple.Session)
		_ = session.SendRingIndication()
		_ = session.Accept(session.ProposedStreams(), nil)
	}), notification.Filter{Name: "SIPSessionNewIncoming"})
	if err := bob.Start(); err != nil {
		panic(err)
	}
	return bob
}
