package loopback_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/go-sipsimple/callflow/conformance/loopback"
)

func hosts(t *testing.T) (alice, bob *loopback.Host) {
	t.Helper()
	n, err := loopback.New()
	if err != nil {
		t.Fatal(err)
	}
	alice, err = n.Host("alice", netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	if bob, err = n.Host("bob", netip.MustParseAddr("192.0.2.7")); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Host("carol", bob.Addr()); err == nil {
		t.Error("an address twice")
	}
	return alice, bob
}

// TestDatagrams: a host sees addresses and ports of its own network, and octets
// that went through the kernel.
func TestDatagrams(t *testing.T) {
	alice, bob := hosts(t)
	a, err := alice.ListenUDP("udp", &net.UDPAddr{Port: 5060})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := bob.ListenUDP("udp", &net.UDPAddr{IP: bob.Addr().AsSlice(), Port: 5060})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := bob.ListenUDP("udp", &net.UDPAddr{Port: 5060}); err == nil {
		t.Error("a port twice")
	}
	if _, err := a.WriteTo([]byte("hello"), &net.UDPAddr{IP: bob.Addr().AsSlice(), Port: 5060}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.WriteTo([]byte("nobody"), &net.UDPAddr{IP: bob.Addr().AsSlice(), Port: 5061}); err != nil {
		t.Errorf("to nobody: %v", err)
	}
	buf := make([]byte, 100)
	_ = b.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, from, err := b.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "hello" || from.String() != "192.0.2.1:5060" {
		t.Errorf("%q from %v, %v", buf[:n], from, err)
	}
	direct, ok := a.(interface {
		WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
	})
	if !ok {
		t.Fatal("no WriteToUDPAddrPort")
	}
	if _, err := direct.WriteToUDPAddrPort([]byte("once more"), netip.AddrPortFrom(bob.Addr(), 5060)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := b.ReadFrom(buf); err != nil || string(buf[:n]) != "once more" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if open := bob.OpenSockets(); !slices.Equal(open, []string{"udp 192.0.2.7:5060"}) {
		t.Errorf("open: %v", open)
	}
}

// TestStrangers: what does not come from a host is not read.
func TestStrangers(t *testing.T) {
	alice, bob := hosts(t)
	l, err := bob.ListenTCP("tcp", &net.TCPAddr{Port: 5060})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := alice.Dial("tcp", "bob.test:5061"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("where nobody listens: %v", err)
	}
	if _, err := alice.Dial("tcp", "dave.test:5060"); err == nil {
		t.Error("a name that nobody has")
	}
	conn, err := alice.Dial("tcp", "bob.test:5060")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	if accepted.RemoteAddr().String() != conn.LocalAddr().String() || accepted.LocalAddr().String() != "192.0.2.7:5060" {
		t.Errorf("%v to %v, accepted %v to %v", conn.LocalAddr(), conn.RemoteAddr(), accepted.RemoteAddr(), accepted.LocalAddr())
	}
	go func() {
		_, _ = conn.Write([]byte("over the kernel"))
		_ = conn.Close()
	}()
	if got, err := io.ReadAll(accepted); err != nil || !bytes.Equal(got, []byte("over the kernel")) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestConn: connections are as net.Conn should be.
func TestConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		alice, bob := hosts(t)
		l, err := bob.ListenTCP("tcp", nil)
		if err != nil {
			return nil, nil, nil, err
		}
		if c1, err = alice.Dial("tcp", l.Addr().String()); err != nil {
			return nil, nil, nil, err
		}
		if c2, err = l.Accept(); err != nil {
			return nil, nil, nil, err
		}
		return c1, c2, func() { _, _, _ = c1.Close(), c2.Close(), l.Close() }, nil
	})
}

// TestHold: what is sent before the network delivers arrives when it does, and a
// socket that is closed before that does not hold anybody up.
func TestHold(t *testing.T) {
	n, err := loopback.New()
	if err != nil {
		t.Fatal(err)
	}
	deliver := n.Hold()
	alice, err := n.Host("alice", netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	socket := func() net.PacketConn {
		s, err := alice.ListenPacket("udp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	to, closed := socket(), socket()
	defer to.Close()
	read := func(s net.PacketConn) chan string {
		heard := make(chan string, 1)
		go func() {
			buf := make([]byte, 100)
			n, _, err := s.ReadFrom(buf)
			heard <- fmt.Sprintf("%s %t", buf[:n], err == nil)
		}()
		return heard
	}
	early, never := read(to), read(closed)
	for _, s := range []net.PacketConn{to, closed} {
		if _, err := to.WriteTo([]byte("early"), s.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	closed.Close()
	<-never
	select {
	case got := <-early:
		t.Errorf("before the network delivers: %q", got)
	default:
	}
	deliver()
	if got := <-early; got != "early true" {
		t.Errorf("got %q", got)
	}
}
