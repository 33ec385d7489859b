package dnsserver

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func TestParseRecord(t *testing.T) {
	for line, want := range map[string]string{ // part of the error, "" for none
		"example.test NAPTR 10 10 s SIP+D2U _sip._udp.example.test": "",
		`example.test NAPTR 10 10 "" E2U+sip "!^.*$!sip:x@y!" .`:    "",
		"_sip._udp.example.test SRV 10 0 5060 nowhere":              "",
		"slow.test TIMEOUT":                        "",
		"x.test 60 A bob":                          "",
		"x.test aaaa 2001:db8::1":                  "",
		`x.test TXT "https://x.test/a b"`:          "",
		"x.test":                                   "no zone line",
		"x.test MX 10 y":                           "unknown type",
		"x.test A 2001:db8::1":                     "no address for A",
		"x.test A":                                 "an address or a host",
		"x.test SRV 1 2 y":                         "priority, weight, port, target",
		"x.test SRV 1 2 70000 y":                   "no number",
		"x.test NAPTR 1 2 s SIP+D2U":               "replacement",
		"x.test NAPTR 1 x s SIP+D2U y":             "no number",
		"x.test TIMEOUT 3s":                        "has no data",
		`x.test TXT "open`:                         "has no end",
		"x.test TXT":                               "a text",
		strings.Repeat("x", 300) + " A bob":        "no name",
		"x.test CNAME " + strings.Repeat("y", 300): "no name",
		"x.test NAPTR 1 2 s SIP+D2U " + strings.Repeat("z", 300) + " y": "too long",
	} {
		_, err := ParseRecord(line)
		if err == nil != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v", line, err)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add(`x.test 60 NAPTR 1 2 "s" SIP+D2U "" y`)
	f.Fuzz(func(t *testing.T, line string) {
		r, err := ParseRecord(line)
		if err != nil {
			return
		}
		s := &Server{cfg: Config{Lookup: func(string) []netip.Addr { return nil }}, zone: map[string][]Record{r.Name: {r}}}
		for _, typ := range []dnsmessage.Type{typeNAPTR, dnsmessage.TypeSRV, dnsmessage.TypeTXT, dnsmessage.TypeA} {
			name, err := dnsmessage.NewName(r.Name)
			if err != nil {
				t.Fatal(err)
			}
			m := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: name, Type: typ, Class: dnsmessage.ClassINET}}}
			if data, err := m.Pack(); err == nil {
				s.answer(data, netip.AddrPort{}, "udp")
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01x\x04test\x00\x00\x21\x00\x01"))
	r, _ := ParseRecord("x.test SRV 1 2 3 x.test")
	s := &Server{zone: map[string][]Record{r.Name: {r}}}
	f.Fuzz(func(t *testing.T, data []byte) { s.answer(data, netip.AddrPort{}, "udp") })
}
