package core

import (
	"crypto/sha512"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// challenge is a Digest challenge as a header line.
func challenge(proxy bool, params string) string {
	if proxy {
		return "Proxy-Authenticate: Digest " + params
	}
	return "WWW-Authenticate: Digest " + params
}

// authCall runs a call to a peer that answers each INVITE as respond says, and
// returns the INVITEs sent.
func authCall(t *testing.T, creds *Credentials, respond func(p *peer, n int, req *sip.Request)) (invites []*sip.Request, events string) {
	inLab(t, func(l *lab) {
		a, bob := l.engine(1, nil), l.peer(2)
		n := 0
		bob.auto = func(req *sip.Request) {
			if req.Method == sip.INVITE {
				n++
				respond(bob, n, req)
			}
		}
		alice := l.caller(a, func(p *OutgoingParams) { p.Credentials = creds })
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(3 * time.Second)
		invites, events = bob.requests(sip.INVITE), alice.names()
	})
	return invites, events
}

var alicesKey = &Credentials{Username: "alice", Password: "secret"}

func TestChallengeIsAnswered(t *testing.T) {
	invites, events := authCall(t, alicesKey, func(p *peer, n int, req *sip.Request) {
		if n == 1 {
			p.reply(req, 407, "p",
				challenge(true, `realm="r", nonce="1", algorithm=SHA-512`),
				challenge(true, `realm="r", nonce="2", algorithm=SHA-256, qop="auth-int, auth", opaque="o"`),
				challenge(true, `realm="r", nonce="3", algorithm=MD5`))
			return
		}
		p.reply(req, 180, "bt")
	})
	if events != "Provisional180" || len(invites) != 2 {
		t.Fatalf("%d INVITEs, events %s", len(invites), events)
	}
	first, second := invites[0], invites[1]
	if callIDOf(first) != callIDOf(second) || fromTag(first) != fromTag(second) || second.CSeq().SeqNo != 2 {
		t.Errorf("the second INVITE does not continue the first:\n%s%s", first, second)
	}
	answer, err := digest.ParseCredentials(headerText(second, "proxy-authorization"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := digest.Digest(&digest.Challenge{Realm: "r", Nonce: "2", Algorithm: "SHA-256", QOP: []string{"auth"}},
		digest.Options{Method: "INVITE", URI: "sip:bob@b.test", Count: 1, Username: "alice", Password: "secret", Cnonce: answer.Cnonce})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Response != want.Response || answer.QOP != "auth" || answer.Opaque != "o" || answer.Algorithm != "SHA-256" {
		t.Errorf("got %s", answer)
	}
}

// The examples of RFC 7616 section 3.9.1, with our code around the hash.
func TestDigestVectors(t *testing.T) {
	for algorithm, want := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		c, err := digest.ParseChallenge(`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=` + algorithm +
			`, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`)
		if err != nil {
			t.Fatal(err)
		}
		trimQOP(c)
		got, err := digest.Digest(c, digest.Options{
			Method: "GET", URI: "/dir/index.html", Count: 1, Username: "Mufasa", Password: "Circle of Life",
			Cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
		})
		if err != nil || got.Response != want {
			t.Errorf("%s: %v, %v", algorithm, got, err)
		}
	}
}

// Where the server wants the body protected too (qop auth-int, RFC 7616 section
// 3.4.3), it is the body that is sent. SHA-512-256 is not the first half of a
// SHA-512 (RFC 8760 section 2.2).
func TestDigestOfTheBody(t *testing.T) {
	hash := func(parts ...string) string {
		return fmt.Sprintf("%x", sha512.Sum512_256([]byte(strings.Join(parts, ":"))))
	}
	invites, events := authCall(t, alicesKey, func(p *peer, n int, req *sip.Request) {
		if n == 1 {
			p.reply(req, 401, "p", challenge(false, `realm="r", nonce="n", algorithm=SHA-512-256, qop="auth-int"`))
			return
		}
		p.reply(req, 180, "bt")
	})
	if events != "Provisional180" || len(invites) != 2 {
		t.Fatalf("%d INVITEs, events %s", len(invites), events)
	}
	got, err := digest.ParseCredentials(headerText(invites[1], "authorization"))
	if err != nil {
		t.Fatal(err)
	}
	a2 := hash("INVITE", "sip:bob@b.test", hash(string(offer)))
	want := hash(hash("alice", "r", "secret"), "n", "00000001", got.Cnonce, "auth-int", a2)
	if got.Algorithm != "SHA-512-256" || got.Response != want {
		t.Errorf("got %s, want response %s", got, want)
	}
}

func TestChallengesWithoutEnd(t *testing.T) {
	stale := func(p *peer, n int, req *sip.Request) {
		p.reply(req, 401, "p", challenge(false, `realm="r", nonce="`+strings.Repeat("n", n)+`", stale=true, qop="auth"`))
	}
	same := func(p *peer, n int, req *sip.Request) {
		p.reply(req, 407, "p", challenge(true, `realm="r", nonce="n"`))
	}
	noNonce := func(p *peer, n int, req *sip.Request) {
		p.reply(req, 401, "p", challenge(false, `realm="r", qop="auth"`))
	}
	basic := func(p *peer, n int, req *sip.Request) { p.reply(req, 401, "p", `WWW-Authenticate: Basic realm="r"`) }
	for name, c := range map[string]struct {
		creds   *Credentials
		respond func(*peer, int, *sip.Request)
		invites int
		event   string
	}{
		"stale for ever":    {alicesKey, stale, 3, "Rejected401"},
		"wrong password":    {alicesKey, same, 2, "Rejected407"},
		"no credentials":    {nil, same, 1, "Rejected407"},
		"basic":             {alicesKey, basic, 1, "Rejected401"},
		"no nonce":          {alicesKey, noNonce, 1, "Rejected401"},
		"of another realm":  {&Credentials{Username: "alice", Password: "secret", Realms: []string{"mine"}}, same, 1, "Rejected407"},
		"of the same realm": {&Credentials{Username: "alice", Password: "secret", Realms: []string{"r"}}, same, 2, "Rejected407"},
	} {
		t.Run(name, func(t *testing.T) {
			invites, events := authCall(t, c.creds, c.respond)
			if len(invites) != c.invites || events != c.event {
				t.Errorf("%d INVITEs, %s; want %d, %s", len(invites), events, c.invites, c.event)
			}
			for _, req := range invites {
				if strings.Contains(req.String(), "secret") {
					t.Error("the password left")
				}
			}
		})
	}
}

// A proxy and the server behind it may have one name for their realms: each gets
// credentials of its own (RFC 3261 section 22.3).
func TestProxyAndServerOfOneRealm(t *testing.T) {
	invites, events := authCall(t, alicesKey, func(p *peer, n int, req *sip.Request) {
		switch n {
		case 1:
			p.reply(req, 407, "p", challenge(true, `realm="r", nonce="1", qop="auth"`))
		case 2:
			p.reply(req, 401, "p", challenge(false, `realm="r", nonce="2", qop="auth"`))
		default:
			p.reply(req, 180, "bt")
		}
	})
	if events != "Provisional180" || len(invites) != 3 {
		t.Fatalf("%d INVITEs, events %s", len(invites), events)
	}
	for name, want := range map[string][]string{"proxy-authorization": {`nonce="1"`, "nc=00000002"}, "authorization": {`nonce="2"`, "nc=00000001"}} {
		for _, part := range want {
			if got := headerText(invites[2], name); !strings.Contains(got, part) {
				t.Errorf("%s has no %s: %q", name, part, got)
			}
		}
	}
}

func TestByeIsChallenged(t *testing.T) {
	inLab(t, func(l *lab) {
		a, bob := l.engine(1, nil), l.peer(2)
		byes := 0
		bob.auto = func(req *sip.Request) {
			switch req.Method {
			case sip.INVITE:
				bob.replySDP(req, 200, "bt")
			case sip.BYE:
				if byes++; byes == 1 {
					bob.reply(req, 407, "", challenge(true, `realm="r", nonce="x", qop="auth"`))
				} else {
					bob.reply(req, 200, "")
				}
			}
		}
		alice := l.caller(a, func(p *OutgoingParams) { p.Credentials = alicesKey })
		alice.react = acknowledging(alice)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(time.Second)
		alice.do(func(i *Invitation) { i.Bye(0, "") })
		pass(time.Second)
		alice.expect(t, "Accepted ByeDone200")
		if bye := bob.last(sip.BYE); bye.CSeq().SeqNo != 3 || headerText(bye, "proxy-authorization") == "" {
			t.Errorf("second BYE:\n%s", bye)
		}
	})
}
