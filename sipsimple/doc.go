// Package sipsimple is a SIP user agent as a library: calls with media streams,
// told by notifications.
//
// Start from an [Application]. It owns sockets, a voice mixer and accounts. The
// sockets of the operating system are github.com/pion/transport/v5/stdnet:
//
//	network, err := stdnet.NewNet()
//	app, err := sipsimple.NewApplication(sipsimple.Config{
//		Net:      network,
//		Accounts: []*account.Account{alice},
//	})
//	...
//	app.Center().AddObserver(observer)
//	err = app.Start()
//
// A program that keeps its settings starts from a storage instead: ports,
// devices and accounts come from there, accounts register, and names are looked
// up by DNS. StartFrom returns when the configuration is loaded; the rest is
// told by notifications, SIPApplicationDidStart at last:
//
//	app := sipsimple.Default()
//	app.Center().AddObserver(observer)
//	err := app.StartFrom(ctx, storage.NewFile("/home/alice/.sipsimple"))
//
// A [Session] is one call, in either direction. To place one, find the way to the
// peer, make a session, and connect it with the streams to offer:
//
//	bob, err := core.ParseAddress("sip:bob@example.org")
//	lookup := resolver.NewDNSLookup(app.Resolver(), nil)
//	err = lookup.LookupSIPProxy(alice.NextHop(bob.URI), []string{"tls", "tcp", "udp"})
//	routes, err := lookup.WaitRoutes(ctx) // not in an observer: it blocks
//	session := sipsimple.NewSession(app, alice)
//	audio, err := app.NewStream("audio", alice)
//	err = session.Connect(bob, routes, []streams.MediaStream{audio}, nil)
//
// An incoming one is the sender of SIPSessionNewIncoming: answer it with
// [Session.Accept] or [Session.Reject]. Everything that happens to a session
// from then on is a notification: SIPSessionWillStart and SIPSessionDidStart
// when it stands, SIPSessionDidFail if it never does, SIPSessionWillEnd and
// SIPSessionDidEnd when it is over. A method returns an error only if it was
// called in a wrong state or with a wrong argument.
//
// The notifications, their fields and their order are those of the SIP SIMPLE
// middleware of April 2012, whose documentation is called the seed in comments;
// S and a number are its rows, SD and a number are decisions where it is silent.
//
// [Application.Stop] ends all calls and closes everything; after
// SIPApplicationDidEnd nothing of the application runs any more.
//
// How a session works inside is told in machine.go.
package sipsimple
