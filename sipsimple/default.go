package sipsimple

import (
	"net/netip"
	"sync"
	"time"

	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
)

// Default is the application of the process, on the network of the operating
// system (seed: SIPApplication, which is a singleton). It is made by the first
// call, and serves one run as any other. Programs that want to say more make
// their own with [NewApplication].
var Default = sync.OnceValue(func() *Application {
	network, err := stdnet.NewNet()
	if err != nil { // without a list of interfaces it is good enough for all that is done here
		network = &stdnet.Net{}
	}
	app, err := NewApplication(Config{Net: network, Nameservers: systemNameservers, DetectNAT: true, WatchHost: 10 * time.Second})
	if err != nil {
		panic(err) // a Config with a network is good
	}
	return app
})

// systemNameservers are those of the operating system, none if it does not say.
func systemNameservers() []netip.AddrPort {
	servers, err := resolver.SystemNameservers("")
	if err != nil {
		return nil
	}
	return servers
}
