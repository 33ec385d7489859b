// Command minimal places one audio call and ends it with the Enter key: the
// minimalist session example of the seed.
//
//	minimal [-config DIR] sip:bob@example.org
//
// The account and all settings come from DIR/config, a YAML file; without one the
// call is placed from the local network's own account. A file such as
//
//	Accounts:
//	    alice@example.org:
//	        enabled: true
//	        auth:
//	            password: "s3cret"
//
// is all that is needed to register and to call.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

func main() {
	folder := flag.String("config", ".", "folder with the file config")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: minimal [-config DIR] sip:bob@example.org")
		os.Exit(2)
	}
	callee, err := core.ParseAddress(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	app := sipsimple.Default()
	call := &call{app: app, callee: callee, say: func(text string) { fmt.Println(text) }}
	app.Center().AddObserver(call)
	if err := app.StartFrom(context.Background(), storage.NewFile(*folder)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		call.hangUp()
	}()
	<-app.Done()
}

// call is one call, from the start of the application to its end. It is driven by
// notifications: each method but hangUp is called by the observer only.
type call struct {
	app     *sipsimple.Application
	callee  core.Address
	say     func(text string)
	lookup  *resolver.DNSLookup // of the way to the callee; the account makes others
	session *sipsimple.Session
}

// HandleNotification implements [notification.Observer].
func (c *call) HandleNotification(n notification.Notification) {
	switch data := n.Data.(type) {
	case sipsimple.SIPApplicationDidStart:
		c.lookUp()
	case resolver.DNSLookupDidSucceed:
		if routes, ok := data.Result.([]core.Route); ok && n.Sender == c.lookup {
			c.connect(routes)
		}
	case resolver.DNSLookupDidFail:
		if n.Sender == c.lookup {
			c.say("DNS lookup failed: " + data.Error)
			c.app.Stop()
		}
	case sipsimple.SIPSessionGotRingIndication:
		c.say("Ringing!")
	case sipsimple.SIPSessionDidStart:
		c.say("Session started, press Enter to end it")
	case sipsimple.SIPSessionDidFail:
		c.say("Failed to connect: " + data.FailureReason)
		c.app.Stop()
	case sipsimple.SIPSessionDidEnd:
		c.say("Session ended")
		c.app.Stop()
	}
}

// account is the one that the call is placed from: the default one, or any name
// on a machine without.
func (c *call) account() *account.Account {
	if acc := c.app.AccountManager().DefaultAccount(); acc != nil {
		return acc
	}
	return c.app.AccountManager().Bonjour().Account
}

func (c *call) lookUp() {
	c.lookup = resolver.NewDNSLookup(c.app.Resolver(), c.app.Center())
	if err := c.lookup.LookupSIPProxy(c.account().NextHop(c.callee.URI), c.app.AccountManager().Transports()); err != nil {
		c.say(err.Error())
		c.app.Stop()
	}
}

func (c *call) connect(routes []core.Route) {
	c.session = sipsimple.NewSession(c.app, c.account())
	audio, err := c.app.NewStream("audio", c.account())
	if err == nil {
		err = c.session.Connect(c.callee, routes, []streams.MediaStream{audio}, nil)
	}
	if err != nil {
		c.say(err.Error())
		c.app.Stop()
	}
}

// hangUp ends the call, and with it the application; it may be called from
// anywhere.
func (c *call) hangUp() {
	sessions := c.app.SessionManager().Sessions()
	for _, s := range sessions {
		s.End()
	}
	if len(sessions) == 0 {
		c.app.Stop()
	}
}
