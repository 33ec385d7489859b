package msrp_test

import (
	"net/netip"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// TestAllowNear: nobody is led where only we can go (reliability C15).
func TestAllowNear(t *testing.T) {
	for _, c := range []struct {
		host, to string
		want     bool
	}{
		{"192.0.2.1", "192.0.2.2", true},
		{"192.0.2.1", "2001:db8::1", true},
		{"192.0.2.1", "127.0.0.1", false},
		{"192.0.2.1", "::1", false},
		{"192.0.2.1", "::ffff:127.0.0.1", false},
		{"192.0.2.1", "10.1.2.3", false},
		{"192.0.2.1", "fd00::1", false},
		{"192.0.2.1", "169.254.169.254", false},
		{"192.0.2.1", "fe80::1", false},
		{"192.0.2.1", "0.0.0.0", false},
		{"192.0.2.1", "::", false},
		{"192.0.2.1", "224.0.0.1", false},
		{"192.0.2.1", "255.255.255.255", false},
		{"192.168.1.1", "10.1.2.3", true},
		{"192.168.1.1", "127.0.0.1", false},
		{"192.168.1.1", "169.254.169.254", false},
		{"127.0.0.1", "127.0.0.1", true},
	} {
		if got := msrp.AllowNear(netip.MustParseAddr(c.host), netip.MustParseAddr(c.to)); got != c.want {
			t.Errorf("from %s to %s: %v", c.host, c.to, got)
		}
	}
}
