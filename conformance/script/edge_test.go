package script_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/conformance/script"
)

// certificate is one that everybody in the lab has and trusts.
func certificate(t *testing.T, addrs ...net.IP) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"p.test", "q.test"}, IPAddresses: addrs, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, RootCAs: pool}
}

func TestCallOverTLS(t *testing.T) {
	play(t, func(l *lab) {
		cfg := certificate(t, net.IPv4(192, 0, 2, 1), net.IPv4(192, 0, 2, 2))
		secure := func(c *script.Config) { c.Transport, c.TLS = "tls", cfg }
		p, q := l.party("p", secure), l.party("q", secure)
		established(l, p, q)
		l.do(q, request("BYE"))
		l.do(p, receive("BYE", "transport", "tls"), respond(200))
		l.do(q, receive("200"))
		if addr, ok := p.Addr("tls"); !ok || addr.Port() != 5061 {
			t.Errorf("tls address %v, %v", addr, ok)
		}
	})
}

// TestViews: a receive looks at one peer, at the answers of one request, or at
// one dialog, and 100s are in nobody's way.
func TestViews(t *testing.T) {
	play(t, func(l *lab) {
		p, q, r := l.party("p", nil), l.party("q", nil), l.party("r", nil)
		l.do(q, request("OPTIONS", "to", "p"))
		l.do(r, request("MESSAGE", "to", "p", "body", "hello"))
		l.do(p, receive("MESSAGE", "from", "r", "Content-Type", "text/plain", "body", "hello"), respond(200),
			receive("OPTIONS", "from", "q", "as", "o"), respond(100), respond(200, "to", "o"))
		l.do(q, receive("100"), receive("200"))
		l.do(r, receive("200"))

		l.do(p, request("INVITE", "to", "q", "as", "one"), request("INVITE", "to", "r", "as", "two"))
		l.do(q, receive("INVITE"), respond(100), respond(486))
		l.do(r, receive("INVITE"), respond(404))
		l.do(p, receive("404", "to", "two"), on("one", receive("486", "to", "one")))
		wantUnread(t, p)
		// A dialog goes by the name of the party at its other end, too.
		l.do(p, on("q", request("INFO", "dialog", "none", "to_tag", "odd", "cseq", "7", "branch", "z9hG4bKmine", "ruri", "sip:x@q.test")))
		l.do(q, receive("INFO", "to_tag", "odd", "cseq", "7", "branch", "z9hG4bKmine", "ruri", "sip:x@q.test"), respond(481))
		l.do(p, on("q", receive("481")))
	})
}

func TestRoutes(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		record := "<sip:q@q.test;lr>\n<sip:192.0.2.1;lr>"
		l.do(p, request("INVITE", "to", "q", "headers", headers("Record-Route", "<sip:one.test;lr>\n<sip:two.test;lr>")))
		l.do(q, receive("INVITE", "Record-Route", []any{"<sip:one.test;lr>", "<sip:two.test;lr>"}),
			respond(200, "headers", headers("Record-Route", record)))
		l.do(p, receive("200"), request("ACK"))
		// Reversed at the calling end; the first one is where the request went.
		l.wantSent("p 0.0 INVITE", "q 0.0 200", "p 0.0 ACK")
		l.do(p, receive("ACK", "Route", []any{"<sip:192.0.2.1;lr>", "<sip:q@q.test;lr>"}))
	})
}

func TestOrigin(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		for origin, want := range map[string]string{
			"other": "other IN IP4 192.0.2.1", "x IN IP6 ::1": "x IN IP6 ::1", "x 9 9 IN IP4 h": "x IN IP4 h",
		} {
			l.do(p, request("INVITE", "to", "q", "sdp", &scenario.SDPSpec{Origin: origin, Lines: []scenario.SDPLine{line("a", "alive")}}))
			l.do(q, receive("INVITE", "sdp", with("origin", want)), respond(488))
			l.do(p, receive("488"))
		}
		if err := l.try(p, request("INVITE", "to", "q", "sdp", &scenario.SDPSpec{Origin: "a b"})); err == nil {
			t.Error("an origin of two fields is none")
		}
	})
}

func TestMSRPLines(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		l.do(p, request("INVITE", "to", "q", "sdp", lines(
			scenario.SDPLine{Name: "c", Protocol: "TCP/TLS/MSRP"},
			scenario.SDPLine{Name: "file-transfer", Direction: "sendonly", Attributes: []string{`file-selector:name:"x" size:1`}},
		)))
		l.do(q, receive("INVITE", "sdp", with("c", with("protocol", "TCP/TLS/MSRP", "attributes", []any{"/^path:msrps:/", "any", "setup:active"}),
			"file-transfer", with("direction", "sendonly"))), respond(200, "sdp", "answer"))
		l.do(p, receive("200", "sdp", with("mirror", "true", "c", "alive",
			"file-transfer", with("direction", "recvonly", "attributes", []any{"/^path:msrp:/", "/^file-selector/", "recvonly", "any", "setup:passive"}))),
			request("ACK"))
		l.do(q, receive("ACK"))
	})
}

// TestClosed: waiting steps end, and closing twice does no harm.
func TestClosed(t *testing.T) {
	play(t, func(l *lab) {
		p := l.party("p", nil)
		time.AfterFunc(time.Second, p.Close)
		if err := l.try(p, receive("INVITE")); err != script.ErrClosed || l.elapsed() != time.Second {
			t.Errorf("after %v: %v", l.elapsed(), err)
		}
		p.Close()
	})
}

func TestPartyAPI(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		reason, frag := "Odd", "SIP/2.0 200 OK"
		if err := p.Request(script.Request{Method: "INVITE", To: "q", Labels: []string{"call"}, Content: script.Content{
			SDP: lines(line("a", "sendrecv"))}}); err != nil {
			t.Fatal(err)
		}
		r, err := q.Receive(l.t.Context(), func(r *script.Received) bool { return r.Request() != nil })
		if err != nil || r.Fields["from_tag"] != p.CallerTag("call") || p.CallerTag("none") != "" {
			t.Fatalf("%v, %v", r, err)
		}
		if names := p.LineNames(p.CallerTag("call")); len(names) != 1 || names[0] != "a" {
			t.Errorf("names %v", names)
		}
		if err := q.Respond(script.Answer{Code: 299, Reason: &reason, Once: true, Content: script.Content{Sipfrag: &frag}}); err != nil {
			t.Fatal(err)
		}
		l.do(p, receive("2xx", "reason", "Odd", "sipfrag", "200"))
		l.sleep(time.Minute)
		l.wantSent("p 0.0 INVITE", "q 0.0 299")
	})
}
