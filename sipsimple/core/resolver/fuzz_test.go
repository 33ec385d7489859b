package resolver

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func FuzzResponse(f *testing.F) {
	q := question{"x.test.", typeNAPTR}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 1, Response: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName("x.test."), Type: typeNAPTR, Class: dnsmessage.ClassINET}},
	}
	h := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("x.test."), Class: dnsmessage.ClassINET, TTL: 9}
	for _, body := range []dnsmessage.ResourceBody{
		&dnsmessage.UnknownResource{Type: typeNAPTR, Data: []byte("\x00\x01\x00\x02\x01s\x07SIP+D2U\x00\x01y\x04test\x00")},
		&dnsmessage.SRVResource{Port: 1, Target: dnsmessage.MustNewName("y.test.")},
		&dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("x.test.")},
		&dnsmessage.AResource{}, &dnsmessage.AAAAResource{}, &dnsmessage.TXTResource{TXT: []string{"t"}},
	} {
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: body})
	}
	data, err := m.Pack()
	if err != nil {
		f.Fatal(err)
	}
	res, err := readResponse(data, 1, q)
	if err != nil || len(res.answers) != 6 || res.answers[0].target != "y.test." || res.answers[0].service != "SIP+D2U" {
		f.Fatalf("%+v, %v", res, err)
	}
	for name, err := range map[string]error{
		"id":   second(readResponse(data, 2, q)),
		"name": second(readResponse(data, 1, question{"y.test.", typeNAPTR})),
		"type": second(readResponse(data, 1, question{"x.test.", typeSRV})),
	} {
		if err == nil {
			f.Errorf("the answer to another question is taken: other %s", name)
		}
	}
	f.Add(data)
	f.Add(data[:len(data)-9])
	f.Fuzz(func(t *testing.T, data []byte) {
		res, err := readResponse(data, 1, q)
		if err != nil {
			return
		}
		if len(res.answers) > maxRecords || len(res.extra) > maxRecords {
			t.Errorf("%d and %d records", len(res.answers), len(res.extra))
		}
		follow(q.name, res.answers)
		byOrder(res.answers)
		bySelection(res.answers, func(n uint32) uint32 { return n / 2 })
		for _, r := range res.answers {
			_ = r.String()
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestSelection(t *testing.T) {
	list := []record{{weight: 0, port: 1}, {weight: 5, port: 2}, {weight: 5, port: 3}}
	ports := func(draw func(uint32) uint32) (p [3]uint16) {
		for i, r := range bySelection(list, draw) {
			p[i] = r.port
		}
		return p
	}
	if got := ports(func(uint32) uint32 { return 0 }); got != [3]uint16{1, 2, 3} {
		t.Errorf("lot 0: %v", got)
	}
	if got := ports(func(n uint32) uint32 { return n }); got != [3]uint16{3, 2, 1} {
		t.Errorf("highest lot: %v", got)
	}
	if got := ports(nil); got != [3]uint16{2, 3, 1} {
		t.Errorf("no lot: %v", got)
	}
}

func TestSystemNameservers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "resolv.conf")
	text := "# comment\nsearch test\nnameserver 192.0.2.1\nnameserver x\nnameserver\nnameserver 2001:db8::1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := SystemNameservers(file)
	if err != nil || len(got) != 3 || got[1] != netip.MustParseAddrPort("[2001:db8::1]:53") {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := SystemNameservers(file + "x"); err == nil {
		t.Error("no such file")
	}
}
