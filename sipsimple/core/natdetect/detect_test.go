package natdetect_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/stunserver"
	"github.com/go-sipsimple/callflow/sipsimple/core/natdetect"
)

// inLab runs body with a STUN server, which has a second address if it should.
func inLab(t *testing.T, two bool, body func(n *simnet.Network, server *stunserver.Server)) {
	t.Helper()
	err := simnet.Bubble(func() {
		n := simnet.New(1)
		defer n.Close()
		host, err := n.Host("stun", netip.Addr{})
		if err != nil {
			t.Error(err)
			return
		}
		cfg := stunserver.Config{Net: host, Host: host.Addr()}
		if two {
			_ = host.AddAddr(netip.Addr{})
			cfg.Alternate = host.Addrs()[1]
		}
		server, err := stunserver.New(cfg)
		if err != nil {
			t.Error(err)
			return
		}
		defer server.Close()
		body(n, server)
	})
	if err != nil {
		t.Error(err)
	}
}

func detect(host *simnet.Host, server netip.AddrPort) (natdetect.Type, error) {
	return natdetect.Detect(context.Background(), natdetect.Config{
		Net: host, Local: host.Addr(), Server: server, Rand: rand.NewChaCha8([32]byte{1}),
	})
}

func behind(t *testing.T, n *simnet.Network, kind simnet.RouterKind) *simnet.Host {
	t.Helper()
	if kind == "" {
		h, err := n.Host("alice", netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	r, err := n.Router("router", simnet.RouterConfig{Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	h, err := r.Host("alice", netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestKinds(t *testing.T) {
	for kind, want := range map[simnet.RouterKind]natdetect.Type{
		"":                    natdetect.Open,
		simnet.Firewall:       natdetect.SymmetricUDP,
		simnet.FullCone:       natdetect.FullCone,
		simnet.Restricted:     natdetect.Restricted,
		simnet.PortRestricted: natdetect.PortRestricted,
		simnet.Symmetric:      natdetect.Symmetric,
		simnet.Blocked:        natdetect.Blocked,
	} {
		t.Run(string(want), func(t *testing.T) {
			inLab(t, true, func(n *simnet.Network, server *stunserver.Server) {
				host := behind(t, n, kind)
				n.SetLink("alice", "stun", simnet.LinkConfig{Loss: 0.3})
				start := time.Now()
				got, err := detect(host, server.Addr())
				if got != want || err != nil {
					t.Errorf("got %s, %v", got, err)
				}
				if took := time.Since(start); took > 38*time.Second {
					t.Errorf("it took %v", took)
				}
				if open := host.OpenSockets(); len(open) > 0 {
					t.Errorf("left open: %v", open)
				}
			})
		})
	}
}

func TestFailures(t *testing.T) {
	inLab(t, false, func(n *simnet.Network, server *stunserver.Server) {
		host := behind(t, n, "")
		if got, err := detect(host, server.Addr()); got != natdetect.ErrUnknown || !errors.Is(err, natdetect.ErrNoAlternate) {
			t.Errorf("server with one address: %s, %v", got, err)
		}
		if _, err := detect(host, netip.AddrPort{}); err == nil {
			t.Error("no server")
		}
		silent := netip.AddrPortFrom(host.Addr(), 9)
		start := time.Now()
		if got, err := detect(host, silent); got != natdetect.Blocked || err != nil || time.Since(start) != 9500*time.Millisecond {
			t.Errorf("silent server: %s, %v after %v", got, err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := natdetect.Detect(ctx, natdetect.Config{Net: host, Local: host.Addr(), Server: silent})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled: %v", err)
		}
	})
	// A router that loses its memory half-way: the other address never answers.
	inLab(t, true, func(n *simnet.Network, server *stunserver.Server) {
		host := behind(t, n, simnet.PortRestricted)
		n.AddFault(simnet.Fault{Match: func(p *simnet.Packet) bool { return p.Src.Port() != 3478 && p.From == "stun" }, Action: simnet.Drop})
		if got, err := detect(host, server.Addr()); got != natdetect.ErrUnknown || err == nil {
			t.Errorf("half a server: %s, %v", got, err)
		}
	})
}

// Garbage and strange answers do no harm.
func TestGarbage(t *testing.T) {
	inLab(t, true, func(n *simnet.Network, server *stunserver.Server) {
		host := behind(t, n, "")
		n.AddFault(simnet.Fault{Action: simnet.Corrupt, Rate: 0.5})
		if got, _ := detect(host, server.Addr()); got == "" {
			t.Error("no result")
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte{1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Fuzz(func(t *testing.T, data []byte) { natdetect.Read(data) })
}
