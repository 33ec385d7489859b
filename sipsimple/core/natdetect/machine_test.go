package natdetect

import (
	"net/netip"
	"testing"
)

// The whole flow chart of RFC 3489 section 10.1, by answers.
func TestFlowChart(t *testing.T) {
	local, server := netip.MustParseAddrPort("192.168.0.1:1"), netip.MustParseAddrPort("192.0.2.1:3478")
	other, mapped := netip.MustParseAddrPort("192.0.2.2:3479"), netip.MustParseAddrPort("203.0.113.1:7")
	none := answer{}
	from := func(mapped netip.AddrPort) answer { return answer{ok: true, mapped: mapped, other: other} }
	for name, c := range map[string]struct {
		answers []answer
		want    Type
	}{
		"blocked":         {[]answer{none}, Blocked},
		"one address":     {[]answer{{ok: true, mapped: mapped, other: netip.MustParseAddrPort("192.0.2.1:3479")}}, ErrUnknown},
		"open":            {[]answer{from(local), from(local)}, Open},
		"firewall":        {[]answer{from(local), none}, SymmetricUDP},
		"full cone":       {[]answer{from(mapped), from(mapped)}, FullCone},
		"symmetric":       {[]answer{from(mapped), none, from(local)}, Symmetric},
		"restricted":      {[]answer{from(mapped), none, from(mapped), from(mapped)}, Restricted},
		"port restricted": {[]answer{from(mapped), none, from(mapped), none}, PortRestricted},
		"half a server":   {[]answer{from(mapped), none, none}, ErrUnknown},
	} {
		m := machine{local: local, server: server}
		for i, a := range c.answers {
			_, result, done, err := m.next(a)
			if last := i == len(c.answers)-1; done != last || last && result != c.want || (err != nil) != (result == ErrUnknown) {
				t.Errorf("%s, answer %d: %s %v %v", name, i, result, done, err)
			}
		}
	}
}
