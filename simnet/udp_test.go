package simnet_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
)

func TestUDPErrors(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice := mustHost(t, n, "alice")
		c := mustListen(t, alice, ":5060")
		_, err := alice.ListenPacket("udp4", alice.Addr().String()+":5060")
		wantError(t, "port in use", err, syscall.EADDRINUSE)
		_, err = alice.ListenPacket("udp", "192.0.2.77:5060")
		wantError(t, "address of nobody", err, syscall.EADDRNOTAVAIL)
		_, err = alice.ListenPacket("unix", "x:1")
		wantError(t, "network", err, net.UnknownNetworkError("unix"))
		_, err = alice.Dial("udp", "unknown.test:5060")
		var dns *net.DNSError
		if !errors.As(err, &dns) || !dns.IsNotFound {
			t.Errorf("unknown name: %v", err)
		}
		_, err = alice.Dial("udp", "[2001:db8::9]:1")
		wantError(t, "no IPv6", err, syscall.ENETUNREACH)

		dst := netip.AddrPortFrom(alice.Addr(), 9)
		if size, err := c.WriteToAddrPort(make([]byte, simnet.MaxDatagram), dst); err != nil || size != simnet.MaxDatagram {
			t.Errorf("longest datagram: %d, %v", size, err)
		}
		_, err = c.WriteToAddrPort(make([]byte, simnet.MaxDatagram+1), dst)
		wantError(t, "too long", err, syscall.EMSGSIZE)
		_, err = c.Write([]byte("x"))
		wantError(t, "not connected", err, syscall.EDESTADDRREQ)

		c.SetReadDeadline(time.Now().Add(time.Second))
		start := time.Now()
		_, _, err = c.ReadFrom(make([]byte, 1))
		wantError(t, "deadline", err, os.ErrDeadlineExceeded)
		if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		c.SetDeadline(time.Unix(0, 0))
		_, err = c.WriteToAddrPort(nil, dst)
		wantError(t, "write deadline", err, os.ErrDeadlineExceeded)
		c.SetDeadline(time.Time{})

		time.AfterFunc(time.Second, func() { c.Close() })
		_, _, err = c.ReadFrom(make([]byte, 1))
		wantError(t, "closed", err, net.ErrClosed)
		_, err = c.WriteToAddrPort(nil, dst)
		wantError(t, "write after close", err, net.ErrClosed)
		wantError(t, "second close", c.Close(), net.ErrClosed)
		mustListen(t, alice, ":5060") // the port is free again
	})
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	var op *net.OpError
	if !errors.Is(got, want) || !errors.As(got, &op) {
		t.Errorf("%s: got %v, want a *net.OpError with %v", what, got, want)
	}
}

func TestConnectedSocketHearsItsPeerOnly(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice, bob := mustHost(t, n, "alice"), mustHost(t, n, "bob")
		in := mustListen(t, bob, ":5060")
		stranger := mustListen(t, bob, ":7")
		conn, err := alice.Dial("udp", "bob.test:5060")
		if err != nil {
			t.Error(err)
			return
		}
		if conn.LocalAddr().String() != "192.0.2.1:49152" || conn.RemoteAddr().String() != "192.0.2.2:5060" {
			t.Errorf("ends are %v, %v", conn.LocalAddr(), conn.RemoteAddr())
		}
		conn.Write([]byte("question"))
		buf := make([]byte, 100)
		size, from, _ := in.ReadFrom(buf)
		stranger.WriteTo([]byte("spam"), from)
		in.WriteTo([]byte("answer to "+string(buf[:size])), from)
		size, err = conn.Read(buf)
		if string(buf[:size]) != "answer to question" {
			t.Errorf("got %q, %v", buf[:size], err)
		}
		if _, err := conn.(*simnet.UDPConn).WriteTo(nil, from); !errors.Is(err, net.ErrWriteToConnected) {
			t.Errorf("WriteTo: %v", err)
		}
	})
}

func TestIPv6AndLoopback(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice := mustHost(t, n, "alice")
		bob, err := n.Host("bob", netip.IPv6Unspecified())
		if err != nil || alice.AddAddr(netip.IPv6Unspecified()) != nil {
			t.Error(err)
			return
		}
		in := mustListen(t, bob, ":5060")
		buf := make([]byte, 100)
		conn, err := alice.Dial("udp", "bob:5060")
		if err != nil {
			t.Error(err)
			return
		}
		conn.Write([]byte("six"))
		size, from, _ := in.ReadFrom(buf)
		if string(buf[:size]) != "six" || from.String() != "[2001:db8::2]:49152" {
			t.Errorf("got %q from %v", buf[:size], from)
		}
		local, _ := bob.Dial("udp", "localhost:5060")
		start := time.Now()
		local.Write([]byte("near"))
		size, from, _ = in.ReadFrom(buf)
		if string(buf[:size]) != "near" || !strings.HasPrefix(from.String(), "127.0.0.1:") || time.Since(start) > time.Microsecond {
			t.Errorf("got %q from %v after %v", buf[:size], from, time.Since(start))
		}
		interfaces, err := alice.Interfaces()
		if err != nil || len(interfaces) != 2 {
			t.Fatal(interfaces, err)
		}
		addrs, _ := interfaces[1].Addrs()
		if len(addrs) != 2 || addrs[0].String() != "192.0.2.1/24" || addrs[1].String() != "2001:db8::2/64" {
			t.Errorf("addresses %v", addrs)
		}
		if byName, err := alice.InterfaceByName("lo"); err != nil || byName.Index != 1 {
			t.Errorf("lo: %v, %v", byName, err)
		}
	})
}

func TestReceiverIsCalled(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice, bob := mustHost(t, n, "alice"), mustHost(t, n, "bob")
		a, b := mustListen(t, alice, ":1000"), mustListen(t, bob, ":1000")
		dst := netip.AddrPortFrom(bob.Addr(), 1000)
		a.WriteToAddrPort([]byte("early"), dst)
		time.Sleep(time.Second)
		var got []string
		b.SetReceiver(func(data []byte, from netip.AddrPort) {
			got = append(got, string(data)+" from "+from.String())
			if string(data) == "ping" {
				b.WriteToAddrPort([]byte("pong"), from) // may write at once
			}
		})
		a.WriteToAddrPort([]byte("ping"), dst)
		buf := make([]byte, 10)
		size, _, _ := a.ReadFrom(buf)
		b.SetReceiver(nil)
		a.WriteToAddrPort([]byte("late"), dst)
		b.ReadFrom(buf[5:])
		if string(buf[:size])+string(buf[5:9]) != "ponglate" || len(got) != 2 || got[0] != "early from 192.0.2.1:1000" {
			t.Errorf("read %q, received %q", buf, got)
		}
	})
}

func TestFullQueueLosesDatagrams(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice := mustHost(t, n, "alice")
		c := mustListen(t, alice, ":1000")
		c.SetReadBuffer(10 * (64 + 36))
		for range 20 {
			c.WriteToAddrPort(make([]byte, 36), netip.AddrPortFrom(alice.Addr(), 1000))
		}
		time.Sleep(time.Second)
		c.SetReadDeadline(time.Now().Add(time.Second))
		got := 0
		for ; ; got++ {
			if _, _, err := c.ReadFrom(nil); err != nil {
				break
			}
		}
		if got != 10 {
			t.Errorf("%d datagrams were kept", got)
		}
	})
}

func TestHostMovesAndNamesChange(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice, bob := mustHost(t, n, "alice"), mustHost(t, n, "bob")
		a, b := mustListen(t, alice, ":1000"), mustListen(t, bob, ":1000")
		old := bob.Addr()
		a.WriteToAddrPort([]byte("1"), netip.AddrPortFrom(old, 1000))
		time.Sleep(time.Second)
		bob.RemoveAddr(old)
		if err := bob.AddAddr(netip.MustParseAddr("203.0.113.5")); err != nil {
			t.Error(err)
		}
		n.AddName("pbx.example", bob.Addr())
		target, err := alice.ResolveUDPAddr("udp", "PBX.example.:1000")
		if err != nil || target.String() != "203.0.113.5:1000" {
			t.Errorf("resolved %v, %v", target, err)
		}
		a.WriteToAddrPort([]byte("2"), netip.AddrPortFrom(old, 1000))
		a.WriteTo([]byte("3"), target)
		buf := make([]byte, 10)
		b.ReadFrom(buf)
		b.ReadFrom(buf[1:])
		if string(buf[:2]) != "13" {
			t.Errorf("read %q", buf)
		}
		if _, err := n.Host("carol", alice.Addr()); err == nil {
			t.Error("two hosts with one address")
		}
		if _, err := n.Host("Alice", netip.Addr{}); err == nil {
			t.Error("two hosts with one name")
		}
		alice.Close()
		if again, err := n.Host("alice", netip.MustParseAddr("192.0.2.1")); err != nil {
			t.Error(again, err)
		}
	})
}
