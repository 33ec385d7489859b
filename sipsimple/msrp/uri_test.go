package msrp_test

import (
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

func TestURI(t *testing.T) {
	for text, want := range map[string]msrp.URI{
		"msrp://atlanta.example.com:7654/jshA7weztas;tcp": {Host: "atlanta.example.com", Port: 7654, SessionID: "jshA7weztas", Transport: "tcp"},
		"MSRPS://[2001:db8::1]:9/x;tcp;foo=bar":           {Secure: true, Host: "2001:db8::1", Port: 9, SessionID: "x", Transport: "tcp", Params: ";foo=bar"},
		"msrps://alice@intra.example.com;tcp":             {Secure: true, User: "alice", Host: "intra.example.com", Transport: "tcp"},
	} {
		if got, err := msrp.ParseURI(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "msrp://", "http://a/b;tcp", "msrp://a/b", "msrp://a:0/b;tcp", "msrp://a:65536/b;tcp", "msrp://a:x/b;tcp", "msrp://a:/b;tcp",
		"msrp://[a]/b;tcp", "msrp://[1.2.3.4]/b;tcp", "msrp://a b/c;tcp", "msrp://a/b;", "msrp:///b;tcp", "msrp://a/\x00;tcp", "msrp://a:+1/b;tcp",
	} {
		if got, err := msrp.ParseURI(text); err == nil {
			t.Errorf("%q gave %+v", text, got)
		}
	}
}

func TestURIEqual(t *testing.T) {
	base, _ := msrp.ParseURI("msrp://Host:1/id;tcp")
	for text, want := range map[string]bool{
		"msrp://host:1/id;TCP;x=y": true, "msrp://bob@host:1/id;tcp": true, "msrp://host:1/ID;tcp": false, "msrps://host:1/id;tcp": false,
		"msrp://host:2/id;tcp": false, "msrp://host/id;tcp": false, "msrp://other:1/id;tcp": false,
	} {
		if u, err := msrp.ParseURI(text); err != nil || u.Equal(base) != want || base.Equal(u) != want {
			t.Errorf("%s: %v, want %v", text, !want, want)
		}
	}
	a, _ := msrp.ParsePath("msrp://[2001:db8:0::1]:1/x;tcp msrp://b/y;tcp")
	b, _ := msrp.ParsePath("msrp://[2001:DB8::1]:1/x;tcp  msrp://B/y;tcp")
	if !a.Equal(b) || a.Equal(a[:1]) {
		t.Error("paths")
	}
}

func TestAccepts(t *testing.T) {
	for _, c := range []struct {
		patterns, name string
		want           bool
	}{
		{"*", "x/y", true}, {"text/*", "TEXT/plain;charset=utf-8", true}, {"text/plain", "text/html", false}, {"", "text/plain", false},
		{"text/*", "texture/x", false}, {"message/cpim text/html", "text/html", true}, {"te*", "text/plain", false}, {"text/*", "text", false},
	} {
		if got := msrp.Accepts(strings.Fields(c.patterns), c.name); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func FuzzURI(f *testing.F) {
	f.Add("msrp://atlanta.example.com:7654/jshA7weztas;tcp")
	f.Add("msrps://u@[::1]:9/x;tcp;a=b msrp://c/d;tcp")
	f.Fuzz(func(t *testing.T, text string) {
		path, err := msrp.ParsePath(text)
		if err != nil {
			return
		}
		again, err := msrp.ParsePath(path.String())
		if err != nil || !again.Equal(path) {
			t.Errorf("%q became %q, %v", text, path, err)
		}
	})
}

// TestDigest is the example of RFC 7616 3.9.1 with qop auth, whose arithmetic is the same.
func TestDigest(t *testing.T) {
	const nonce, cnonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
	for algorithm, want := range map[string]string{
		"MD5": "8ca523f5e9506fed4657c9700eebdbec", "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		got := msrp.DigestResponse(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life", "GET", "/dir/index.html", nonce, "00000001", cnonce)
		if got != want {
			t.Errorf("%s: %s", algorithm, got)
		}
	}
	p := msrp.ParseDigest(`realm="a, b=c", qop=auth , nonce="x",stale=TRUE,`)
	if p["realm"] != "a, b=c" || p["qop"] != "auth" || p["nonce"] != "x" || p["stale"] != "TRUE" || len(p) != 4 {
		t.Errorf("%v", p)
	}
}
