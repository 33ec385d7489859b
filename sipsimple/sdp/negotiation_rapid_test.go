package sdp_test

import (
	"fmt"
	"net/netip"
	"testing"

	psdp "github.com/pion/sdp/v3"
	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

func drawDescription(t *rapid.T, label string) *psdp.SessionDescription {
	d := sdp.NewSession("rapid", netip.MustParseAddr("192.0.2.1"), 1)
	for i := range rapid.IntRange(0, 4).Draw(t, label+" lines") {
		d.MediaDescriptions = append(d.MediaDescriptions, drawLine(t, fmt.Sprint(label, i)))
	}
	return d
}

func drawLine(t *rapid.T, label string) *psdp.MediaDescription {
	m := &psdp.MediaDescription{MediaName: psdp.MediaName{
		Media:   rapid.SampledFrom([]string{"audio", "audio", "message", "image"}).Draw(t, label+" media"),
		Port:    psdp.RangedPort{Value: rapid.SampledFrom([]int{0, 4000, 5000}).Draw(t, label+" port")},
		Protos:  rapid.SampledFrom([][]string{{"RTP", "AVP"}, {"RTP", "AVP"}, {"TCP", "MSRP"}}).Draw(t, label+" protocol"),
		Formats: rapid.SliceOfN(rapid.SampledFrom([]string{"0", "8", "9", "96", "101", "*"}), 0, 4).Draw(t, label+" formats"),
	}}
	m.Attributes = rapid.SliceOfN(rapid.SampledFrom([]psdp.Attribute{
		{Key: "rtpmap", Value: "96 opus/48000/2"}, {Key: "rtpmap", Value: "101 telephone-event/8000"},
		{Key: "rtpmap", Value: "101 opus/48000/2"}, {Key: "fmtp", Value: "96 x=1"}, {Key: "sendonly"}, {Key: "inactive"}, {Key: "recvonly"},
	}), 0, 4).Draw(t, label+" attributes")
	return m
}

// shared are descriptions that somebody may still look at, and how they were.
type shared map[*psdp.SessionDescription]string

// add notes descriptions; nil is none.
func (s shared) add(list ...*psdp.SessionDescription) {
	for _, d := range list {
		if d != nil && s[d] == "" {
			s[d] = string(sdp.Marshal(d))
		}
	}
}

// check: nobody changes what was handed out.
func (s shared) check(t *rapid.T) {
	for d, was := range s {
		mustHold(t, string(sdp.Marshal(d)) == was, "changed to %s from %s", show(d), was)
	}
}

// TestNegotiationProperties calls the machine at random, with random
// descriptions, and checks what must hold whatever happens.
func TestNegotiationProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := sdp.NewNegotiation(1)
		seen := shared{}
		var last uint64
		sent := func(d *psdp.SessionDescription) {
			seen.add(d)
			if d.Origin.SessionID != 1 || d.Origin.SessionVersion <= last {
				t.Fatalf("o= %v after version %d", d.Origin, last)
			}
			last = d.Origin.SessionVersion
		}
		for range rapid.IntRange(1, 12).Draw(t, "calls") {
			before, open := n.State(), n.Offer()
			d := drawDescription(t, "d")
			seen.add(d, open)
			switch rapid.IntRange(0, 4).Draw(t, "call") {
			case 0:
				if offer, err := n.SetLocalOffer(d); err == nil {
					sent(offer)
					mustHold(t, open == nil && n.State() == sdp.LocalOffer && show(offer) == show(d), "local offer in %v", before)
				}
			case 1:
				if err := n.SetRemoteOffer(d); err == nil {
					mustHold(t, open == nil && n.State() == sdp.RemoteOffer, "remote offer in %v", before)
				}
			case 2:
				if answer, err := n.SetLocalAnswer(d); err == nil {
					sent(answer)
					mustHold(t, before == sdp.RemoteOffer && n.State() == sdp.Stable, "local answer in %v", before)
					checkAnswer(t, open, answer)
				}
			case 3:
				if err := n.SetRemoteAnswer(d); err == nil {
					mustHold(t, before == sdp.LocalOffer && n.State() == sdp.Stable, "remote answer in %v", before)
				}
			case 4:
				n.Cancel()
				mustHold(t, n.Offer() == nil, "an offer is open after Cancel")
			}
			checkActive(t, n)
			seen.check(t)
			seen.add(n.Active())
		}
	})
}

func mustHold(t *rapid.T, ok bool, format string, args ...any) {
	if !ok {
		t.Fatalf(format, args...)
	}
}

// checkAnswer: as many lines as the offer, in its order, alive only where it is.
func checkAnswer(t *rapid.T, offer, answer *psdp.SessionDescription) {
	mustHold(t, len(offer.MediaDescriptions) == len(answer.MediaDescriptions), "answer %s to %s", show(answer), show(offer))
	for i, m := range answer.MediaDescriptions {
		o := offer.MediaDescriptions[i]
		mustHold(t, m.MediaName.Media == o.MediaName.Media && sdp.Protocol(m) == sdp.Protocol(o), "line %d: %v to %v", i, m.MediaName, o.MediaName)
		mustHold(t, !sdp.Alive(m) || sdp.Alive(o), "line %d revived", i)
		if sdp.Alive(m) && sdp.IsRTP(m) {
			theirs, mine := sdp.Direction(o, offer), sdp.Direction(m, answer)
			mustHold(t, sdp.Intersect(mine, theirs) == mine, "line %d: %v to %v", i, mine, theirs)
			mustHold(t, len(m.MediaName.Formats) > 0, "line %d without a format", i)
		}
	}
}

// checkActive: both sides have the same number of lines, alive in the same places.
func checkActive(t *rapid.T, n *sdp.Negotiation) {
	local, remote := n.Active()
	mustHold(t, (local == nil) == (remote == nil), "half a pair")
	if local == nil {
		return
	}
	mustHold(t, len(local.MediaDescriptions) == len(remote.MediaDescriptions), "active %s / %s", show(local), show(remote))
	for i, m := range local.MediaDescriptions {
		mustHold(t, sdp.Alive(m) == sdp.Alive(remote.MediaDescriptions[i]), "line %d: %s / %s", i, show(local), show(remote))
		if sdp.Alive(m) {
			mustHold(t, sdp.HasCommonCodec(m, remote.MediaDescriptions[i]), "line %d: nothing in common", i)
		}
	}
}
