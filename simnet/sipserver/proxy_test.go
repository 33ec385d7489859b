package sipserver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/simnet/sipserver"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

func TestProxyRefuses(t *testing.T) {
	inLab(t, sipserver.Config{Proxy: true, Registrar: true, Domains: []string{"mine.test"}, Users: map[string]string{"carol": "x"}}, func(l *lab) {
		alice := l.phone("alice")
		for _, c := range []struct {
			method, uri string
			code        int
			lines       []string
		}{
			{"OPTIONS", "sip:alice@alice.test", 483, []string{"Max-Forwards: 0"}},
			{"MESSAGE", "sip:alice@alice.test", 420, []string{"Proxy-Require: magic"}},
			{"MESSAGE", "sip:nobody@server.test", 404, nil},
			{"MESSAGE", "sip:nobody@mine.test", 404, nil},
			{"MESSAGE", "sip:carol@mine.test", 480, nil},
			{"MESSAGE", "sip:x@unknown.test", 404, nil},
			{"MESSAGE", "sip:x@192.0.2.1:5060", 404, nil},
			{"MESSAGE", "sip:x@alice.test;transport=sctp", 404, nil},
			{"REGISTER", "sip:elsewhere.test", 404, nil},
			{"INVITE", "sip:nobody@server.test", 404, nil},
		} {
			if res := alice.ask(alice.request(c.method, c.uri, c.lines...)); res.StatusCode != c.code {
				t.Errorf("%s %s: %d, want %d", c.method, c.uri, res.StatusCode, c.code)
			}
		}
	})
}

// What a proxy changes in a request, and what not.
func TestProxyForwards(t *testing.T) {
	inLab(t, sipserver.Config{Proxy: true}, func(l *lab) {
		alice, bob := l.phone("alice"), l.phone("bob")
		alice.send(alice.request("INVITE", "sip:bob@bob.test", "Max-Forwards: 7", "X-Thing: a,b", "Record-Route: <sip:other;lr>",
			"Route: <sip:192.0.2.1;lr>", "Route: <sip:server.test:5060;lr>"))
		got := bob.take()
		if codes(got) != "INVITE" {
			t.Fatalf("bob got %s\n%s", codes(got), l.text())
		}
		req := got[0].Request()
		vias := req.GetHeaders("via")
		routes := req.GetHeaders("record-route")
		if len(vias) != 2 || !strings.HasPrefix(vias[0].Value(), "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK") || len(routes) != 2 ||
			routes[0].Value() != "<sip:192.0.2.1:5060;lr>" || req.MaxForwards().Val() != 6 || header(req, "x-thing") != "a,b" ||
			req.Route() != nil || req.Recipient.String() != "sip:bob@bob.test" {
			t.Errorf("bob got\n%s", req)
		}
		bob.respond(got[0], 180)
		bob.respond(got[0], 200)
		bob.respond(got[0], 200) // its repetition
		back := alice.take()
		if codes(back) != "100 180 200 200" {
			t.Fatalf("alice got %s", codes(back))
		}
		ok := back[2].Response()
		if len(ok.GetHeaders("via")) != 1 || len(ok.GetHeaders("record-route")) != 2 {
			t.Errorf("alice got\n%s", ok)
		}
		// A strict router before us puts our own URI into the request line.
		ack := alice.request("ACK", "sip:192.0.2.1:5060;lr", "CSeq: 1 ACK", "Route: <sip:bob@192.0.2.3:5060>", "To: <sip:bob@bob.test>;tag=bob")
		alice.send(ack)
		alice.send(ack)
		got = bob.take()
		if codes(got) != "ACK ACK" || got[0].Request().Recipient.String() != "sip:bob@192.0.2.3:5060" ||
			got[0].Request().Via().Value() != got[1].Request().Via().Value() {
			t.Errorf("bob got %s", codes(got))
		}
		// A strict router behind us.
		alice.send(alice.request("BYE", "sip:bob@far.test", "Route: <sip:192.0.2.1;lr>", "Route: <sip:bob.test:5060>", "To: <sip:bob@bob.test>;tag=bob"))
		got = bob.take()
		if codes(got) != "BYE" || got[0].Request().Recipient.String() != "sip:bob.test:5060" ||
			header(got[0].Request(), "route") != "<sip:bob@far.test>" {
			t.Errorf("bob got\n%s", got[0].Msg)
		}
		// An ACK that has run out of hops, a CANCEL of nothing, a stray response.
		alice.send(alice.request("ACK", "sip:bob@bob.test", "Max-Forwards: 0"))
		if res := alice.ask(alice.request("CANCEL", "sip:bob@bob.test")); res.StatusCode != 481 {
			t.Errorf("CANCEL of nothing: %d", res.StatusCode)
		}
		bob.t.Send(wire.NewResponse(got[0].Request(), 200, "OK", "x"), wire.Destination{Transport: "udp", Addr: mustAddr(l)}, nil)
		bob.t.Send(wire.NewResponse(alice.request("BYE", "sip:a@b.test"), 200, "OK", "x"), wire.Destination{Transport: "udp", Addr: mustAddr(l)}, nil)
		if codes(bob.take()) != "" {
			t.Error("bob got something")
		}
	})
}

// A route that leads back is found out by the mark in our branch, a spiral is none.
func TestLoops(t *testing.T) {
	forks := map[string][]string{"alias": {"sip:bob@bob.test", "sip:second@server.test"}, "second": {"sip:bob@192.0.2.3"}, "a": {"sip:b@server.test"}, "b": {"sip:a@server.test"}}
	inLab(t, sipserver.Config{Proxy: true, Forks: forks}, func(l *lab) {
		alice, bob := l.phone("alice"), l.phone("bob")
		alice.send(alice.request("MESSAGE", "sip:alias@server.test"))
		if got := codes(bob.take()); got != "MESSAGE MESSAGE" {
			t.Errorf("spiral: %s\n%s", got, l.text())
		}
		if res := alice.ask(alice.request("MESSAGE", "sip:a@server.test")); res.StatusCode != 482 {
			t.Errorf("loop: %d", res.StatusCode)
		}
	})
}

// A call that nobody answers ends by timer C.
func TestTimerC(t *testing.T) {
	inLab(t, sipserver.Config{Proxy: true}, func(l *lab) {
		alice, bob := l.phone("alice"), l.phone("bob")
		alice.send(alice.request("INVITE", "sip:bob@bob.test"))
		got := bob.take()
		bob.respond(got[0], 180)
		pass(100 * time.Second)
		bob.respond(got[0], 180)
		pass(100 * time.Second)
		if got := codes(alice.take()); got != "100 180 180" {
			t.Errorf("alice got %s", got)
		}
		if got := codes(bob.take()); got != "" {
			t.Errorf("bob got %s too early", got)
		}
		pass(80 * time.Second)
		if got := codes(bob.take()); !strings.HasPrefix(got, "CANCEL") {
			t.Errorf("bob got %s", got)
		}
		pass(40 * time.Second) // bob never answers
		if got := codes(alice.take()); !strings.HasPrefix(got, "487") {
			t.Errorf("alice got %s", got)
		}
	})
}

// A silent target: an INVITE gets 408 in the end, another request nothing (RFC 4320).
func TestSilentTarget(t *testing.T) {
	inLab(t, sipserver.Config{Proxy: true}, func(l *lab) {
		alice := l.phone("alice")
		l.host("bob").Swallow(true)
		alice.send(alice.request("INVITE", "sip:bob@bob.test"))
		alice.send(alice.request("MESSAGE", "sip:bob@bob.test"))
		alice.send(alice.request("INVITE", "sip:bob@bob.test;transport=tcp", "Call-ID: tcp"))
		pass(40 * time.Second)
		got := codes(alice.take())
		if !strings.HasPrefix(got, "100 100") || strings.Count(got, "408") < 1 || strings.Count(got, "500") < 1 {
			t.Errorf("alice got %s", got)
		}
		if l.between("server > alice 408 MESSAGE") > 0 {
			t.Error("408 to MESSAGE")
		}
	})
}

// The challenges of all branches go to the caller, and our own credentials no further.
func TestChallengesOfBranches(t *testing.T) {
	forks := map[string][]string{"p": {"p1", "p2"}}
	inLab(t, sipserver.Config{Proxy: true, Forks: forks, Users: map[string]string{"alice": "secret"}}, func(l *lab) {
		alice, p1, p2 := l.phone("alice"), l.phone("p1"), l.phone("p2")
		first := alice.request("MESSAGE", "sip:p@server.test")
		challenge := alice.ask(first)
		alice.send(alice.request("MESSAGE", "sip:p@server.test", credentials(challenge, first, "alice", "secret", 1, nil),
			`Proxy-Authorization: Digest username="a", realm="other", nonce="n", uri="sip:x", response="r"`))
		at1, at2 := p1.take(), p2.take()
		if codes(at1) != "MESSAGE" || codes(at2) != "MESSAGE" {
			t.Fatalf("%s\n%s", codes(at1), l.text())
		}
		if got := at1[0].Request().GetHeaders("proxy-authorization"); len(got) != 1 || !strings.Contains(got[0].Value(), "other") {
			t.Errorf("credentials passed on: %v", got)
		}
		p1.respond(at1[0], 401, `WWW-Authenticate: Digest realm="one", nonce="1"`)
		p2.respond(at2[0], 407, `Proxy-Authenticate: Digest realm="two", nonce="2"`)
		got := alice.take()
		if codes(got) != "401" || header(got[0].Response(), "www-authenticate") == "" || header(got[0].Response(), "proxy-authenticate") == "" {
			t.Errorf("alice got %s", codes(got))
		}
	})
}

// A call to somebody who is registered, and no longer is. TCP: over the connection of the registration.
func TestRegisteredCallee(t *testing.T) {
	inLab(t, sipserver.Config{Registrar: true, Proxy: true}, func(l *lab) {
		alice, bob := l.phone("alice"), l.phone("bob")
		if res := bob.ask(bob.request("REGISTER", "sip:example.test", "To: <sip:bob@example.test>", "Expires: 60")); res.StatusCode != 200 {
			t.Fatal(res)
		}
		for _, uri := range []string{"sip:bob@example.test", "sip:bob@server.test", "sip:bob@192.0.2.1"} {
			alice.send(alice.request("MESSAGE", uri))
			got := bob.take()
			if codes(got) != "MESSAGE" || got[0].Request().Recipient.String() != "sip:bob@192.0.2.3:5060" {
				t.Errorf("%s: bob got %s", uri, codes(got))
				continue
			}
			bob.respond(got[0], 202)
			if got := codes(alice.take()); got != "202" {
				t.Errorf("alice got %s", got)
			}
		}
		pass(time.Minute)
		if res := alice.ask(alice.request("MESSAGE", "sip:bob@example.test")); res.StatusCode != 480 {
			t.Errorf("expired: %d", res.StatusCode)
		}

		tcp, _ := l.server.Addr("tcp")
		register := bob.request("REGISTER", "sip:example.test", "To: <sip:bob@example.test>", "Contact: <sip:bob@203.0.113.7;transport=tcp>")
		register.Via().Transport = "TCP"
		bob.t.Send(register, wire.Destination{Transport: "tcp", Addr: tcp}, nil)
		if got := codes(bob.take()); got != "200" {
			t.Fatalf("bob got %s", got)
		}
		alice.send(alice.request("MESSAGE", "sip:bob@example.test"))
		got := bob.take()
		if codes(got) != "MESSAGE" || got[0].Transport != "tcp" || !strings.HasPrefix(got[0].Request().Via().Value(), "SIP/2.0/TCP 192.0.2.1:5060") {
			t.Errorf("bob got %s", codes(got))
		}
	})
}

// CANCEL waits for a provisional response, and carries the reason on.
func TestCancelWaits(t *testing.T) {
	inLab(t, sipserver.Config{Proxy: true}, func(l *lab) {
		alice, bob := l.phone("alice"), l.phone("bob")
		invite := alice.request("INVITE", "sip:bob@bob.test")
		alice.send(invite)
		got := bob.take()
		cancel := alice.request("CANCEL", "sip:bob@bob.test", "CSeq: 1 CANCEL", "Reason: SIP;cause=200")
		cancel.ReplaceHeader(sip.HeaderClone(invite.Via()))
		alice.send(cancel)
		if got := codes(bob.take()); strings.Contains(got, "CANCEL") {
			t.Errorf("bob got %s before he rang", got)
		}
		bob.respond(got[0], 180)
		cancelled := bob.take()
		i := strings.Index(codes(cancelled), "CANCEL")
		if i < 0 || header(cancelled[len(cancelled)-1].Request(), "reason") != "SIP;cause=200" {
			t.Errorf("bob got %s", codes(cancelled))
		}
		bob.respond(got[0], 487)
		if got := codes(alice.take()); !strings.Contains(got, "487") {
			t.Errorf("alice got %s", got)
		}
	})
}
