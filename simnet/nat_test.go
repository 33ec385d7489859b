package simnet_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
)

func mustRouter(t *testing.T, n *simnet.Network, kind simnet.RouterKind) (*simnet.Router, *simnet.Host) {
	t.Helper()
	r, err := n.Router("router", simnet.RouterConfig{Kind: kind, Addr: netip.MustParseAddr("203.0.113.1")})
	if err != nil {
		t.Fatal(err)
	}
	h, err := r.Host("inner", netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	return r, h
}

// hear is the next datagram within a second and its source, "" for none.
func hear(c *simnet.UDPConn) (string, netip.AddrPort) {
	buf := make([]byte, 100)
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	size, from, err := c.ReadFromUDPAddrPort(buf)
	if err != nil {
		return "", netip.AddrPort{}
	}
	return string(buf[:size]), from
}

func say(t *testing.T, c *simnet.UDPConn, to netip.AddrPort, text string) {
	t.Helper()
	if _, err := c.WriteToAddrPort([]byte(text), to); err != nil {
		t.Error(err)
	}
}

func at(h *simnet.Host, port uint16) netip.AddrPort { return netip.AddrPortFrom(h.Addr(), port) }

func TestRouterKinds(t *testing.T) {
	// Who gets in after the host inside has sent to a:1000, and whether another receiver sees the same source.
	cases := []struct {
		kind                       simnet.RouterKind
		same, otherPort, otherHost bool
		samePort                   bool
	}{
		{simnet.FullCone, true, true, true, true},
		{simnet.Restricted, true, true, false, true},
		{simnet.PortRestricted, true, false, false, true},
		{simnet.Symmetric, true, false, false, false},
		{simnet.Firewall, true, false, false, true},
		{simnet.Blocked, false, false, false, false},
	}
	for _, c := range cases {
		t.Run(string(c.kind), func(t *testing.T) {
			inBubble(t, 1, func(n *simnet.Network) {
				_, inner := mustRouter(t, n, c.kind)
				a, b := mustHost(t, n, "a"), mustHost(t, n, "b")
				in := mustListen(t, inner, ":5060")
				a1, a2, b1 := mustListen(t, a, ":1000"), mustListen(t, a, ":2000"), mustListen(t, b, ":1000")
				say(t, in, at(a, 1000), "out")
				text, from := hear(a1)
				if (text != "") != c.same {
					t.Fatalf("outwards: %q", text)
				}
				if !c.same {
					return
				}
				for _, try := range []struct {
					c    *simnet.UDPConn
					want bool
				}{{a1, c.same}, {a2, c.otherPort}, {b1, c.otherHost}} {
					say(t, try.c, from, "in")
					text, _ := hear(in)
					if (text != "") != try.want {
						t.Errorf("from %v: got %q, want %v", try.c.LocalAddr(), text, try.want)
					}
				}
				say(t, in, at(b, 1000), "out")
				if _, second := hear(b1); (second == from) != c.samePort {
					t.Errorf("sources %v and %v", from, second)
				}
				if c.kind == simnet.Firewall && from != at(inner, 5060) {
					t.Errorf("a firewall translated to %v", from)
				}
			})
		})
	}
}

func TestRouterMappings(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		r, inner := mustRouter(t, n, simnet.PortRestricted)
		a := mustHost(t, n, "a")
		var taps []string
		n.Tap(func(p simnet.Packet) {
			taps = append(taps, fmt.Sprintf("%s %v > %s %v lost=%v", p.From, p.Src, p.To, p.Dst, p.Lost))
		})
		even, odd, peer := mustListen(t, inner, ":4000"), mustListen(t, inner, ":4001"), mustListen(t, a, ":1000")
		source := func(c *simnet.UDPConn) netip.AddrPort {
			say(t, c, at(a, 1000), "x")
			_, from := hear(peer)
			return from
		}
		first, second := source(even), source(odd)
		if first.String() != "203.0.113.1:20000" || second.String() != "203.0.113.1:20001" {
			t.Errorf("mapped to %v and %v: order and parity", first, second)
		}
		time.Sleep(4 * time.Minute)
		if source(even) != first {
			t.Error("a mapping in use has changed")
		}
		time.Sleep(2 * time.Minute)
		say(t, peer, second, "late")
		if text, _ := hear(odd); text != "" {
			t.Error("an expired mapping lets in")
		}
		if again := source(odd); again == second {
			t.Error("an expired mapping has come back")
		}
		r.Rebind()
		if len(r.Mappings()) == 0 {
			t.Error("rebind takes effect behind the packets of its instant")
		}
		pass(time.Millisecond)
		if len(r.Mappings()) != 0 {
			t.Errorf("mappings after rebind: %v", r.Mappings())
		}
		say(t, peer, first, "old")
		if text, _ := hear(even); text != "" {
			t.Error("the old mapping lives on")
		}
		if source(even) == first {
			t.Error("the same port after rebind")
		}
		pass(time.Second)
		if !slices.Contains(taps, "inner 203.0.113.1:20000 > a 192.0.2.1:1000 lost=false") ||
			!slices.Contains(taps, "a 192.0.2.1:1000 > inner 203.0.113.1:20000 lost=true") {
			t.Errorf("taps:\n%s", strings.Join(taps, "\n"))
		}
		if got := r.Mappings(); len(got) != 1 || got[0].Inside != at(inner, 4000) {
			t.Errorf("mappings %v", got)
		}
	})
}

func TestHostsBehindRouters(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		r, inner := mustRouter(t, n, simnet.FullCone)
		sibling, err := r.Host("sibling", netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		a := mustHost(t, n, "a")
		for _, c := range []struct {
			asker *simnet.Host
			want  netip.Addr
		}{{a, r.Addr()}, {sibling, inner.Addr()}, {inner, inner.Addr()}} {
			if got, err := c.asker.LookupHost("inner.test"); err != nil || len(got) != 1 || got[0] != c.want {
				t.Errorf("%s finds %v, %v", c.asker.Name(), got, err)
			}
		}
		if inner.Outside() != r.Addr() || a.Outside() != a.Addr() || inner.Router() != r {
			t.Error("outside addresses")
		}
		in, sib, out := mustListen(t, inner, ":5060"), mustListen(t, sibling, ":5060"), mustListen(t, a, ":5060")
		say(t, sib, at(inner, 5060), "direct")
		if text, from := hear(in); text != "direct" || from != at(sibling, 5060) {
			t.Errorf("inside: %q from %v", text, from)
		}
		say(t, out, at(inner, 5060), "private")
		if text, _ := hear(in); text != "" {
			t.Error("a private address was reached")
		}
		say(t, in, at(a, 5060), "map")
		_, mapped := hear(out)
		say(t, sib, mapped, "hairpin")
		if text, from := hear(in); text != "hairpin" || from.Addr() != r.Addr() {
			t.Errorf("hairpin: %q from %v", text, from)
		}
		_, err = inner.ListenPacket("udp", r.Addr().String()+":7000")
		if err == nil {
			t.Error("bound to the router's address")
		}
		if _, err := n.Router("x", simnet.RouterConfig{Kind: "magic"}); err == nil {
			t.Error("unknown kind")
		}
		if _, err := n.Router("x", simnet.RouterConfig{Addr: r.Addr()}); err == nil {
			t.Error("address taken")
		}
		sibling.Close()
	})
}

func TestTCPThroughRouters(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		r, inner := mustRouter(t, n, simnet.Blocked)
		a := mustHost(t, n, "a")
		l, err := a.ListenTCP("tcp", &net.TCPAddr{Port: 80})
		if err != nil {
			t.Fatal(err)
		}
		n.SetLink("", "", simnet.LinkConfig{Loss: 0.2})
		c, err := inner.Dial("tcp", "a:80")
		if err != nil {
			t.Fatal(err)
		}
		peer, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(peer.RemoteAddr().String(), r.Addr().String()) {
			t.Errorf("peer is %v", peer.RemoteAddr())
		}
		buf := make([]byte, 10)
		for range 20 {
			_, _ = c.Write([]byte("ping"))
			size, _ := peer.Read(buf)
			_, _ = peer.Write(buf[:size])
			if size, err := c.Read(buf); err != nil || string(buf[:size]) != "ping" {
				t.Fatalf("%q, %v", buf[:size], err)
			}
		}
		r.Rebind()
		_, _ = c.Write([]byte("x"))
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := c.Read(buf); err == nil || os.IsTimeout(err) {
			t.Errorf("after rebind: %v", err)
		}
		if _, err := a.CreateDialer(&net.Dialer{Timeout: time.Second}).Dial("tcp", "inner:5060"); err == nil {
			t.Error("connected from outside")
		}
	})
}

func TestMove(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		a, b := mustHost(t, n, "a"), mustHost(t, n, "b")
		any, peer := mustListen(t, a, ":5060"), mustListen(t, b, ":5060")
		old := a.Addr()
		if err := a.Move(netip.MustParseAddr("198.51.100.7")); err != nil {
			t.Fatal(err)
		}
		say(t, any, at(b, 5060), "moved")
		if _, from := hear(peer); from.String() != "198.51.100.7:5060" {
			t.Errorf("from %v", from)
		}
		say(t, peer, netip.AddrPortFrom(old, 5060), "lost")
		if text, _ := hear(any); text != "" {
			t.Error("the old address is alive")
		}
		if err := a.Move(b.Addr()); err == nil || a.Addr().String() != "198.51.100.7" {
			t.Errorf("moved to %v, %v", a.Addr(), err)
		}
		_, inner := mustRouter(t, n, simnet.FullCone)
		if err := inner.Move(netip.Addr{}); err != nil || inner.Addr().String() != "192.168.0.2" {
			t.Errorf("inside: %v, %v", inner.Addr(), err)
		}
	})
}

// The same run with and without a tap: when the network looks does not matter.
func TestRoutersRepeat(t *testing.T) {
	run := func(tapped bool) (got string) {
		inBubble(t, 7, func(n *simnet.Network) {
			_, inner := mustRouter(t, n, simnet.PortRestricted)
			a := mustHost(t, n, "a")
			in, out := mustListen(t, inner, ":5060"), mustListen(t, a, ":5060")
			if tapped {
				n.Tap(func(simnet.Packet) {})
			}
			guess := netip.MustParseAddrPort("203.0.113.1:20000")
			say(t, out, guess, "too early")
			time.Sleep(5 * time.Millisecond)
			say(t, in, at(a, 5060), "open")
			say(t, out, guess, "same instant")
			time.Sleep(time.Millisecond)
			say(t, out, guess, "in time")
			for range 3 {
				text, _ := hear(in)
				got += text + ","
			}
		})
		return got
	}
	// At one instant the packet of the host that was made first comes first.
	if one, two := run(true), run(false); one != two || one != "same instant,in time,," {
		t.Errorf("%q and %q", one, two)
	}
}
