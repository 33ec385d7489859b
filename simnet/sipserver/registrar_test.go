package sipserver_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"github.com/go-sipsimple/callflow/simnet/sipserver"
)

// registered are the contacts in a response, and those the server tells.
func registered(res *sip.Response) string {
	var list []string
	for _, h := range res.GetHeaders("contact") {
		list = append(list, h.Value())
	}
	return strings.Join(list, ", ")
}

func (l *lab) bindings() string {
	var list []string
	for _, b := range l.server.Bindings() {
		list = append(list, fmt.Sprintf("%s %s %v", b.AOR, b.Contact, time.Until(b.Expires).Round(time.Second)))
	}
	return strings.Join(list, ", ")
}

func (p *phone) register(lines ...string) *sip.Response {
	return p.ask(p.request("REGISTER", "sip:example.test", append(lines, "To: <sip:alice@example.test>")...))
}

func TestBindings(t *testing.T) {
	cfg := sipserver.Config{Registrar: true, Expires: 10 * time.Minute, MinExpires: time.Minute}
	inLab(t, cfg, func(l *lab) {
		alice := l.phone("alice")
		const me = "<sip:alice@192.0.2.2:5060>"
		step := func(name string, code int, contacts string, lines ...string) *sip.Response {
			t.Helper()
			res := alice.register(lines...)
			if res.StatusCode != code || registered(res) != contacts {
				t.Errorf("%s: %d %s, want %d %s", name, res.StatusCode, registered(res), code, contacts)
			}
			return res
		}
		step("default expiry", 200, me+";expires=600")
		if got := l.bindings(); got != "alice@example.test sip:alice@192.0.2.2:5060 9m59s" {
			t.Errorf("bindings %s", got)
		}
		step("query", 200, me+";expires=599", "Contact: ")
		step("granted less", 200, me+";expires=600", "Expires: 4294967295")
		step("header", 200, me+";expires=120", "Expires: 120")
		step("parameter wins", 200, me+";q=0.5;expires=180", "Expires: 120", "Contact: "+me+";expires=180;q=0.5")
		if got := step("too brief", 423, "", "Expires: 59").GetHeader("min-expires"); got == nil || got.Value() != "60" {
			t.Errorf("Min-Expires %v", got)
		}
		step("no number", 200, me+";expires=600", "Expires: Thu, 01 Jan 1970 00:00:00 GMT")
		step("second", 200, me+";expires=599, <sip:alice@192.0.2.9>;expires=60", "Contact: <sip:alice@192.0.2.9>", "Expires: 60")
		step("out of order", 500, "", "CSeq: 1 REGISTER")
		step("other call", 200, me+";expires=600, <sip:alice@192.0.2.9>;expires=58", "CSeq: 1 REGISTER", "Call-ID: other", "Expires: 600")
		pass(58 * time.Second)
		step("expired", 200, me+";expires=541", "Contact: ")
		step("star and more", 400, "", "Contact: *", "Contact: "+me, "Expires: 0")
		step("star that stays", 400, "", "Contact: *", "Expires: 60")
		step("remove", 200, "", "Contact: "+me+";expires=0")
		step("again", 200, me+";expires=600")
		step("all gone", 200, "", "Contact: *", "Expires: 0")
		if got := l.bindings(); got != "" {
			t.Errorf("left: %s", got)
		}
		lines := []string{"Expires: 60"}
		for i := range 65 {
			lines = append(lines, fmt.Sprintf("Contact: <sip:alice@192.0.2.2:%d>", 6000+i))
		}
		step("too many", 403, "", lines...)
		if res := alice.ask(alice.request("OPTIONS", "sip:server.test")); res.StatusCode != 200 {
			t.Errorf("OPTIONS: %d", res.StatusCode)
		}
		if res := alice.ask(alice.request("MESSAGE", "sip:bob@bob.test")); res.StatusCode != 405 || res.GetHeader("allow") == nil {
			t.Errorf("MESSAGE to a registrar: %d", res.StatusCode)
		}
	})
}

func TestDigest(t *testing.T) {
	users := map[string]string{"alice": "secret", "bob": "other"}
	for _, algorithm := range []string{"SHA-512-256", "SHA-256", "MD5"} {
		for code, name := range map[int]string{401: "www-authenticate", 407: "proxy-authenticate"} {
			cfg := sipserver.Config{Registrar: true, Users: users, Algorithms: []string{algorithm, "MD5"}, Challenge: code, Realm: "a realm"}
			inLab(t, cfg, func(l *lab) {
				alice := l.phone("alice")
				req := alice.request("REGISTER", "sip:example.test")
				first := alice.ask(req)
				challenge, err := digest.ParseChallenge(header(first, name))
				if first.StatusCode != code || err != nil || challenge.Algorithm != algorithm || challenge.Realm != "a realm" ||
					challenge.Stale || len(first.GetHeaders(name)) != 2 {
					t.Fatalf("challenge %d %+v, %v", first.StatusCode, challenge, err)
				}
				try := func(what string, want int, stale bool, user, password string, count int, change func(*digest.Credentials)) {
					t.Helper()
					res := alice.register(credentials(first, req, user, password, count, change))
					got, _ := digest.ParseChallenge(header(res, name))
					if res.StatusCode != want || got != nil && got.Stale != stale {
						t.Errorf("%s %s: %d %+v, want %d, stale %v", algorithm, what, res.StatusCode, got, want, stale)
					}
				}
				try("good", 200, false, "alice", "secret", 1, nil)
				try("replay", code, true, "alice", "secret", 1, nil)
				try("next count", 200, false, "alice", "secret", 2, nil)
				try("wrong password", code, false, "alice", "Secret", 3, nil)
				try("unknown user", code, false, "carol", "secret", 3, nil)
				try("somebody else", 403, false, "bob", "other", 3, nil)
				try("upper-case hex", 200, false, "alice", "secret", 4, func(c *digest.Credentials) { c.Response = strings.ToUpper(c.Response) })
				try("other URI", code, false, "alice", "secret", 5, func(c *digest.Credentials) { c.URI = "sip:other.test" })
				try("no qop", code, false, "alice", "secret", 5, func(c *digest.Credentials) { c.QOP = "" })
				try("algorithm not offered", code, false, "alice", "secret", 5, func(c *digest.Credentials) { c.Algorithm = "SHA-512" })
				try("forged nonce", code, false, "alice", "secret", 5, func(c *digest.Credentials) { c.Nonce = "AAAA" + c.Nonce[4:] })
				try("no nonce", code, false, "alice", "secret", 5, func(c *digest.Credentials) { c.Nonce = "" })
				pass(5 * time.Minute)
				try("old nonce", code, true, "alice", "secret", 5, nil)
				for range 20 {
					alice.register(credentials(first, req, "alice", "guess", 6, nil))
				}
			})
		}
	}
}

func TestGuessing(t *testing.T) {
	inLab(t, sipserver.Config{Registrar: true, Users: map[string]string{"alice": "secret"}}, func(l *lab) {
		alice := l.phone("alice")
		req := alice.request("REGISTER", "sip:example.test")
		first := alice.ask(req)
		for i := range 20 { // within one instant
			alice.send(alice.request("REGISTER", "sip:example.test", credentials(first, req, "alice", fmt.Sprint(i), 1, nil)))
		}
		if got := codes(alice.take()); strings.Count(got, "401") != 20 {
			t.Errorf("answers %s", got)
		}
		if res := alice.register(credentials(first, req, "alice", "secret", 1, nil)); res.StatusCode != 403 {
			t.Errorf("after 20 guesses: %d", res.StatusCode)
		}
		pass(time.Minute)
		if res := alice.register(credentials(first, req, "alice", "secret", 1, nil)); res.StatusCode != 200 {
			t.Errorf("a minute later: %d", res.StatusCode)
		}
	})
}

func TestAnswers(t *testing.T) {
	cfg := sipserver.Config{Registrar: true, Proxy: true, Answers: map[string][]sipserver.Answer{
		"REGISTER": {
			{Silent: true}, {Code: 503, Headers: []sipserver.Header{{Name: "Retry-After", Value: "5"}}},
			{Code: 200, Expires: "-7"}, {Code: 401, Stale: true}, {Code: 302, Reason: "Away", Headers: []sipserver.Header{{Name: "Contact", Value: "<sip:x@y>"}}},
		},
		"*":      {{Code: 500, After: 300 * time.Millisecond, Body: "sorry"}},
		"INVITE": {{Code: 183}, {Code: 486, After: time.Second}},
	}}
	inLab(t, cfg, func(l *lab) {
		alice := l.phone("alice")
		silent := alice.request("REGISTER", "sip:example.test")
		alice.send(silent)
		alice.send(silent)
		if got := codes(alice.take()); got != "" {
			t.Errorf("silence: %s", got)
		}
		if res := alice.register(); res.StatusCode != 503 || header(res, "retry-after") != "5" {
			t.Errorf("refused: %s", res)
		}
		if res := alice.register(); res.StatusCode != 200 || registered(res) != "<sip:alice@192.0.2.2:5060>;expires=-7" {
			t.Errorf("odd expiry: %s", res)
		}
		if len(l.server.Bindings()) != 1 {
			t.Error("the binding was not made")
		}
		if res := alice.register(); res.StatusCode != 401 || !strings.Contains(header(res, "www-authenticate"), "stale=true") {
			t.Errorf("stale: %s", res)
		}
		if res := alice.register(); res.StatusCode != 302 || res.Reason != "Away" || registered(res) != "<sip:x@y>" {
			t.Errorf("redirected: %s", res)
		}
		if res := alice.register(); res.StatusCode != 200 {
			t.Errorf("normal service: %s", res)
		}
		if res := alice.ask(alice.request("MESSAGE", "sip:x@y.test")); res.StatusCode != 500 || string(res.Body()) != "sorry" {
			t.Errorf("any method: %s", res)
		}
		alice.send(alice.request("INVITE", "sip:x@y.test"))
		if got := codes(alice.take()); got != "183" {
			t.Errorf("INVITE: %s", got)
		}
		if got := codes(alice.take()); !strings.HasPrefix(got, "486") {
			t.Errorf("INVITE: %s", got)
		}
		var seen []string
		for _, r := range l.server.Requests() {
			seen = append(seen, fmt.Sprint(r.Method, r.Code))
		}
		want := "REGISTER0 REGISTER503 REGISTER200 REGISTER401 REGISTER302 REGISTER200 MESSAGE500 INVITE486"
		if got := strings.Join(seen, " "); got != want {
			t.Errorf("requests %s", got)
		}
	})
}

func TestParseAnswer(t *testing.T) {
	for _, word := range []string{"forward", "silent", "100", "699"} {
		if _, err := sipserver.ParseAnswer(word); err != nil {
			t.Error(err)
		}
	}
	for _, word := range []string{"", "99", "700", "4x4", "Silent", "99999999999999999999"} {
		if a, err := sipserver.ParseAnswer(word); err == nil {
			t.Errorf("%q is %+v", word, a)
		}
	}
}

func TestConfig(t *testing.T) {
	inLab(t, sipserver.Config{Proxy: true}, func(l *lab) {
		host := l.host("other")
		good := sipserver.Config{Name: "other", Net: host, Host: host.Addr(), Rand: seeded(1), Proxy: true}
		for name, change := range map[string]func(*sipserver.Config){
			"no network":   func(c *sipserver.Config) { c.Net = nil },
			"no role":      func(c *sipserver.Config) { c.Proxy = false },
			"challenge":    func(c *sipserver.Config) { c.Challenge = 403 },
			"algorithm":    func(c *sipserver.Config) { c.Algorithms = []string{"ROT13"} },
			"no chance":    func(c *sipserver.Config) { c.Rand = strings.NewReader("") },
			"not our host": func(c *sipserver.Config) { c.Host = netip.MustParseAddr("203.0.113.9") },
		} {
			cfg := good
			change(&cfg)
			if s, err := sipserver.New(cfg); err == nil {
				t.Errorf("%s: no error", name)
				s.Close()
			}
		}
		good.Port = -1
		s, err := sipserver.New(good)
		if err != nil {
			t.Fatal(err)
		}
		if addr, ok := s.Addr("udp"); !ok || addr.Port() == 5060 || s.Name() != "other" {
			t.Errorf("at %v", addr)
		}
		s.Close()
	})
}
