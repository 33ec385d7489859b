package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// node is a transport on a simulated host with all that it heard.
type node struct {
	*wire.Transport
	host *simnet.Host

	mu    sync.Mutex
	heard []wire.Message
	trace []wire.TraceEntry
	logs  bytes.Buffer
}

// newNode makes host name with all listeners that change leaves.
func newNode(t *testing.T, n *simnet.Network, name string, change func(*wire.Config)) *node {
	t.Helper()
	host, err := n.Host(name, netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	x := &node{host: host}
	cfg := wire.Config{
		Net: host, Host: host.Addr(), UDPPort: 5060, TCPPort: 5060, TLSPort: 5061,
		Logger: slog.New(slog.NewTextHandler(&x.logs, nil)),
		Trace: func(e wire.TraceEntry) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.trace = append(x.trace, e)
		},
		Handler: func(m wire.Message) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.heard = append(x.heard, m)
		},
	}
	if change != nil {
		change(&cfg)
	}
	if x.Transport, err = wire.Listen(cfg); err != nil {
		t.Fatal(err)
	}
	return x
}

// take returns what was heard and forgets it.
func (x *node) take() []wire.Message {
	synctest.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	heard := x.heard
	x.heard = nil
	return heard
}

// at is the address of a listener.
func (x *node) at(t *testing.T, transport string) wire.Destination {
	t.Helper()
	addr, ok := x.Addr(transport)
	if !ok {
		t.Fatalf("no %s listener", transport)
	}
	return wire.Destination{Transport: transport, Addr: addr}
}

// inNetwork runs a test in a bubble with a network.
func inNetwork(t *testing.T, f func(n *simnet.Network)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		n := simnet.New(1)
		f(n)
		n.Close()
	})
}

func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// outcome collects what done is called with.
type outcome struct {
	mu   sync.Mutex
	errs []error
	at   time.Time
}

func (o *outcome) done(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.errs, o.at = append(o.errs, err), time.Now()
}

func (o *outcome) only(t *testing.T) error {
	t.Helper()
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.errs) != 1 {
		t.Fatalf("done was called %d times: %v", len(o.errs), o.errs)
	}
	return o.errs[0]
}

func TestDatagramAndAnswer(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice, bob := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil)
		var out outcome
		alice.Send(accepted(t, invite), bob.at(t, "udp"), out.done)
		if err := out.only(t); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		got := bob.take()
		if len(got) != 1 || got[0].Transport != "udp" || got[0].Source != alice.at(t, "udp").Addr || got[0].Local != bob.at(t, "udp").Addr {
			t.Fatalf("bob heard %+v", got)
		}
		// A large response goes back to where the request came from.
		res := wire.NewResponse(got[0].Request(), 200, "OK", "b")
		res.SetBody(bytes.Repeat([]byte("x"), 64000))
		bob.Send(res, wire.ResponseDestination(got[0]), out.done)
		pass(time.Second)
		if answer := alice.take(); len(answer) != 1 || len(answer[0].Response().Body()) != 64000 {
			t.Fatalf("alice heard %d answers", len(answer))
		}
		if len(bob.trace) != 2 || bob.trace[0].Sent || !bob.trace[1].Sent || bob.trace[1].Remote != got[0].Source {
			t.Errorf("trace: %d entries", len(bob.trace))
		}
		alice.Close()
		bob.Close()
	})
}

func TestFaultyRequestIsAnsweredAtItsSource(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		inNetwork(t, func(n *simnet.Network) {
			alice, bob := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil)
			faulty := swap(t, "CSeq: 314159 INVITE", "CSeq: 314159 OPTIONS")
			bob.SetServer("bob's\r\nphone")
			alice.SendOctets([]byte(faulty), bob.at(t, transport), nil)
			alice.SendOctets([]byte(invite), bob.at(t, transport), nil)
			pass(time.Second)
			answer := alice.take()
			if len(answer) != 1 || answer[0].Response().StatusCode != 400 {
				t.Fatalf("%s: alice heard %v", transport, answer)
			}
			if server := answer[0].Response().GetHeader("Server"); server == nil || server.Value() != "bob's  phone" {
				t.Errorf("%s: the Server header is %v", transport, server)
			}
			if got := bob.take(); len(got) != 1 {
				t.Fatalf("%s: bob heard %d messages", transport, len(got))
			}
			if logs := bob.logs.String(); strings.Contains(logs, "alice@") || !strings.Contains(logs, "CSeq method differs") {
				t.Errorf("log: %s", logs)
			}
			alice.Close()
			bob.Close()
		})
	}
}

func TestStreamIsReused(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice, bob := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil)
		for range 3 {
			alice.SendOctets([]byte(invite), bob.at(t, "tcp"), nil)
		}
		pass(time.Second)
		got := bob.take()
		if len(got) != 3 || got[0].Flow == nil || got[0].Flow != got[2].Flow {
			t.Fatalf("bob heard %+v", got)
		}
		bob.Send(wire.NewResponse(got[0].Request(), 200, "OK", "b"), wire.ResponseDestination(got[0]), nil)
		// A request to the address of the connection takes it, too.
		bob.SendOctets([]byte(invite), wire.Destination{Transport: "tcp", Addr: got[0].Source}, nil)
		pass(time.Second)
		answer := alice.take()
		if len(answer) != 2 || answer[0].Source != bob.at(t, "tcp").Addr || answer[0].Flow != answer[1].Flow {
			t.Fatalf("alice heard %+v", answer)
		}
		alice.Close()
		bob.Close()
	})
}

// RFC 3261 section 18.2.2: a response whose connection is gone opens a new one
// to the sent-by port at the source.
func TestResponseAfterTheConnectionIsGone(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice, bob := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil)
		conn, err := alice.host.Dial("tcp", bob.at(t, "tcp").Addr.String())
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(invite, "192.0.2.99:5099", alice.at(t, "tcp").Addr.String(), 1)
		_, _ = conn.Write([]byte(text))
		pass(time.Second)
		_ = conn.Close()
		pass(time.Second)
		got := bob.take()
		bob.Send(wire.NewResponse(got[0].Request(), 200, "OK", "b"), wire.ResponseDestination(got[0]), nil)
		pass(time.Second)
		if answer := alice.take(); len(answer) != 1 {
			t.Fatalf("alice heard %d answers", len(answer))
		}
		alice.Close()
		bob.Close()
	})
}

func TestRefusedAndSwallowedConnections(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice := newNode(t, n, "alice", nil)
		if _, err := n.Host("nobody", netip.MustParseAddr("192.0.2.200")); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var refused, swallowed outcome
		alice.SendOctets([]byte(invite), wire.Destination{Transport: "tcp", Addr: netip.MustParseAddrPort("192.0.2.200:5060")}, refused.done)
		alice.SendOctets([]byte(invite), wire.Destination{Transport: "tcp", Addr: netip.MustParseAddrPort("203.0.113.1:5060")}, swallowed.done)
		pass(wire.DialTimeout + time.Second)
		if err := refused.only(t); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("nobody: %v", err)
		}
		if err := swallowed.only(t); err == nil || swallowed.at.Sub(began) != wire.DialTimeout {
			t.Errorf("nowhere: %v after %v", err, swallowed.at.Sub(began))
		}
		alice.Close()
	})
}

// Close does not wait for a connection that is being opened, and nothing is sent
// afterwards.
func TestCloseWhileDialing(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice := newNode(t, n, "alice", nil)
		var out, late outcome
		to := wire.Destination{Transport: "tcp", Addr: netip.MustParseAddrPort("203.0.113.1:5060")}
		alice.SendOctets([]byte(invite), to, out.done)
		pass(time.Millisecond)
		began := time.Now()
		alice.Close()
		if time.Since(began) != 0 {
			t.Errorf("Close took %v", time.Since(began))
		}
		if err := out.only(t); err == nil {
			t.Error("the message was sent")
		}
		alice.SendOctets([]byte(invite), to, late.done)
		if err := late.only(t); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// What was queued before Close goes out.
func TestCloseWritesWhatIsQueued(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice, bob := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil)
		alice.SendOctets([]byte(invite), bob.at(t, "tcp"), nil)
		pass(time.Second)
		alice.SendOctets([]byte(invite), bob.at(t, "tcp"), nil)
		alice.Close()
		pass(time.Second)
		if got := bob.take(); len(got) != 2 {
			t.Errorf("bob heard %d messages", len(got))
		}
		bob.Close()
	})
}

func TestUnknownTransportAndNoSocket(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice := newNode(t, n, "alice", func(c *wire.Config) { c.UDPPort, c.TCPPort = -1, -1 })
		var ws, udp outcome
		alice.SendOctets([]byte(invite), wire.Destination{Transport: "ws"}, ws.done)
		alice.SendOctets([]byte(invite), wire.Destination{Transport: "udp", Addr: peer}, udp.done)
		if err := ws.only(t); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
		if err := udp.only(t); !errors.Is(err, wire.ErrNoListener) {
			t.Error(err)
		}
		if _, ok := alice.Addr("tcp"); ok {
			t.Error("there is a TCP listener")
		}
		alice.Close()
	})
}

func TestOrderIsKept(t *testing.T) {
	inNetwork(t, func(n *simnet.Network) {
		alice, bob := newNode(t, n, "alice", nil), newNode(t, n, "bob", nil)
		for _, transport := range []string{"udp", "tcp"} {
			for i := range 100 {
				alice.SendOctets([]byte(swap(t, "314159", fmt.Sprint(i))), bob.at(t, transport), nil)
			}
			pass(time.Second)
			got := bob.take()
			if len(got) != 100 {
				t.Fatalf("%s: %d messages", transport, len(got))
			}
			for i, m := range got {
				if m.Msg.CSeq().SeqNo != uint32(i) {
					t.Fatalf("%s: message %d is %d", transport, i, m.Msg.CSeq().SeqNo)
				}
			}
		}
		alice.Close()
		bob.Close()
	})
}

func TestMarshalRefusesInjection(t *testing.T) {
	req := accepted(t, invite)
	req.AppendHeader(sip.NewHeader("Subject", "hello\r\nInjected: yes"))
	if _, err := wire.Marshal(req); !errors.Is(err, wire.ErrUnsafe) {
		t.Errorf("got %v", err)
	}
	inNetwork(t, func(n *simnet.Network) {
		alice := newNode(t, n, "alice", nil)
		var out outcome
		alice.Send(req, wire.Destination{Transport: "udp", Addr: peer}, out.done)
		if err := out.only(t); !errors.Is(err, wire.ErrUnsafe) {
			t.Errorf("got %v", err)
		}
		alice.Close()
	})
}
