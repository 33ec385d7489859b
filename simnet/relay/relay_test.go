package relay_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/relay"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

type party struct {
	session *msrp.Session
	mu      sync.Mutex
	log     []string
	octets  int
}

func (p *party) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

func (p *party) ReceiveChunk(c *msrp.Chunk) int {
	p.mu.Lock()
	p.octets += len(c.Data)
	p.mu.Unlock()
	if len(c.Data) < 100 {
		p.note("%s", c.Data)
	}
	p.session.Report(c, 200, "")
	return 200
}
func (p *party) ReceiveReport(r msrp.Report)                { p.note("report %d", r.Code) }
func (p *party) MessageSent(string)                         { p.note("sent") }
func (p *party) MessageFailed(_ string, code int, _ string) { p.note("failed %d", code) }
func (p *party) Closed(err error)                           { p.note("closed %v", err) }

func (p *party) received() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.octets
}

func (p *party) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.log
	p.log = nil
	return log
}

type world struct {
	t     *testing.T
	net   *simnet.Network
	hosts map[string]*simnet.Host
	relay *relay.Relay
}

func inWorld(t *testing.T, cfg relay.Config, body func(w *world)) {
	t.Helper()
	err := simnet.Bubble(func() {
		w := &world{t: t, net: simnet.New(1), hosts: map[string]*simnet.Host{}}
		defer w.net.Close()
		for _, name := range []string{"relay", "alice", "bob"} {
			w.hosts[name], _ = w.net.Host(name, netip.Addr{})
		}
		cfg.Net, cfg.Addr = w.hosts["relay"], netip.AddrPortFrom(w.hosts["relay"].Addr(), 0)
		cfg.Rand = rand.NewChaCha8([32]byte{1})
		var err error
		if w.relay, err = relay.New(cfg); err != nil {
			t.Fatal(err)
		}
		defer w.relay.Close()
		body(w)
	})
	if err != nil {
		t.Error(err)
	}
}

func (w *world) open(name string, mode msrp.Mode, password string) (*msrp.Endpoint, error) {
	host := w.hosts[name]
	return msrp.Open(context.Background(), msrp.Config{
		Net: host, Host: host.Addr(), Mode: mode, Rand: rand.NewChaCha8([32]byte{name[0]}), KeepAlive: -1,
		Relay: msrp.Relay{Host: w.hosts["relay"].Addr().String(), Domain: "relay.test", Username: "alice", Password: password},
	})
}

// call joins alice, who is behind the relay, and bob.
func (w *world) call(aliceActive bool) (a, b *party) {
	ea, err := w.open("alice", msrp.ViaRelay, "secret")
	if err != nil {
		w.t.Fatal(err)
	}
	mode := msrp.Connect
	if aliceActive {
		mode = msrp.Listen
	}
	eb, err := w.open("bob", mode, "")
	if err != nil {
		w.t.Fatal(err)
	}
	a, b = &party{}, &party{}
	var group sync.WaitGroup
	join := func(p *party, e *msrp.Endpoint, peer msrp.Peer) {
		group.Go(func() {
			var err error
			if p.session, err = e.Establish(context.Background(), peer); err != nil {
				w.t.Error(err)
			}
			e.Close()
		})
	}
	join(a, ea, msrp.Peer{Path: eb.Path(), Active: !aliceActive})
	join(b, eb, msrp.Peer{Path: ea.Path(), Active: aliceActive})
	group.Wait()
	if a.session == nil || b.session == nil {
		w.t.FailNow()
	}
	a.session.Run(a)
	b.session.Run(b)
	return a, b
}

func (w *world) end(list ...*party) {
	for _, p := range list {
		p.session.Close()
	}
	for _, p := range list {
		<-p.session.Done()
	}
}

func TestBothWays(t *testing.T) {
	for _, active := range []bool{false, true} {
		inWorld(t, relay.Config{Users: map[string]string{"alice": "secret"}}, func(w *world) {
			a, b := w.call(active)
			a.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("hello bob"), SuccessReport: true})
			b.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("hello alice"), SuccessReport: true})
			time.Sleep(time.Second)
			got := append(a.take(), b.take()...)
			slices.Sort(got)
			if want := []string{"hello alice", "hello bob", "report 200", "report 200", "sent", "sent"}; !slices.Equal(got, want) {
				t.Errorf("active %v: %v", active, got)
			}
			const size = 1 << 20
			a.session.Send(msrp.Outgoing{ContentType: "x/y", Body: io.LimitReader(rand.NewChaCha8([32]byte{}), size), Size: size})
			time.Sleep(time.Minute)
			if b.received() != size+len("hello bob") {
				t.Errorf("%d octets", b.received())
			}
			w.end(a, b)
			if counts := w.relay.Counts(); counts.Authenticated != 1 || counts.Challenged != 1 || counts.Forwarded < 6 {
				t.Errorf("%+v", counts)
			}
		})
	}
}

func TestWrongPassword(t *testing.T) {
	inWorld(t, relay.Config{Users: map[string]string{"alice": "secret"}}, func(w *world) {
		_, err := w.open("alice", msrp.ViaRelay, "wrong")
		if err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("%v", err)
		}
	})
}

// TestRefresh: the path outlives its first Expires.
func TestRefresh(t *testing.T) {
	inWorld(t, relay.Config{Users: map[string]string{"alice": "secret"}, Expires: time.Minute}, func(w *world) {
		a, b := w.call(false)
		time.Sleep(10 * time.Minute)
		b.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("still there?")})
		time.Sleep(time.Second)
		if got := a.take(); len(got) != 1 {
			t.Errorf("%v", got)
		}
		w.end(a, b)
	})
}

// TestPeerVanishes: what cannot be passed on is reported.
func TestPeerVanishes(t *testing.T) {
	inWorld(t, relay.Config{}, func(w *world) {
		a, b := w.call(true)
		w.net.Cut("relay", "bob")
		a.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("anybody?"), SuccessReport: true})
		time.Sleep(40 * time.Second)
		if got := a.take(); !slices.Equal(got, []string{"sent", "report 408"}) {
			t.Errorf("%v", got)
		}
		w.end(a, b)
	})
}

// TestRefusals: what a relay must not pass on.
func TestRefusals(t *testing.T) {
	inWorld(t, relay.Config{}, func(w *world) {
		conn, err := w.hosts["bob"].Dial("tcp", w.hosts["relay"].Addr().String()+":2855")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ method, to, code string }{
			{"SEND", "msrp://relay/x;tcp msrp://bob/y;tcp", "481"}, {"SEND", "msrp://relay/x;tcp", "400"},
			{"SEND", "http://relay/x;tcp msrp://bob/y;tcp", "400"}, {"GREET", "msrp://relay/x;tcp", "501"},
		} {
			fmt.Fprintf(conn, "MSRP abcd %s\r\nTo-Path: %s\r\nFrom-Path: msrp://bob/z;tcp\r\nMessage-ID: m123\r\n-------abcd$\r\n", c.method, c.to)
			buf := make([]byte, 1000)
			n, _ := conn.Read(buf)
			if !strings.HasPrefix(string(buf[:n]), "MSRP abcd "+c.code) {
				t.Errorf("%v: %s", c, buf[:n])
			}
		}
		_ = conn.Close()
	})
}
