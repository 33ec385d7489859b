package sdp_test

import (
	"fmt"
	"net/netip"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// An answerer that can do audio only refuses the fax and takes the first codec
// of the offer that it knows.
func ExampleNegotiation() {
	offer, err := sdp.Parse([]byte("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" +
		"m=image 4000 udptl t38\r\nm=audio 4002 RTP/AVP 3 8 0\r\na=sendonly\r\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ours := sdp.NewSession("example", netip.MustParseAddr("192.0.2.2"), 0)
	ours.MediaDescriptions = []*psdp.MediaDescription{nil, {
		MediaName: psdp.MediaName{
			Media: "audio", Port: psdp.RangedPort{Value: 50000}, Protos: []string{"RTP", "AVP"}, Formats: []string{"0", "8"},
		},
		Attributes: []psdp.Attribute{{Key: "rtpmap", Value: "0 PCMU/8000"}, {Key: "rtpmap", Value: "8 PCMA/8000"}},
	}}

	n := sdp.NewNegotiation(77)
	if err := n.SetRemoteOffer(offer); err != nil {
		fmt.Println(err)
		return
	}
	answer, err := n.SetLocalAnswer(ours)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range answer.MediaDescriptions {
		fmt.Println(m.MediaName.String(), sdp.Direction(m, answer))
	}
	// Output:
	// image 0 udptl t38 sendrecv
	// audio 50000 RTP/AVP 8 recvonly
}
