package stunserver

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/go-sipsimple/callflow/simnet"
)

// ask runs a server and gives its response to a datagram, nil for none, with where it came from.
func ask(t *testing.T, two bool, data []byte) (res *stun.Message, from string, requests int) {
	t.Helper()
	err := simnet.Bubble(func() {
		n := simnet.New(1)
		defer n.Close()
		host, _ := n.Host("stun", netip.Addr{})
		cfg := Config{Net: host, Host: host.Addr()}
		if two {
			_ = host.AddAddr(netip.Addr{})
			cfg.Alternate = host.Addrs()[1]
		}
		s, err := New(cfg)
		if err != nil {
			t.Error(err)
			return
		}
		defer s.Close()
		if _, err := New(cfg); err == nil {
			t.Error("two servers at one address")
		}
		client, _ := n.Host("client", netip.Addr{})
		c, _ := client.ListenPacket("udp", ":5000")
		_, _ = c.WriteTo(data, net.UDPAddrFromAddrPort(s.Addr()))
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		buf := make([]byte, 1500)
		if size, source, err := c.ReadFrom(buf); err == nil {
			res, from = &stun.Message{Raw: buf[:size]}, source.String()
			if err := res.Decode(); err != nil {
				t.Error(err)
			}
		}
		requests = s.Requests()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	return res, from, requests
}

func TestBinding(t *testing.T) {
	for _, c := range []struct {
		name    string
		two     bool
		setters []stun.Setter
		from    string // where the response comes from, "" for none
		code    stun.ErrorCode
	}{
		{"plain", true, nil, "192.0.2.1:3478", 0},
		{"one address", false, nil, "192.0.2.1:3478", 0},
		{"with fingerprint", true, []stun.Setter{stun.Fingerprint}, "192.0.2.1:3478", 0},
		{"other port", true, []stun.Setter{change{2}}, "192.0.2.1:3479", 0},
		{"other address", true, []stun.Setter{change{4}}, "192.0.2.2:3478", 0},
		{"both", true, []stun.Setter{change{6}}, "192.0.2.2:3479", 0},
		{"no other address", false, []stun.Setter{change{6}}, "192.0.2.1:3478", stun.CodeUnknownAttribute},
		{"unknown attribute", true, []stun.Setter{stun.RawAttribute{Type: 0x7777}}, "192.0.2.1:3478", stun.CodeUnknownAttribute},
		{"optional attribute", true, []stun.Setter{stun.RawAttribute{Type: 0xf777}}, "192.0.2.1:3478", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.BindingRequest}, c.setters...)...)
			res, from, _ := ask(t, c.two, m.Raw)
			if from != c.from || res == nil || res.TransactionID != m.TransactionID {
				t.Fatalf("answered from %q: %v", from, res)
			}
			var code stun.ErrorCodeAttribute
			if _ = code.GetFrom(res); code.Code != c.code {
				t.Errorf("code %d, want %d", code.Code, c.code)
			}
			var mapped stun.XORMappedAddress
			if err := mapped.GetFrom(res); c.code == 0 && (err != nil || mapped.String() != "192.0.2.3:5000" && c.two) {
				t.Errorf("mapped %v, %v", mapped, err)
			}
			if got := res.Contains(stun.AttrOtherAddress); got != (c.two && c.code == 0) {
				t.Errorf("other address told: %v", got)
			}
		})
	}
}

func TestSilence(t *testing.T) {
	request := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.Fingerprint).Raw
	broken := append([]byte(nil), request...)
	broken[len(broken)-1]++
	for name, data := range map[string][]byte{
		"text": []byte("hello"), "empty": {}, "short": request[:10], "fingerprint": broken,
		"response": stun.MustBuild(stun.TransactionID, stun.BindingSuccess).Raw,
		"TURN":     stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw,
	} {
		if res, _, requests := ask(t, true, data); res != nil || requests != 0 {
			t.Errorf("%s: %v, %d requests", name, res, requests)
		}
	}
}

// change is CHANGE-REQUEST.
type change struct{ flags byte }

func (c change) AddTo(m *stun.Message) error {
	m.Add(stun.AttrChangeRequest, []byte{0, 0, 0, c.flags})
	return nil
}

func FuzzServer(f *testing.F) {
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingRequest, change{6}).Raw)
	s := &Server{}
	for a := range s.sockets {
		for p := range s.sockets[a] {
			s.sockets[a][p] = &socket{address: a, port: p, local: netip.MustParseAddrPort("192.0.2.1:3478")}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s.answer(s.sockets[0][0], data, netip.MustParseAddrPort("[2001:db8::1]:1"))
	})
}
