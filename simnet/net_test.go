package simnet_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/simnet"
)

// TestHostIsATransportNet goes through the interface as a stack does.
func TestHostIsATransportNet(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		var alice, bob transport.Net = mustHost(t, n, "alice"), mustHost(t, n, "bob")
		u, err := bob.ListenUDP("udp4", &net.UDPAddr{Port: 5060})
		if err != nil {
			t.Fatal(err)
		}
		to, err := alice.ResolveUDPAddr("udp4", "bob.test:sip")
		if err != nil {
			t.Fatal(err)
		}
		c, err := alice.DialUDP("udp", nil, to)
		if err != nil {
			t.Fatal(err)
		}
		c.WriteMsgUDP([]byte("one"), nil, nil)
		buf := make([]byte, 10)
		size, _, _, from, err := u.ReadMsgUDP(buf, nil)
		if err != nil || string(buf[:size]) != "one" {
			t.Errorf("got %q, %v", buf[:size], err)
		}
		u.WriteMsgUDP([]byte("two"), nil, from)
		u.WriteToUDP([]byte("three"), from)
		c.ReadFromUDP(buf)
		if size, _, err := c.ReadFromUDP(buf); err != nil || string(buf[:size]) != "three" {
			t.Errorf("got %q, %v", buf[:size], err)
		}
		if _, err := alice.ResolveTCPAddr("tcp6", "bob:1"); err == nil {
			t.Error("an IPv6 address of an IPv4 host")
		}
		if ip, err := alice.ResolveIPAddr("ip", "bob"); err != nil || ip.String() != "192.0.2.2" {
			t.Errorf("bob is %v, %v", ip, err)
		}
		if _, err := alice.InterfaceByIndex(3); !errors.Is(err, transport.ErrInterfaceNotFound) {
			t.Errorf("interface 3: %v", err)
		}
		p, err := alice.CreateListenConfig(nil).ListenPacket(t.Context(), "udp", "alice:7")
		if err != nil || p.LocalAddr().String() != "192.0.2.1:7" {
			t.Errorf("%v, %v", p, err)
		}
	})
}

func TestTCPThroughTheInterface(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		var alice, bob transport.Net = mustHost(t, n, "alice"), mustHost(t, n, "bob")
		l, err := bob.ListenTCP("tcp", &net.TCPAddr{Port: 5060})
		if err != nil {
			t.Fatal(err)
		}
		to, err := alice.ResolveTCPAddr("tcp", "bob:5060")
		if err != nil {
			t.Fatal(err)
		}
		c, err := alice.DialTCP("tcp", &net.TCPAddr{Port: 7000}, to)
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.AcceptTCP()
		if err != nil || s.RemoteAddr().String() != "192.0.2.1:7000" {
			t.Fatal(s, err)
		}
		if _, err := alice.DialTCP("tcp", &net.TCPAddr{Port: 7000}, to); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("second connection from the same port: %v", err)
		}
		s.SetReadBuffer(1) // at least 4 KiB
		wrote := make(chan int)
		go func() {
			total := 0
			for {
				size, err := c.Write(make([]byte, 1024))
				total += size
				if err != nil {
					wrote <- total
					return
				}
			}
		}()
		time.Sleep(time.Second)
		c.SetWriteDeadline(time.Now())
		if total := <-wrote; total != 4096 {
			t.Errorf("%d octets fit", total)
		}
		c.SetWriteDeadline(time.Time{})
		s.CloseRead()
		if _, err := s.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("Read after CloseRead: %v", err)
		}
		if _, err := c.Write([]byte("ignored")); err != nil {
			t.Errorf("Write to a peer that does not read: %v", err)
		}
		s.SetLinger(0)
		s.Close()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("after a hard close: %v", err)
		}
	})
}

// TestCloseEndsEverything: whatever waits, on a socket, a listener or a connection being made, ends with the network.
func TestCloseEndsEverything(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice := mustHost(t, n, "alice")
		mustHost(t, n, "nowhere").Swallow(true)
		u := mustListen(t, alice, ":1")
		l, err := alice.ListenTCP("tcp", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, s, err := pair(n, alice, alice)
		if err != nil {
			t.Fatal(err)
		}
		errs := make(chan error)
		for _, wait := range []func() error{
			func() error { _, _, err := u.ReadFrom(make([]byte, 1)); return err },
			func() error { _, err := l.Accept(); return err },
			func() error { _, err := s.Read(make([]byte, 1)); return err },
			func() error { _, err := s.Write(make([]byte, 8<<20)); return err },
			func() error { _, err := alice.Dial("tcp", "nowhere:1"); return err },
		} {
			go func() { errs <- wait() }()
		}
		u.WriteToAddrPort([]byte("under way"), netip.AddrPortFrom(alice.Addr(), 1))
		time.AfterFunc(time.Millisecond, n.Close)
		u.SetReceiver(func([]byte, netip.AddrPort) {})
		for range 5 {
			if err := <-errs; !errors.Is(err, net.ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
		if _, err := alice.ListenPacket("udp", ":2"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		if _, err := n.Host("bob", netip.Addr{}); err == nil {
			t.Error("a host in a closed network")
		}
	})
}
