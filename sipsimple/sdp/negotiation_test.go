package sdp_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// ours is a description of ours with these lines ("" = none at that index).
func ours(t testing.TB, lines ...string) *psdp.SessionDescription {
	t.Helper()
	d := sdp.NewSession("test", netip.MustParseAddr("192.0.2.2"), 0)
	for _, text := range lines {
		var m *psdp.MediaDescription
		if text != "" {
			m = mustParse(t, strings.Split(text, "|")...).MediaDescriptions[0]
		}
		d.MediaDescriptions = append(d.MediaDescriptions, m)
	}
	return d
}

// show is the lines of a description in short: "audio 0 101 sendrecv, message 0".
func show(d *psdp.SessionDescription) string {
	if d == nil {
		return "nil"
	}
	var texts []string
	for _, m := range d.MediaDescriptions {
		text := m.MediaName.Media + " 0"
		if sdp.Alive(m) {
			text = m.MediaName.Media + " " + strings.Join(m.MediaName.Formats, " ") + " " + sdp.Direction(m, d).String()
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

const (
	audio = "m=audio 50000 RTP/AVP 9 0 8 101|a=rtpmap:101 telephone-event/8000|a=fmtp:101 0-15"
	chat  = "m=message 2855 TCP/MSRP *|a=accept-types:*"
)

func TestAnswerLine(t *testing.T) {
	for name, tt := range map[string]struct{ offer, local, want string }{
		"first common codec of the offer": {"m=audio 1 RTP/AVP 3 8 9|a=x", audio, "m=audio 50000 RTP/AVP 8|a=sendrecv"},
		"with its events, under its number": {"m=audio 1 RTP/AVP 8 96|a=rtpmap:96 telephone-event/8000", audio,
			"m=audio 50000 RTP/AVP 8 96|a=rtpmap:96 telephone-event/8000|a=fmtp:96 0-15|a=sendrecv"},
		"dynamic codec": {"m=audio 1 RTP/AVP 97|a=rtpmap:97 OPUS/48000/2", "m=audio 2 RTP/AVP 111|a=rtpmap:111 opus/48000/2|a=sendrecv",
			"m=audio 2 RTP/AVP 97|a=rtpmap:97 opus/48000/2|a=sendrecv"},
		"same name, other rate":  {"m=audio 1 RTP/AVP 97|a=rtpmap:97 PCMU/16000", audio, "m=audio 0 RTP/AVP 97"},
		"events alone":           {"m=audio 1 RTP/AVP 101|a=rtpmap:101 telephone-event/8000", audio, "m=audio 0 RTP/AVP 101"},
		"peer holds":             {"m=audio 1 RTP/AVP 0|a=sendonly", audio + "|a=sendrecv", "m=audio 50000 RTP/AVP 0|a=recvonly"},
		"both hold":              {"m=audio 1 RTP/AVP 0|a=sendonly", audio + "|a=sendonly", "m=audio 50000 RTP/AVP 0|a=inactive"},
		"peer holds the old way": {"m=audio 1 RTP/AVP 0|c=IN IP4 0.0.0.0", audio, "m=audio 50000 RTP/AVP 0|a=recvonly"},
		"refused":                {"m=image 9 udptl t38|a=x|b=AS:1", "", "m=image 0 udptl t38"},
		"dead":                   {"m=audio 0 RTP/AVP 0", audio, "m=audio 0 RTP/AVP 0"},
		"we are dead":            {"m=audio 1 RTP/AVP 0", "m=audio 0 RTP/AVP 0", "m=audio 0 RTP/AVP 0"},
		"other media":            {"m=video 1 RTP/AVP 0", audio, "m=video 0 RTP/AVP 0"},
		"other protocol":         {"m=audio 1 RTP/SAVP 0", audio, "m=audio 0 RTP/SAVP 0"},
		"chat":                   {"m=message 7 TCP/MSRP *|a=path:x", chat, chat},
	} {
		t.Run(name, func(t *testing.T) {
			offer := ours(t, tt.offer)
			local := ours(t, tt.local).MediaDescriptions[0]
			want := ours(t, tt.want).MediaDescriptions[0]
			got := sdp.AnswerLine(offer.MediaDescriptions[0], offer, local)
			if !sdp.SameLine(got, want) {
				t.Errorf("got %v %v, want %v %v", got.MediaName, got.Attributes, want.MediaName, want.Attributes)
			}
			if again := sdp.AnswerLine(offer.MediaDescriptions[0], offer, got); !sdp.SameLine(again, got) {
				t.Errorf("answered again: %v %v", again.MediaName, again.Attributes)
			}
		})
	}
}

func TestOfferedByUs(t *testing.T) {
	for name, tt := range map[string]struct {
		offer, answer []string
		local, remote string
	}{
		"one codec": {[]string{audio}, []string{"m=audio 1 RTP/AVP 0 96|a=rtpmap:96 telephone-event/8000"},
			"audio 0 101 sendrecv", "audio 0 96 sendrecv"},
		"the answer's order": {[]string{audio}, []string{"m=audio 1 RTP/AVP 8 3 9"}, "audio 8 9 sendrecv", "audio 8 9 sendrecv"},
		"one of two":         {[]string{audio, chat}, []string{"m=audio 1 RTP/AVP 0", "m=message 0 TCP/MSRP *"}, "audio 0 sendrecv, message 0", "audio 0 sendrecv, message 0"},
		"short answer":       {[]string{audio, chat}, []string{"m=audio 1 RTP/AVP 0"}, "audio 0 sendrecv, message 0", "audio 0 sendrecv, message 0"},
		"long answer":        {[]string{audio}, []string{"m=audio 1 RTP/AVP 0", "m=video 1 RTP/AVP 31"}, "audio 0 sendrecv", "audio 0 sendrecv"},
		"other media type":   {[]string{audio, audio}, []string{"m=video 1 RTP/AVP 0", "m=audio 1 RTP/AVP 0"}, "audio 0, audio 0 sendrecv", "video 0, audio 0 sendrecv"},
		"hold":               {[]string{audio + "|a=sendonly"}, []string{"m=audio 1 RTP/AVP 0|a=recvonly"}, "audio 0 sendonly", "audio 0 recvonly"},
		"hold ignored":       {[]string{audio + "|a=sendonly"}, []string{"m=audio 1 RTP/AVP 0"}, "audio 0 sendonly", "audio 0 sendrecv"},
		"answer holds":       {[]string{audio}, []string{"m=audio 1 RTP/AVP 0|a=inactive"}, "audio 0 inactive", "audio 0 inactive"},
	} {
		t.Run(name, func(t *testing.T) {
			n := sdp.NewNegotiation(5)
			if _, err := n.SetLocalOffer(ours(t, tt.offer...)); err != nil {
				t.Fatal(err)
			}
			if err := n.SetRemoteAnswer(ours(t, tt.answer...)); err != nil {
				t.Fatal(err)
			}
			local, remote := n.Active()
			if show(local) != tt.local || show(remote) != tt.remote {
				t.Errorf("active %s / %s, want %s / %s", show(local), show(remote), tt.local, tt.remote)
			}
		})
	}
}

func TestOfferedByThePeer(t *testing.T) {
	n := sdp.NewNegotiation(5)
	offer := ours(t, "m=image 9 udptl t38", audio, chat)
	if err := n.SetRemoteOffer(offer); err != nil {
		t.Fatal(err)
	}
	answer, err := n.SetLocalAnswer(ours(t, "", "m=audio 6000 RTP/AVP 8 0"))
	if err != nil {
		t.Fatal(err)
	}
	local, remote := n.Active()
	if show(answer) != "image 0, audio 0 sendrecv, message 0" || show(local) != show(answer) || show(remote) != show(answer) {
		t.Errorf("answer %s, active %s / %s", show(answer), show(local), show(remote))
	}
	if answer.Origin.SessionID != 5 || answer.Origin.SessionVersion != 5 {
		t.Errorf("o=%v", answer.Origin)
	}
}

func TestNothingInCommon(t *testing.T) {
	n := sdp.NewNegotiation(1)
	_, _ = n.SetLocalOffer(ours(t, audio))
	err := n.SetRemoteAnswer(ours(t, "m=audio 1 RTP/AVP 3"))
	if _, ok := errors.AsType[*sdp.NegotiationError](err); !ok || !strings.HasPrefix(err.Error(), "SDP negotiation failed: ") {
		t.Errorf("error %v", err)
	}
	if local, _ := n.Active(); n.State() != sdp.None || local != nil {
		t.Errorf("state %v, active %v", n.State(), show(local))
	}
	_ = n.SetRemoteOffer(ours(t, "m=audio 1 RTP/AVP 3"))
	if _, err := n.SetLocalAnswer(ours(t, audio)); err == nil || n.State() != sdp.RemoteOffer {
		t.Errorf("error %v, state %v", err, n.State())
	}
}

func TestLastStreamRemoved(t *testing.T) {
	n := connected(t)
	if err := n.SetRemoteOffer(ours(t, "m=audio 0 RTP/AVP 0", "m=message 0 TCP/MSRP *")); err != nil {
		t.Fatal(err)
	}
	if _, err := n.SetLocalAnswer(ours(t)); err != nil {
		t.Fatal(err)
	}
	if local, remote := n.Active(); show(local) != "audio 0, message 0" || show(remote) != show(local) {
		t.Errorf("active %s / %s", show(local), show(remote))
	}
}

// connected is a negotiation with an audio and a chat line alive.
func connected(t testing.TB) *sdp.Negotiation {
	t.Helper()
	n := sdp.NewNegotiation(1)
	if _, err := n.SetLocalOffer(ours(t, audio, chat)); err != nil {
		t.Fatal(err)
	}
	if err := n.SetRemoteAnswer(ours(t, audio, chat)); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStates(t *testing.T) {
	n := connected(t)
	if err := n.SetRemoteAnswer(ours(t, audio, chat)); !isStateError(err) {
		t.Errorf("answer to nothing: %v", err)
	}
	if _, err := n.SetLocalAnswer(ours(t, audio, chat)); !isStateError(err) {
		t.Errorf("our answer to nothing: %v", err)
	}
	if _, err := n.SetLocalOffer(ours(t, audio)); !errors.Is(err, sdp.ErrLinesRemoved) {
		t.Errorf("short offer: %v", err)
	}
	if err := n.SetRemoteOffer(ours(t, audio)); !errors.Is(err, sdp.ErrLinesRemoved) || n.State() != sdp.Stable {
		t.Errorf("short offer of the peer: %v, %v", err, n.State())
	}
	if err := n.SetRemoteOffer(ours(t, audio, chat)); err != nil {
		t.Fatal(err)
	}
	if _, err := n.SetLocalOffer(ours(t, audio, chat)); !isStateError(err) {
		t.Errorf("glare: %v", err)
	}
	if err := n.SetRemoteOffer(ours(t, audio, chat)); !isStateError(err) {
		t.Errorf("second offer: %v", err)
	}
	n.Cancel()
	if n.State() != sdp.Stable || n.Offer() != nil {
		t.Errorf("after Cancel: %v", n.State())
	}
}

func isStateError(err error) bool {
	_, ok := errors.AsType[*sdp.StateError](err)
	return ok
}

// TestHoldFromBothSides plays the table of both sides holding and releasing.
func TestHoldFromBothSides(t *testing.T) {
	a, b := sdp.NewNegotiation(1), sdp.NewNegotiation(2)
	holds := map[*sdp.Negotiation]bool{}
	local := func(n *sdp.Negotiation, offer bool) *psdp.SessionDescription {
		var current psdp.Direction
		if active, _ := n.Active(); active != nil {
			current = sdp.Direction(active.MediaDescriptions[0], active)
		}
		d := sdp.OfferDirection(current, holds[n])
		if !offer {
			d = sdp.AnswerDirection(sdp.SendRecv, holds[n])
		}
		return ours(t, audio+"|a="+d.String())
	}
	for _, step := range []struct {
		from, to      *sdp.Negotiation
		hold          bool
		offer, answer string
	}{
		{a, b, false, "sendrecv", "sendrecv"},
		{a, b, true, "sendonly", "recvonly"},
		{b, a, true, "inactive", "inactive"},
		{a, b, false, "recvonly", "sendonly"},
		{b, a, false, "sendrecv", "sendrecv"},
	} {
		holds[step.from] = step.hold
		offer, err := step.from.SetLocalOffer(local(step.from, true))
		if err != nil {
			t.Fatal(err)
		}
		if err := step.to.SetRemoteOffer(offer); err != nil {
			t.Fatal(err)
		}
		answer, err := step.to.SetLocalAnswer(local(step.to, false))
		if err != nil {
			t.Fatal(err)
		}
		if err := step.from.SetRemoteAnswer(answer); err != nil {
			t.Fatal(err)
		}
		got := sdp.Direction(offer.MediaDescriptions[0], nil).String() + " " + sdp.Direction(answer.MediaDescriptions[0], nil).String()
		if got != step.offer+" "+step.answer {
			t.Errorf("got %s, want %s %s", got, step.offer, step.answer)
		}
	}
}

func TestCompare(t *testing.T) {
	active := ours(t, audio, "m=message 0 TCP/MSRP *", audio, audio)
	c := sdp.Compare(active, ours(t, audio, chat, "m=audio 0 RTP/AVP 0", "m=video 1 RTP/AVP 31", chat))
	if len(c.Kept) != 1 || len(c.Added) != 2 || c.Added[1] != 4 || c.Removed[0] != 2 || c.Retyped[0] != 3 || c.Missing {
		t.Errorf("%+v", c)
	}
	if c := sdp.Compare(active, ours(t, audio)); !c.Missing {
		t.Error("missing lines not seen")
	}
}

func TestSame(t *testing.T) {
	a, b := ours(t, audio), ours(t, audio)
	b.Origin.SessionVersion++
	if !sdp.Same(a, b) {
		t.Error("the version alone is no difference")
	}
	sdp.SetDirection(b.MediaDescriptions[0], sdp.SendOnly)
	if sdp.Same(a, b) {
		t.Error("the direction is one")
	}
}
