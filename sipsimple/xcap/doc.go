// Package xcap fetches and stores the documents of a user at an XCAP server (RFC
// 4825): rules of presence, resource lists, an icon.
//
//	client, err := xcap.NewClient(xcap.Config{
//		Root: "https://xcap.example.org/root", User: "sip:alice@example.org", Password: "secret",
//		Net: network, Rand: rand.Reader, Storage: documents,
//	})
//	rules, err := client.Get(ctx, xcap.Document{Application: "pres-rules", Name: "index"})
//
// Whole documents only; each has an entity tag. What was fetched or stored is kept
// in the [storage.XCAPStorage] of the account, and asked for again only if it has
// changed meanwhile. A change that somebody else made first is [ErrChanged].
//
// Everything goes through [transport.Net], so that it works in a simulated
// network.
package xcap
