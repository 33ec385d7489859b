package simnet_test

import (
	"testing"

	"github.com/go-sipsimple/callflow/simnet"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		data string
		want string
		is   []string
		not  []string
	}{
		{"INVITE sip:bob@bob.test SIP/2.0\r\nVia: x\r\ncseq : 7 INVITE\r\n\r\n", "INVITE",
			[]string{"INVITE", "sip", "any"}, []string{"ACK", "200", "rtp", "200 INVITE", "1xx", ""}},
		{"SIP/2.0 200 OK\r\nVia: x\r\nCSeq: 7 INVITE\r\n\r\nCSeq: 1 BYE\r\n", "200 INVITE",
			[]string{"200", "2xx", "200 INVITE", "2xx INVITE", "sip"}, []string{"INVITE", "20", "180", "200 BYE"}},
		{"SIP/2.0 180 Ringing\r\n\r\nCSeq: 1 BYE\r\n", "180", []string{"180", "1xx"}, []string{"180 BYE"}},
		{"\x80\x00............", "rtp", []string{"rtp"}, []string{"rtcp", "sip"}},
		{"\x80\xe0............", "rtp", []string{"rtp"}, nil}, // payload type 96 with the marker bit
		{"\x81\xc8............", "rtcp", []string{"rtcp"}, []string{"rtp"}},
		{"\x00\x01\x00\x00\x21\x12\xa4\x42............", "stun", []string{"stun"}, nil},
		{"MSRP d93kswow SEND\r\n", "SEND", []string{"msrp", "SEND"}, []string{"sip"}},
		{"MSRP d93kswow 200 OK\r\n", "200", []string{"msrp", "200"}, nil},
		{"\x16\x03\x01\x00\x05", "tls", []string{"tls"}, nil},
		{"\x16\xfe\xfd\x00\x05", "dtls", []string{"dtls"}, nil},
		{"", "unknown", []string{"any"}, []string{"sip"}},
		{"\r\n\r\n", "unknown", nil, []string{"sip"}},
		{"HELLO", "unknown", nil, []string{"HELLO"}},
	} {
		kind := simnet.Classify([]byte(c.data))
		if kind.String() != c.want {
			t.Errorf("%q is %v, not %s", c.data, kind, c.want)
		}
		for _, message := range c.is {
			if !kind.Is(message) {
				t.Errorf("%q is not %q", c.data, message)
			}
		}
		for _, message := range c.not {
			if kind.Is(message) {
				t.Errorf("%q is %q", c.data, message)
			}
		}
	}
	if kind := simnet.Classify([]byte("ACK sip:x SIP/2.0\nCSeq: 4294967295 ACK\n\n")); kind.CSeq != 4294967295 || kind.CSeqMethod != "ACK" {
		t.Errorf("got %+v", kind)
	}
}

func FuzzClassify(f *testing.F) {
	f.Add([]byte("SIP/2.0 200 OK\r\nCSeq: 7 INVITE\r\n\r\n"))
	f.Add([]byte{0x80, 0xc8, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		kind := simnet.Classify(data)
		if !kind.Is("any") || kind.String() == "" {
			t.Errorf("%+v", kind)
		}
	})
}
