package sipserver_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// user is somebody with an engine of the middleware.
type user struct {
	l      *lab
	name   string
	box    executor
	engine *core.Engine
	answer func(*core.Invitation) // to an incoming call

	mu    sync.Mutex
	inv   *core.Invitation
	heard []string
}

// executor runs what is posted, one after another.
type executor struct {
	mu    sync.Mutex
	queue []func()
	busy  bool
}

func (e *executor) Post(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue = append(e.queue, f)
	if e.busy {
		return
	}
	e.busy = true
	go func() {
		for {
			e.mu.Lock()
			if len(e.queue) == 0 {
				e.busy = false
				e.mu.Unlock()
				return
			}
			f := e.queue[0]
			e.queue = e.queue[1:]
			e.mu.Unlock()
			f()
		}
	}()
}

func (u *user) HandleInvitation(event core.InvitationEvent) {
	name := strings.TrimPrefix(fmt.Sprintf("%T", event), "core.")
	switch e := event.(type) {
	case core.Provisional:
		name += fmt.Sprint(e.Code)
	case core.Rejected:
		name += fmt.Sprint(e.Code)
	case core.ByeDone:
		name += fmt.Sprint(e.Code)
	}
	u.mu.Lock()
	u.heard = append(u.heard, name)
	inv := u.inv
	u.mu.Unlock()
	if a, ok := event.(core.Accepted); ok && !a.Cancelled {
		inv.Acknowledge(nil)
	}
}

func (u *user) text() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return strings.Join(u.heard, " ")
}

func (u *user) call() *core.Invitation {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.inv
}

func (l *lab) user(name string, seed byte, answer func(*core.Invitation)) *user {
	host := l.host(name)
	u := &user{l: l, name: name, answer: answer}
	engine, err := core.NewEngine(core.Config{
		Net: host, Rand: seeded(seed), Host: host.Addr(), TLS: l.tls, UDPPort: 5060, TCPPort: 5060, TLSPort: 5061,
		OnInvite: func(i *core.Invitation) {
			u.mu.Lock()
			u.inv = i
			u.mu.Unlock()
			i.Attach(&u.box, u)
			u.box.Post(func() { u.answer(i) })
		},
	})
	if err != nil {
		l.t.Fatal(err)
	}
	u.engine = engine
	l.ends = append(l.ends, engine.Close)
	return u
}

// invite calls through the server.
func (u *user) invite(to, transport, password string) {
	from, _ := core.ParseAddress("<sip:" + u.name + "@" + u.name + ".test>")
	target, err := core.ParseAddress("<" + to + ">")
	if err != nil {
		u.l.t.Fatal(err)
	}
	p := core.OutgoingParams{From: from, To: target}
	if password != "" {
		p.Credentials = &core.Credentials{Username: u.name, Password: password}
	}
	inv := u.engine.NewInvitation(&u.box, u, p)
	u.mu.Lock()
	u.inv = inv
	u.mu.Unlock()
	u.box.Post(func() {
		inv.Invite(core.Attempt{Route: core.Route{Address: "server", Transport: transport}, Contact: sip.Uri{User: u.name}, SDP: description})
	})
}

func accept(i *core.Invitation) {
	i.Progress(180, "", nil)
	i.Accept(core.Answer{SDP: description})
}

func (u *user) expect(want string) {
	u.l.t.Helper()
	if got := u.text(); got != want {
		u.l.t.Errorf("%s heard %q, want %q\n%s", u.name, got, want, u.l.text())
	}
}

// A call with a challenge through the proxy, over each transport and from one to another. The BYE goes through the proxy
// in both directions.
func TestEngineCallsThroughProxy(t *testing.T) {
	for _, c := range []struct{ transport, to string }{
		{"udp", "sip:bob@bob.test"}, {"tcp", "sip:bob@bob.test"}, {"tls", "sip:bob@bob.test"},
		{"udp", "sip:bob@bob.test;transport=tcp"}, {"tcp", "sip:bob@bob.test;transport=udp"},
		{"tls", "sip:bob@bob.test;transport=udp"}, {"udp", "sip:bob@192.0.2.3;transport=tls"},
	} {
		for _, ending := range []string{"alice", "bob"} {
			t.Run(c.transport+" "+c.to+" "+ending, func(t *testing.T) {
				inLab(t, sipserver.Config{Proxy: true, Users: map[string]string{"alice": "secret"}}, func(l *lab) {
					alice, bob := l.user("alice", 2, nil), l.user("bob", 3, accept)
					alice.invite(c.to, c.transport, "secret")
					pass(5 * time.Second)
					ender := map[string]*user{"alice": alice, "bob": bob}[ending]
					if ender.call() == nil {
						t.Fatal("no call\n" + l.text())
					}
					ender.box.Post(func() { ender.call().Bye(0, "") })
					pass(5 * time.Second)
					if ending == "alice" {
						alice.expect("Provisional180 Accepted ByeDone200")
						bob.expect("Acknowledged ByeReceived")
					} else {
						alice.expect("Provisional180 Accepted ByeReceived")
						bob.expect("Acknowledged ByeDone200")
					}
					if l.between("alice > bob")+l.between("bob > alice") > 0 {
						t.Errorf("they talk past the proxy\n%s", l.text())
					}
					var seen []string
					for _, r := range l.server.Requests() {
						seen = append(seen, fmt.Sprint(r.Method, " ", r.Code))
					}
					if got := strings.Join(seen, ", "); got != "INVITE 407, INVITE 200, BYE 200" {
						t.Errorf("the server saw %s", got)
					}
				})
			})
		}
	}
}

func TestEngineCallsOverIPv6(t *testing.T) {
	for _, transport := range []string{"udp", "tcp", "tls"} {
		t.Run(transport, func(t *testing.T) {
			l := &lab{t: t, v6: true}
			l.run(sipserver.Config{Proxy: true, Users: map[string]string{"alice": "secret"}}, func(l *lab) {
				alice, bob := l.user("alice", 2, nil), l.user("bob", 3, accept)
				alice.invite("sip:bob@bob.test", transport, "secret")
				pass(5 * time.Second)
				bob.box.Post(func() { bob.call().Bye(0, "") })
				pass(5 * time.Second)
				alice.expect("Provisional180 Accepted ByeReceived")
				bob.expect("Acknowledged ByeDone200")
				if l.between("alice > bob")+l.between("bob > alice") > 0 {
					t.Errorf("they talk past the proxy\n%s", l.text())
				}
			})
		})
	}
}

func TestEngineWrongPassword(t *testing.T) {
	inLab(t, sipserver.Config{Proxy: true, Users: map[string]string{"alice": "secret"}}, func(l *lab) {
		alice, _ := l.user("alice", 2, nil), l.user("bob", 3, accept)
		alice.invite("sip:bob@bob.test", "udp", "guess")
		pass(40 * time.Second)
		alice.expect("Rejected407")
	})
}

// The example of the scenario language: two challenges, one of them stale, then forwarded.
func TestEngineAndAnswers(t *testing.T) {
	answers := map[string][]sipserver.Answer{"INVITE": {{Code: 407}, {Code: 407, Stale: true}, {Forward: true}}}
	inLab(t, sipserver.Config{Proxy: true, Users: map[string]string{"alice": "secret"}, Answers: answers}, func(l *lab) {
		alice, bob := l.user("alice", 2, nil), l.user("bob", 3, accept)
		alice.invite("sip:bob@bob.test", "udp", "secret")
		pass(5 * time.Second)
		alice.expect("Provisional180 Accepted")
		bob.expect("Acknowledged")
	})
}

func TestEngineForks(t *testing.T) {
	ring := func(i *core.Invitation) { i.Progress(180, "", nil) }
	late := func(i *core.Invitation) { i.Accept(core.Answer{SDP: description}) }
	for name, c := range map[string]struct {
		first, second            func(*core.Invitation)
		alice, atFirst, atSecond string
	}{
		"one answers":   {accept, ring, "Provisional180 Accepted", "Acknowledged", "Cancelled"},
		"both answer":   {accept, late, "Provisional180 Accepted", "Acknowledged", "Acknowledged ByeReceived"},
		"one is busy":   {accept, func(i *core.Invitation) { i.Reject(486, "") }, "Provisional180 Accepted", "Acknowledged", "RejectionAcknowledged"},
		"one declines":  {ring, func(i *core.Invitation) { i.Reject(603, "") }, "Provisional180 Rejected603", "Cancelled", "RejectionAcknowledged"},
		"nobody likes":  {func(i *core.Invitation) { i.Reject(404, "") }, func(i *core.Invitation) { i.Reject(302, "") }, "Rejected302", "RejectionAcknowledged", "RejectionAcknowledged"},
		"broken server": {func(i *core.Invitation) { i.Reject(503, "") }, func(i *core.Invitation) { i.Reject(503, "") }, "Rejected500", "RejectionAcknowledged", "RejectionAcknowledged"},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, sipserver.Config{Proxy: true, Forks: map[string][]string{"p1": {"p1", "sip:p2@p2.test"}}}, func(l *lab) {
				alice, p1, p2 := l.user("alice", 2, nil), l.user("p1", 3, c.first), l.user("p2", 4, c.second)
				alice.invite("sip:p1@p1.test", "udp", "")
				pass(40 * time.Second)
				alice.expect(c.alice)
				p1.expect(c.atFirst)
				p2.expect(c.atSecond)
			})
		})
	}
}

func TestEngineCancels(t *testing.T) {
	inLab(t, sipserver.Config{Proxy: true, Forks: map[string][]string{"p1": {"p1", "p2"}}}, func(l *lab) {
		ring := func(i *core.Invitation) { i.Progress(180, "", nil) }
		alice, p1, p2 := l.user("alice", 2, nil), l.user("p1", 3, ring), l.user("p2", 4, ring)
		alice.invite("sip:p1@p1.test", "udp", "")
		pass(time.Second)
		alice.box.Post(func() { alice.call().Cancel("") })
		pass(40 * time.Second)
		alice.expect("Provisional180 Provisional180 Rejected487")
		p1.expect("Cancelled")
		p2.expect("Cancelled")
		if l.between("alice > server ACK") != 1 {
			t.Errorf("ACK\n%s", l.text())
		}
	})
}

// Losses on every hop are made up for.
func TestEngineAndLoss(t *testing.T) {
	inLab(t, sipserver.Config{Proxy: true}, func(l *lab) {
		alice, bob := l.user("alice", 2, nil), l.user("bob", 3, accept)
		l.net.SetLink("", "", simnet.LinkConfig{Loss: 0.3})
		alice.invite("sip:bob@bob.test", "udp", "")
		pass(31 * time.Second)
		alice.box.Post(func() { alice.call().Bye(0, "") })
		pass(40 * time.Second)
		if got := alice.text(); !strings.HasSuffix(got, "Accepted ByeDone200") {
			t.Errorf("alice heard %s\n%s", got, l.text())
		}
		bob.expect("Acknowledged ByeReceived")
	})
}

// The same seed gives the same octets at the same instants.
func TestEngineCallsRepeat(t *testing.T) {
	run := func() string {
		return inLab(t, sipserver.Config{Proxy: true, Users: map[string]string{"alice": "secret"}, Forks: map[string][]string{"p1": {"p1", "p2"}}}, func(l *lab) {
			alice, _, _ := l.user("alice", 2, nil), l.user("p1", 3, accept), l.user("p2", 4, accept)
			alice.invite("sip:p1@p1.test", "udp", "secret")
			pass(5 * time.Second)
			alice.box.Post(func() { alice.call().Bye(0, "") })
			pass(5 * time.Second)
		}).all.String()
	}
	first := run()
	for range 10 {
		if again := run(); again != first {
			t.Fatalf("another trace\n%s\n--- instead of ---\n%s", again, first)
		}
	}
}
