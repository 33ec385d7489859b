package simnet_test

import (
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
)

// inBubble runs body in virtual time with a fresh network, which it closes.
func inBubble(t *testing.T, seed uint64, body func(n *simnet.Network)) {
	t.Helper()
	err := simnet.Bubble(func() {
		n := simnet.New(seed)
		defer n.Close()
		body(n)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pass lets time go by. What functions called by the network have done by then may be looked at without a lock.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func mustHost(t *testing.T, n *simnet.Network, name string) *simnet.Host {
	t.Helper()
	h, err := n.Host(name, netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustListen(t *testing.T, h *simnet.Host, address string) *simnet.UDPConn {
	t.Helper()
	c, err := h.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*simnet.UDPConn)
}

func TestDatagramTakesTheLatencyOfTheLink(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice, bob := mustHost(t, n, "alice"), mustHost(t, n, "bob")
		a, b := mustListen(t, alice, ":5060"), mustListen(t, bob, ":5060")
		start := time.Now()
		if _, err := a.WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(netip.AddrPortFrom(bob.Addr(), 5060))); err != nil {
			t.Error(err)
		}
		buf := make([]byte, 100)
		size, from, err := b.ReadFrom(buf)
		if err != nil || string(buf[:size]) != "hello" || from.String() != "192.0.2.1:5060" {
			t.Errorf("got %q from %v, %v", buf[:size], from, err)
		}
		if took := time.Since(start).Truncate(time.Microsecond); took != simnet.DefaultLatency {
			t.Errorf("it took %v", took)
		}
	})
}
