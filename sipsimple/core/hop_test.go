package core

import (
	"net/netip"
	"testing"
	"time"
)

// The name that a certificate must carry is that of the route if it says one, else
// the domain called where the route is an address, else the name of the route (RFC
// 5922 section 7.2).
func TestNameOfTheCertificate(t *testing.T) {
	for _, c := range []struct {
		route Route
		to    string // "" for a request that is no call
		want  string
	}{
		{Route{Address: "192.0.2.9", ServerName: "a.test"}, "", "a.test"},
		{Route{Address: "192.0.2.9"}, "", "192.0.2.9"},
		{Route{Address: "192.0.2.9", ServerName: "a.test"}, "sips:bob@b.test", "a.test"},
		{Route{Address: "192.0.2.9"}, "sips:bob@b.test", "b.test"},
		{Route{Address: "late.test"}, "sips:bob@b.test", "late.test"},
		{Route{Address: "late.test"}, "", "late.test"},
	} {
		inLab(t, func(l *lab) {
			e, got := l.engine(1, nil), "nothing"
			e.post(func() {
				name := ""
				if c.to != "" {
					u := newUsage(e)
					u.params = &OutgoingParams{To: address(c.to)}
					name = u.serverName(c.route)
				}
				e.find(c.route, name, func(w way, err error) { got = w.dest.ServerName })
			})
			pass(2 * time.Second)
			if got != c.want {
				t.Errorf("%+v, call of %q: %q, want %q", c.route, c.to, got, c.want)
			}
		})
	}
}

// Of the addresses of a name the first is taken that we can reach.
func TestAddressOfOurFamily(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")
	for host, want := range map[string]netip.Addr{"192.0.2.1": four, "2001:db8::1": six, "0.0.0.0": six} {
		e := &Engine{cfg: Config{Host: netip.MustParseAddr(host)}}
		if got := e.choose([]netip.Addr{six, four}); got != want {
			t.Errorf("%s takes %s, want %s", host, got, want)
		}
	}
}
