package wire_test

import (
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Listeners move to other ports and keep the old one when the new one is taken.
func TestSetPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		defer n.Close()
		host, err := n.Host("alice", netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		open := func(udp, tcp int) *wire.Transport {
			w, err := wire.Listen(wire.Config{Net: host, Host: host.Addr(), UDPPort: udp, TCPPort: tcp, TLSPort: -1})
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		a, b := open(5060, 5060), open(5070, 5070)
		for _, transport := range []string{"udp", "tcp"} {
			if err := a.SetPort(transport, 5070); err == nil {
				t.Errorf("%s: a taken port is accepted", transport)
			}
			if got, ok := a.Addr(transport); !ok || got.Port() != 5060 {
				t.Errorf("%s: the old port is gone: %v", transport, got)
			}
			if err := a.SetPort(transport, 5080); err != nil {
				t.Error(err)
			}
			if got, _ := a.Addr(transport); got.Port() != 5080 {
				t.Errorf("%s: at %v", transport, got)
			}
			if err := a.SetPort(transport, -1); err != nil {
				t.Error(err)
			}
			if got, ok := a.Addr(transport); ok {
				t.Errorf("%s: still at %v", transport, got)
			}
		}
		if err := a.SetPort("tls", 0); err == nil {
			t.Error("tls without a configuration is accepted")
		}
		a.Close()
		b.Close()
		if err := a.SetPort("udp", 0); err == nil {
			t.Error("a closed transport opens a port")
		}
		if left := host.OpenSockets(); len(left) > 0 {
			t.Errorf("left open: %v", left)
		}
	})
}
