package simnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/go-sipsimple/callflow/simnet"
)

// pair connects two hosts; the server end is accepted.
func pair(n *simnet.Network, client, server *simnet.Host) (c, s *simnet.TCPConn, err error) {
	l, err := server.ListenTCP("tcp", nil)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, _ := l.Accept()
		accepted <- conn
	}()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	conn, err := client.Dial("tcp", netip.AddrPortFrom(server.Addr(), port).String())
	if err != nil {
		return nil, nil, err
	}
	return conn.(*simnet.TCPConn), (<-accepted).(*simnet.TCPConn), nil
}

// connected runs body with two connected hosts.
func connected(t *testing.T, body func(n *simnet.Network, c, s *simnet.TCPConn)) {
	t.Helper()
	inBubble(t, 1, func(n *simnet.Network) {
		alice, bob := mustHost(t, n, "alice"), mustHost(t, n, "bob")
		c, s, err := pair(n, alice, bob)
		if err != nil {
			t.Error(err)
			return
		}
		body(n, c, s)
	})
}

func TestConnIsAsPackageNetHasIt(t *testing.T) {
	err := simnet.Bubble(func() {
		nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
			n := simnet.New(1)
			alice, bob := mustHost(t, n, "alice"), mustHost(t, n, "bob")
			c, s, err := pair(n, alice, bob)
			if err != nil {
				return nil, nil, nil, err
			}
			return c, s, func() {
				c.Close()
				s.Close()
				n.Close()
			}, nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestConnIsAsPackageNetHasItOnABadLink(t *testing.T) {
	err := simnet.Bubble(func() {
		nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
			n := simnet.New(7)
			alice, bob := mustHost(t, n, "alice"), mustHost(t, n, "bob")
			n.SetLink("", "", simnet.LinkConfig{Loss: 0.1, Jitter: 5 * time.Millisecond, Reorder: 0.1, Duplicate: 0.1, Corrupt: 0.01})
			c, s, err := pair(n, alice, bob)
			if err != nil {
				return nil, nil, nil, err
			}
			return c, s, func() {
				c.Close()
				s.Close()
				n.Close()
			}, nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestHalfClose(t *testing.T) {
	connected(t, func(_ *simnet.Network, c, s *simnet.TCPConn) {
		go func() {
			all, err := io.ReadAll(s)
			if err != nil {
				t.Error(err)
			}
			s.Write(append([]byte("you said "), all...))
			s.Close()
		}()
		c.Write([]byte("hello"))
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
		if _, err := c.Write([]byte("more")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Write after CloseWrite: %v", err)
		}
		answer, err := io.ReadAll(c)
		if err != nil || string(answer) != "you said hello" {
			t.Errorf("got %q, %v", answer, err)
		}
	})
}

func TestRefusedAfterARoundTrip(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice := mustHost(t, n, "alice")
		mustHost(t, n, "nobody")
		start := time.Now()
		c, err := alice.Dial("tcp", "nobody:5060")
		var op *net.OpError
		if c != nil || !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, &op) || op.Op != "dial" {
			t.Errorf("got %v, %v", c, err)
		}
		if took := time.Since(start).Truncate(time.Millisecond); took != 2*simnet.DefaultLatency {
			t.Errorf("it took %v", took)
		}
	})
}

func TestBlackHoleTimesOut(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice := mustHost(t, n, "alice")
		mustHost(t, n, "nowhere").Swallow(true)
		start := time.Now()
		_, err := alice.Dial("tcp", "nowhere:5060")
		if !errors.Is(err, syscall.ETIMEDOUT) || time.Since(start).Round(time.Second) != 30*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		start = time.Now()
		_, err = alice.CreateDialer(&net.Dialer{Timeout: 2 * time.Second}).Dial("tcp", "nowhere:5060")
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start).Round(time.Second) != 2*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		if _, err = alice.DialContext(ctx, "tcp", "203.0.113.9:5060"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

func TestClosedHostResetsItsConnections(t *testing.T) {
	connected(t, func(n *simnet.Network, c, s *simnet.TCPConn) {
		s.Write([]byte("last words"))
		if err := n.Lookup("bob").Close(); err != nil {
			t.Error(err)
		}
		got, err := io.ReadAll(c)
		if string(got) != "last words" || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("peer: got %q, %v", got, err)
		}
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("own: %v", err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("Write after reset: %v", err)
		}
	})
}

func TestCloseWithUnreadDataResets(t *testing.T) {
	connected(t, func(_ *simnet.Network, c, s *simnet.TCPConn) {
		c.Write([]byte("unread"))
		time.Sleep(time.Second)
		s.Close()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLossCostsTCPOnlyTime(t *testing.T) {
	connected(t, func(n *simnet.Network, c, s *simnet.TCPConn) {
		n.SetLink("alice", "bob", simnet.LinkConfig{Loss: 0.3, Jitter: 3 * time.Millisecond, Reorder: 0.2})
		want := bytes.Repeat([]byte("0123456789abcdef"), 4096)
		go func() {
			for i := 0; i < len(want); i += 512 {
				c.Write(want[i : i+512])
				time.Sleep(time.Millisecond)
			}
			c.Close()
		}()
		got, err := io.ReadAll(s)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %d octets, %v", len(got), err)
		}
	})
}

func TestCutDelaysAndThenBreaksTCP(t *testing.T) {
	connected(t, func(n *simnet.Network, c, s *simnet.TCPConn) {
		n.Cut("alice", "bob")
		start := time.Now()
		c.Write([]byte("late"))
		time.AfterFunc(5*time.Second, func() { n.Heal("alice", "bob") })
		buf := make([]byte, 10)
		size, err := s.Read(buf)
		if took := time.Since(start); err != nil || string(buf[:size]) != "late" || took < 5*time.Second || took > 9*time.Second {
			t.Errorf("got %q, %v after %v", buf[:size], err, took)
		}
		n.Cut("", "")
		start = time.Now()
		c.Write([]byte("never"))
		_, err = c.Read(buf)
		if !errors.Is(err, syscall.ETIMEDOUT) || time.Since(start).Round(time.Second) != 30*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

func TestListenerPortsAndDeadline(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		bob := mustHost(t, n, "bob")
		l, err := bob.CreateListenConfig(nil).Listen(t.Context(), "tcp", ":5061")
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := bob.ListenTCP("tcp4", &net.TCPAddr{Port: 5061}); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("second listener: %v", err)
		}
		l.(*simnet.TCPListener).SetDeadline(time.Now().Add(time.Second))
		if _, err := l.Accept(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Accept: %v", err)
		}
		l.Close()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept after Close: %v", err)
		}
		if _, err := bob.Dial("tcp", ":5061"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("Dial to itself: %v", err)
		}
	})
}
