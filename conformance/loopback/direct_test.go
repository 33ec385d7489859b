package loopback_test

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/loopback"
)

// directHost is a host that other programs can talk to.
func directHost(t *testing.T) *loopback.Host {
	t.Helper()
	n, err := loopback.NewDirect()
	if err != nil {
		t.Skip("SKIPPED 1 test: this system has no addresses but 127.0.0.1: ", err)
	}
	t.Cleanup(n.Close)
	h, err := n.Host("alice", netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := n.Host("bob", netip.Addr{}); err != nil || again.Addr() == h.Addr() {
		t.Errorf("bob lives at %v, alice at %v: %v", again.Addr(), h.Addr(), err)
	}
	return h
}

// TestDirectDatagrams: a socket of a stranger and one of a host hear each other
// at their real addresses.
func TestDirectDatagrams(t *testing.T) {
	h := directHost(t)
	ours, err := h.ListenUDP("udp", &net.UDPAddr{Port: 5060})
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	theirs, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: h.Addr().AsSlice(), Port: 5060})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	if _, err := theirs.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	_ = ours.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, from, err := ours.ReadFrom(b)
	if err != nil || string(b[:n]) != "hello" || from.String() != theirs.LocalAddr().String() {
		t.Fatalf("%q from %v: %v", b[:n], from, err)
	}
	if _, err := ours.WriteTo([]byte("you too"), from); err != nil {
		t.Fatal(err)
	}
	_ = theirs.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err = theirs.Read(b); err != nil || string(b[:n]) != "you too" {
		t.Errorf("%q: %v", b[:n], err)
	}
}

// TestDirectConnections: likewise, opened by either.
func TestDirectConnections(t *testing.T) {
	h := directHost(t)
	l, err := h.ListenTCP("tcp", &net.TCPAddr{Port: 5060})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("tcp", netip.AddrPortFrom(h.Addr(), 5060).String())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ours, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	if ours.RemoteAddr().String() != theirs.LocalAddr().String() {
		t.Errorf("from %v, and it was %v", ours.RemoteAddr(), theirs.LocalAddr())
	}
	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	called, err := h.Dial("tcp", outside.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = called.Write([]byte("hello"))
	_ = called.Close()
	answered, err := outside.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer answered.Close()
	got, err := io.ReadAll(answered)
	if host, _, _ := net.SplitHostPort(answered.RemoteAddr().String()); err != nil || string(got) != "hello" || host != h.Addr().String() {
		t.Errorf("%q from %v: %v", got, answered.RemoteAddr(), err)
	}
}
