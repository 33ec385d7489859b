package sipserver_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/simnet/sipserver"
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// Broken and strange requests of all kinds: the server answers afterwards, and keeps nothing of them.
func TestHostile(t *testing.T) {
	cfg := sipserver.Config{
		Registrar: true, Proxy: true, Users: map[string]string{"alice": "secret"},
		Forks:   map[string][]string{"p": {"bob", "alice", "sip:nowhere@nowhere.test", "sip:p@server.test"}},
		Answers: map[string][]sipserver.Answer{"SUBSCRIBE": {{Silent: true}, {Code: 180}, {Code: 200}}},
	}
	inLab(t, cfg, func(l *lab) {
		alice := l.phone("alice")
		l.phone("bob")
		host := l.host("mallory")
		conn, err := host.ListenPacket("udp", ":5060")
		if err != nil {
			t.Fatal(err)
		}
		rnd := rand.New(rand.NewPCG(1, 2))
		methods := []string{"REGISTER", "INVITE", "ACK", "CANCEL", "BYE", "MESSAGE", "OPTIONS", "SUBSCRIBE", "FOO"}
		uris := []string{"sip:p@server.test", "sip:server.test", "sip:bob@bob.test", "sips:bob@bob.test", "tel:1", "sip:192.0.2.1;lr", "sip:x@[2001:db8::1]", "sip:bob@bob.test;maddr=192.0.2.3;transport=tcp"}
		odd := []string{
			"Authorization: Digest realm=\"server.test\", nonce=\"\", username=\"alice\", qop=auth, nc=00000001, cnonce=\"a\", uri=\"sip:server.test\", response=\"\"",
			"Proxy-Authorization: Digest", "Authorization: Basic x", "Route: <sip:192.0.2.1;lr>", "Route: <sip:bob.test>", "Route: <sip:server.test;lr>, <sip:bob.test;lr>",
			"Contact: *", "Expires: 0", "Max-Forwards: 1", "Require: x", "Record-Route: <sip:192.0.2.1;lr>", "To: <sip:x@y.test>;tag=1", "From: <sip:alice@alice.test>;tag=2",
		}
		for i := range 3000 {
			method := methods[rnd.IntN(len(methods))]
			var lines []string
			for range rnd.IntN(4) {
				lines = append(lines, odd[rnd.IntN(len(odd))])
			}
			text := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bK%d\r\nFrom: <sip:m@m.test>;tag=m\r\nTo: <sip:alice@example.test>\r\nCall-ID: %d\r\nCSeq: %d %s\r\nContact: <sip:m@192.0.2.4>\r\n",
				method, uris[rnd.IntN(len(uris))], rnd.IntN(500), rnd.IntN(500), i, method)
			for _, line := range lines {
				text += line + "\r\n"
			}
			data := []byte(text + "\r\n")
			if rnd.IntN(3) == 0 {
				for range 1 + rnd.IntN(3) {
					data[rnd.IntN(len(data))] = byte(rnd.IntN(256))
				}
			}
			_, _ = conn.WriteTo(data, net.UDPAddrFromAddrPort(mustAddr(l)))
			if i%50 == 0 {
				pass(100 * time.Millisecond)
			}
		}
		pass(10 * time.Minute)
		_ = conn.Close()
		if res := alice.ask(alice.request("OPTIONS", "sip:server.test")); res.StatusCode != 407 {
			t.Errorf("OPTIONS: %d", res.StatusCode) // she is one of the users
		}
		pass(time.Minute)
		if held := l.server.Held(); held != 0 {
			t.Errorf("%d things are held", held)
		}
	})
}

// Many calls at once, all forgotten a minute later.
func TestManyCalls(t *testing.T) {
	inLab(t, sipserver.Config{Proxy: true}, func(l *lab) {
		alice, _ := l.user("alice", 2, nil), l.user("bob", 3, accept)
		for range 100 {
			from, _ := core.ParseAddress("<sip:alice@alice.test>")
			to, _ := core.ParseAddress("<sip:bob@bob.test>")
			u := &user{l: l, name: "alice"}
			u.inv = alice.engine.NewInvitation(&u.box, u, core.OutgoingParams{From: from, To: to})
			u.box.Post(func() {
				u.inv.Invite(core.Attempt{Route: core.Route{Address: "server"}, Contact: sip.Uri{User: "alice"}, SDP: description})
			})
			defer func() {
				if got := u.text(); got != "Provisional180 Accepted" {
					t.Errorf("heard %s", got)
				}
			}()
		}
		pass(2 * time.Minute)
		if held := l.server.Held(); held != 0 {
			t.Errorf("%d things are held", held)
		}
	})
}
