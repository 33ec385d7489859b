package phone

import (
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	for _, c := range []struct{ domain, text, want string }{
		{"", "sip:bob@192.0.2.1", "sip:bob@192.0.2.1"},
		{"", "SIPS:bob@example.org;transport=tcp", "sips:bob@example.org;transport=tcp"},
		{"", "bob@example.org:5070", "sip:bob@example.org:5070"},
		{"", "sip:192.0.2.1", "sip:192.0.2.1"},
		{"", "192.0.2.1:5070", "sip:192.0.2.1:5070"},
		{"", "[2001:db8::1]", "sip:[2001:db8::1]"},
		{"example.org", "bob", "sip:bob@example.org"},
		{"example.org", "+4930123#7", "sip:+4930123%237@example.org"},
		{"example.org", "sip.bob", "sip:sip.bob@example.org"},
		{"", "bob", "has no domain"},
		{"", "sip:", "no SIP URI"},
		{"", "sip:@", "no SIP URI"},
		{"", "sip:bob@192.0.2.1:65536", "port 65536, expected 1 to 65535"},
		{"", "bob@192.0.2.1:-5", "port -5, expected 1 to 65535"},
		{"", "", "no SIP URI"},
		{"example.org", "http://example.org/", "no SIP URI"},
		{"example.org", "mailto:bob@example.org", "no SIP URI"},
		{"example.org", "tel:+4930123", "no SIP URI"},
		{"example.org", "bob baker", "no SIP URI"},
		{"example.org", "bob baker@example.org", "no SIP URI"},
		{"example.org", "bob@exa mple.org", "no SIP URI"},
		{"example.org", "bob\r\nx: y@example.org", "no SIP URI"},
	} {
		a, err := addressIn(c.domain, c.text)
		got := a.URI.String()
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%q in %q: %s, want %s", c.text, c.domain, got, c.want)
		}
	}
}
