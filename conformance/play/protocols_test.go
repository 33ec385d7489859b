package play

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"github.com/pion/stun/v4"
	"golang.org/x/net/dns/dnsmessage"
)

// TestDNSFields: a message of DNS in the words of zone lines.
func TestDNSFields(t *testing.T) {
	name := dnsmessage.MustNewName("_sip._udp.example.test.")
	question := dnsmessage.Question{Name: name, Type: dnsmessage.TypeSRV, Class: dnsmessage.ClassINET}
	header := dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET}
	query := dnsmessage.Message{Questions: []dnsmessage.Question{question}}
	answer := dnsmessage.Message{
		Header: dnsmessage.Header{Response: true}, Questions: query.Questions,
		Answers: []dnsmessage.Resource{
			{Header: header, Body: &dnsmessage.SRVResource{Priority: 10, Port: 5060, Target: dnsmessage.MustNewName("proxy.")}},
			{Header: header, Body: &dnsmessage.AResource{A: [4]byte{192, 0, 2, 7}}},
			{Header: header, Body: &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr("2001:db8::7").As16()}},
			{Header: header, Body: &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("x.test.")}},
			{Header: header, Body: &dnsmessage.UnknownResource{Type: typeNAPTR,
				Data: []byte("\x00\x0a\x00\x14\x01s\x07SIP+D2U\x00\x04_sip\x01x\x00")}},
		},
	}
	refusal := dnsmessage.Message{Header: dnsmessage.Header{Response: true, RCode: dnsmessage.RCodeServerFailure}, Questions: query.Questions}
	for _, test := range []struct {
		message dnsmessage.Message
		want    map[string]any
	}{
		{query, map[string]any{"method": "SRV", "name": "_sip._udp.example.test"}},
		{answer, map[string]any{"method": "SRV", "name": "_sip._udp.example.test", "code": "NOERROR", "answers": []any{
			"SRV 10 0 5060 proxy", "A 192.0.2.7", "AAAA 2001:db8::7", "CNAME x.test", "NAPTR 10 20 s SIP+D2U _sip.x"}}},
		{refusal, map[string]any{"method": "SRV", "name": "_sip._udp.example.test", "code": "SERVFAIL", "answers": []any{}}},
	} {
		data, err := test.message.Pack()
		if err != nil {
			t.Fatal(err)
		}
		if got := dnsFields(data); !reflect.DeepEqual(got, test.want) {
			t.Errorf("got  %v\nwant %v", got, test.want)
		}
	}
}

// TestSTUNFields: a message of STUN.
func TestSTUNFields(t *testing.T) {
	change := stun.RawAttribute{Type: stun.AttrChangeRequest, Value: []byte{0, 0, 0, 6}}
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest, change)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := stun.Build(stun.TransactionID, stun.BindingSuccess, &stun.XORMappedAddress{IP: []byte{192, 0, 2, 7}, Port: 5060})
	if err != nil {
		t.Fatal(err)
	}
	refusal, err := stun.Build(stun.TransactionID, stun.BindingError, stun.CodeUnknownAttribute)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		data []byte
		want map[string]any
	}{
		{request.Raw, map[string]any{"method": "BINDING", "change": "both"}},
		{answer.Raw, map[string]any{"method": "BINDING", "code": 200, "mapped": "192.0.2.7:5060"}},
		{refusal.Raw, map[string]any{"method": "BINDING", "code": 420}},
	} {
		if got := stunFields(test.data); !reflect.DeepEqual(got, test.want) {
			t.Errorf("got  %v\nwant %v", got, test.want)
		}
	}
}

// TestNoise: octets that mean nothing have no fields, and harm nobody.
func TestNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		data := make([]byte, random.IntN(80))
		for i := range data {
			data[i] = byte(random.IntN(256))
		}
		dnsFields(data)
		naptr(data)
		stunFields(data)
	}
}
