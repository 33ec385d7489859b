package xcap_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/xcapserver"
	"github.com/go-sipsimple/callflow/sipsimple/xcap"
)

// Alice makes a list of her friends; a change that she thinks of as the first one
// is refused.
func ExampleClient() {
	err := simnet.Bubble(func() {
		network := simnet.New(1)
		defer network.Close()
		far, _ := network.Host("xcap", netip.Addr{})
		server, _ := xcapserver.New(xcapserver.Config{Net: far, Host: far.Addr(), Users: map[string]string{"alice": "secret"}})
		defer server.Close()

		near, _ := network.Host("alice", netip.Addr{})
		client, err := xcap.NewClient(xcap.Config{
			Root: "http://xcap.test/", User: "sip:alice@example.org", Password: "secret",
			Net: near, Rand: rand.NewChaCha8([32]byte{}),
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		ctx, friends := context.Background(), xcap.Document{Application: "resource-lists"}
		list := xcap.Content{Type: "application/resource-lists+xml", Data: []byte(`<list><entry uri="sip:bob@example.org"/></list>`)}
		stored, err := client.Put(ctx, friends, list, xcap.Condition{New: true})
		fmt.Println(stored.ETag, err)
		_, err = client.Put(ctx, friends, list, xcap.Condition{New: true})
		fmt.Println(errors.Is(err, xcap.ErrChanged))
		got, err := client.Get(ctx, friends)
		fmt.Println(string(got.Data), err)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// "e1" <nil>
	// true
	// <list><entry uri="sip:bob@example.org"/></list> <nil>
}
