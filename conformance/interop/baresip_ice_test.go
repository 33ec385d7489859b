package interop

import (
	"net"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple"
)

// needInterface skips the test where there is nothing but the loopback interface, which baresip has no candidates for.
func needInterface(t *testing.T) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return
		}
	}
	t.Skip("needs a network interface with an IPv4 address: 2 tests are skipped")
}

// TestBaresipICE has calls with ICE, which baresip does with its own agent, in either direction: it controls the calls
// that it makes.
func TestBaresipICE(t *testing.T) {
	needInterface(t)
	for _, c := range []struct {
		name   string
		theirs bool // they call
	}{{"we call", false}, {"they call", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := startBaresip(t, echo, "medianat=ice")
			p := newParty(t, 600, pcmu, func(cfg *sipsimple.Config) { cfg.NAT.UseICE = true })
			if c.theirs {
				b.tell("dial", p.uri())
			} else {
				p.call(b.uri(), b.port)
			}
			call, stream := p.stands()
			if local, remote := stream.RTPCandidateTypes(); !stream.ICEActive() || local == "" || remote == "" {
				t.Errorf("ICE active %v, candidates %q and %q", stream.ICEActive(), local, remote)
			}
			p.ear.hears(p.tone)
			call.End()
			p.ended(sipsimple.Local)
			b.await("CALL_CLOSED")
		})
	}
}
