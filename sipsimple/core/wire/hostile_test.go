package wire_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// raw opens a connection to a node and writes; closedAt is when the node closed
// it, counted from now.
func raw(t *testing.T, from, to *node) (net.Conn, func() time.Duration) {
	t.Helper()
	began := time.Now()
	conn, err := from.host.Dial("tcp", to.at(t, "tcp").Addr.String())
	if err != nil {
		t.Fatal(err)
	}
	var closed time.Duration
	go func() {
		buf := make([]byte, 1000)
		for {
			if _, err := conn.Read(buf); err != nil {
				closed = time.Since(began)
				_ = conn.Close()
				return
			}
		}
	}()
	return conn, func() time.Duration { synctest.Wait(); return closed.Truncate(time.Second) }
}

// I35: a peer that sends nothing, or one octet a second, is cut off in time.
func TestStalledConnections(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice, bob := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil)
		_, silent := raw(t, alice, bob)
		slow, slowClosed := raw(t, alice, bob)
		for i := range 40 {
			if _, err := slow.Write([]byte(invite[i : i+1])); err != nil {
				break
			}
			pass(time.Second)
		}
		if silent() != 32*time.Second || slowClosed() != 32*time.Second {
			t.Errorf("closed after %v and %v", silent(), slowClosed())
		}
		good, goodClosed := raw(t, alice, bob)
		_, _ = good.Write([]byte(invite))
		pass(time.Hour)
		if goodClosed() != 0 {
			t.Errorf("a good connection is closed after %v", goodClosed())
		}
		_, _ = good.Write([]byte(invite[:50]))
		pass(40 * time.Second)
		if goodClosed() != time.Hour+32*time.Second {
			t.Errorf("a stalled message is closed after %v", goodClosed())
		}
		alice.Close()
		bob.Close()
	})
}

// One host cannot take all the connections there are (reliability C24).
func TestConnectionsOfOnePeer(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice, bob, carol := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil), newNode(t, n, "carol", nil)
		open := 0
		for range 600 {
			conn, err := alice.host.Dial("tcp", bob.at(t, "tcp").Addr.String())
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.SetReadDeadline(time.Now().Add(25 * time.Millisecond))
			if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
				open++
				defer conn.Close()
			}
		}
		if open != 256 {
			t.Errorf("one host has opened %d connections", open)
		}
		carol.SendOctets([]byte(invite), bob.at(t, "tcp"), nil)
		pass(time.Second)
		if got := bob.take(); len(got) != 1 {
			t.Errorf("%d messages of another host have come", len(got))
		}
		alice.Close()
		bob.Close()
		carol.Close()
	})
}

func TestUnreadableStreamIsClosed(t *testing.T) {
	for name, text := range map[string]string{
		"no SIP":                  "\x16\x03\x01\x02\x00\x01\x00",
		"bad Content-Length":      swap(t, "Length: 5", "Length: x"),
		"no Content-Length":       swap(t, "Content-Length: 5\r\n", ""),
		"two Content-Length":      swap(t, "Content-Length", "l: 7\r\nContent-Length"),
		"Content-Length too high": swap(t, "Length: 5", "Length: 100000"),
		"endless head":            strings.Repeat("INVITE ", 10000),
	} {
		inNetwork(t, func(n *simnet.Network) {
			alice, bob := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil)
			conn, closed := raw(t, alice, bob)
			_, _ = conn.Write([]byte(text))
			_, _ = conn.Write([]byte(invite))
			pass(5 * time.Second)
			if got := bob.take(); len(got) != 0 {
				t.Errorf("%s: %d messages were read", name, len(got))
			}
			pass(time.Minute)
			if closed() > time.Second {
				t.Errorf("%s: closed after %v", name, closed())
			}
			alice.Close()
			bob.Close()
		})
	}
}

func TestKeepAliveIsAnswered(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice, bob := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil)
		conn, err := alice.host.Dial("tcp", bob.at(t, "tcp").Addr.String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte("\r\n\r\n"))
		buf := make([]byte, 10)
		k, err := conn.Read(buf)
		if err != nil || string(buf[:k]) != "\r\n" {
			t.Errorf("answer %q, %v", buf[:k], err)
		}
		_ = conn.Close()
		alice.Close()
		bob.Close()
	})
}

func TestFloodIsLimited(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice := newNode(t, n, "alice", nil)
		bob := newNode(t, n, "bob", func(c *wire.Config) { c.Rate = 10 })
		carol := newNode(t, n, "carol", nil)
		for range 1000 {
			alice.SendOctets([]byte(invite), bob.at(t, "udp"), nil)
		}
		carol.SendOctets([]byte(invite), bob.at(t, "udp"), nil)
		pass(time.Second)
		if got := bob.take(); len(got) != 51 {
			t.Errorf("%d messages came through, want a burst of 50 and carol's", len(got))
		}
		if lines := strings.Count(bob.logs.String(), "\n"); lines > 25 {
			t.Errorf("%d lines of log", lines)
		}
		pass(time.Second)
		alice.SendOctets([]byte(invite), bob.at(t, "udp"), nil)
		pass(time.Second)
		if got := bob.take(); len(got) != 1 {
			t.Errorf("after the flood %d messages", len(got))
		}
		alice.Close()
		bob.Close()
		carol.Close()
	})
}

// A peer that does not read costs the sender an error, not its time.
func TestPeerThatDoesNotRead(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice := newNode(t, n, "alice", nil)
		mute, err := n.Host("mute", netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		l, err := mute.ListenTCP("tcp", &net.TCPAddr{Port: 5060})
		if err != nil {
			t.Fatal(err)
		}
		to := wire.Destination{Transport: "tcp", Addr: netip.AddrPortFrom(mute.Addr(), 5060)}
		big := []byte(swap(t, "v=0\r\n", strings.Repeat("x", 60000)))
		began := time.Now()
		var full, timedOut int
		for range 200 {
			alice.SendOctets(big, to, func(err error) {
				switch {
				case errors.Is(err, wire.ErrQueueFull):
					full++
				case errors.Is(err, os.ErrDeadlineExceeded):
					timedOut++
				}
			})
		}
		pass(40 * time.Second)
		if full == 0 || timedOut == 0 {
			t.Errorf("%d found the queue full, %d timed out after %v", full, timedOut, time.Since(began))
		}
		_ = l.Close()
		alice.Close()
	})
}
