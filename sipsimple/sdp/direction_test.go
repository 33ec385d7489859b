package sdp_test

import (
	"strings"
	"testing"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

var directions = []psdp.Direction{sdp.SendRecv, sdp.SendOnly, sdp.RecvOnly, sdp.Inactive}

func TestOfferDirection(t *testing.T) {
	for _, tt := range []struct {
		current psdp.Direction
		hold    bool
		want    psdp.Direction
	}{
		{0, false, sdp.SendRecv}, {0, true, sdp.SendRecv},
		{sdp.SendRecv, false, sdp.SendRecv}, {sdp.SendRecv, true, sdp.SendOnly},
		{sdp.SendOnly, false, sdp.SendRecv}, {sdp.SendOnly, true, sdp.SendOnly},
		{sdp.RecvOnly, false, sdp.RecvOnly}, {sdp.RecvOnly, true, sdp.Inactive},
		{sdp.Inactive, false, sdp.RecvOnly}, {sdp.Inactive, true, sdp.Inactive},
	} {
		if got := sdp.OfferDirection(tt.current, tt.hold); got != tt.want {
			t.Errorf("OfferDirection(%v, %v) = %v, want %v", tt.current, tt.hold, got, tt.want)
		}
	}
}

func TestAnswerDirection(t *testing.T) {
	for _, tt := range []struct{ offer, free, hold psdp.Direction }{
		{sdp.SendRecv, sdp.SendRecv, sdp.SendOnly},
		{sdp.SendOnly, sdp.RecvOnly, sdp.Inactive},
		{sdp.RecvOnly, sdp.SendOnly, sdp.SendOnly},
		{sdp.Inactive, sdp.Inactive, sdp.Inactive},
	} {
		if got := sdp.AnswerDirection(tt.offer, false); got != tt.free {
			t.Errorf("answer to %v = %v, want %v", tt.offer, got, tt.free)
		}
		if got := sdp.AnswerDirection(tt.offer, true); got != tt.hold {
			t.Errorf("answer to %v while we hold = %v, want %v", tt.offer, got, tt.hold)
		}
	}
}

func TestDirectionAlgebra(t *testing.T) {
	for _, a := range directions {
		if sdp.Reverse(sdp.Reverse(a)) != a {
			t.Errorf("%v reversed twice is %v", a, sdp.Reverse(sdp.Reverse(a)))
		}
		for _, b := range directions {
			// What both ends end up with is each other's reverse, and settles.
			ours := sdp.Intersect(a, b)
			if theirs := sdp.Intersect(b, a); theirs != sdp.Reverse(ours) {
				t.Errorf("%v against %v: %v here, %v there", a, b, ours, theirs)
			}
			if sdp.Intersect(ours, b) != ours {
				t.Errorf("%v against %v does not settle", a, b)
			}
		}
	}
}

func TestDirectionOfALine(t *testing.T) {
	for _, tt := range []struct {
		session, media string
		want, peer     psdp.Direction
	}{
		{"", "", sdp.SendRecv, sdp.SendRecv},
		{"a=inactive", "", sdp.Inactive, sdp.Inactive},
		{"a=inactive", "a=sendonly", sdp.SendOnly, sdp.SendOnly},
		{"", "a=recvonly\r\na=sendonly", sdp.RecvOnly, sdp.RecvOnly},
		{"", "c=IN IP4 0.0.0.0", sdp.SendRecv, sdp.SendOnly},
		{"", "c=IN IP6 ::\r\na=recvonly", sdp.RecvOnly, sdp.Inactive},
	} {
		text := strings.Join([]string{head + tt.session, "m=audio 4000 RTP/AVP 0", tt.media}, "\r\n")
		d, err := sdp.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		m := d.MediaDescriptions[0]
		if got, peer := sdp.Direction(m, d), sdp.PeerDirection(m, d); got != tt.want || peer != tt.peer {
			t.Errorf("session %q, media %q: %v, of a peer %v; want %v, %v", tt.session, tt.media, got, peer, tt.want, tt.peer)
		}
	}
}

func TestSetDirection(t *testing.T) {
	m := mustParse(t, "m=audio 4000 RTP/AVP 0", "a=sendonly", "a=ptime:20", "a=inactive").MediaDescriptions[0]
	sdp.SetDirection(m, sdp.RecvOnly)
	if len(m.Attributes) != 2 || m.Attributes[1].Key != "recvonly" {
		t.Errorf("attributes %v", m.Attributes)
	}
}
