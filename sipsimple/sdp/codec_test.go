package sdp_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

func TestCodecs(t *testing.T) {
	m := mustParse(t, "m=audio 4000 RTP/AVP 0 9 10 96 97 98 101 8",
		"a=rtpmap:96 speex/16000", "a=rtpmap:97 OPUS/48000/2", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15",
		"a=rtpmap:8 iLBC/8000", "a=rtpmap:96 later/1", "a=rtpmap:98 broken").MediaDescriptions[0]
	var got []string
	for _, c := range sdp.Codecs(m) {
		got = append(got, c.Format+" "+c.String())
	}
	want := "0 PCMU/8000|9 G722/8000|10 L16/44100/2|96 speex/16000|97 OPUS/48000/2|98 Unknown/0|101 telephone-event/8000|8 iLBC/8000"
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	if c := sdp.Codecs(m)[6]; c.Params != "0-15" || !c.Auxiliary() {
		t.Errorf("telephone-event: params %q, auxiliary %v", c.Params, c.Auxiliary())
	}
}

func TestCodecIs(t *testing.T) {
	opus := sdp.Codec{Name: "opus", Rate: 48000, Channels: 2}
	for name, want := range map[string]bool{
		"opus": true, "OPUS": true, "opus/48000": true, "opus/48000/2": true, "opus/48000/1": false, "opus/8000": false, "G722": false,
	} {
		if got := opus.Is(name); got != want {
			t.Errorf("Is(%q) = %v", name, got)
		}
	}
	if (sdp.Codec{Name: "Unknown", Channels: 1}).Equal(sdp.Codec{Name: "Unknown", Channels: 1}) {
		t.Error("two unknown codecs are not known to be equal")
	}
}

func TestAddresses(t *testing.T) {
	for _, tt := range []struct{ lines, media, rtcp string }{
		{"m=audio 4000 RTP/AVP 0", "192.0.2.1:4000", "192.0.2.1:4001"},
		{"m=audio 4000 RTP/AVP 0|c=IN IP6 2001:db8::7", "[2001:db8::7]:4000", "[2001:db8::7]:4001"},
		{"m=audio 4000 RTP/AVP 0|a=rtcp:5000", "192.0.2.1:4000", "192.0.2.1:5000"},
		{"m=audio 4000 RTP/AVP 0|a=rtcp:5000 IN IP4 192.0.2.8", "192.0.2.1:4000", "192.0.2.8:5000"},
		{"m=audio 4000 RTP/AVP 0|a=rtcp:x", "192.0.2.1:4000", "192.0.2.1:4001"},
		{"m=audio 4000 RTP/AVP 0|c=IN IP4 224.2.1.1/127", "224.2.1.1:4000", "224.2.1.1:4001"},
		{"m=audio 4000 RTP/AVP 0|c=IN IP4 host.example", "invalid AddrPort", "invalid AddrPort"},
		{"m=audio 0 RTP/AVP 0", "invalid AddrPort", "invalid AddrPort"},
		{"m=audio 65535 RTP/AVP 0", "192.0.2.1:65535", "invalid AddrPort"},
	} {
		d := mustParse(t, strings.Split(tt.lines, "|")...)
		media, ok := sdp.MediaAddrPort(d.MediaDescriptions[0], d)
		rtcp, _ := sdp.RTCPAddrPort(d.MediaDescriptions[0], d)
		if media.String() != tt.media || rtcp.String() != tt.rtcp || ok != media.IsValid() {
			t.Errorf("%s: %v, %v; want %s, %s", tt.lines, media, rtcp, tt.media, tt.rtcp)
		}
	}
}

func TestSessionAddress(t *testing.T) {
	d, err := sdp.Parse([]byte("v=0\no=- 1 1 IN IP4 x\nm=audio 1 RTP/AVP 0\nm=audio 2 RTP/AVP 0\nc=IN IP4 192.0.2.5"))
	if err != nil {
		t.Fatal(err)
	}
	if addr, ok := sdp.SessionAddress(d); !ok || addr != netip.MustParseAddr("192.0.2.5") {
		t.Errorf("%v, %v", addr, ok)
	}
}

func TestNewSession(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":        "IN IP4 192.0.2.1",
		"::ffff:192.0.2.1": "IN IP4 192.0.2.1",
		"2001:db8::1":      "IN IP6 2001:db8::1",
		"fe80::1%eth0":     "IN IP6 fe80::1",
	} {
		got := string(sdp.Marshal(sdp.NewSession("agent\r\nx=1", netip.MustParseAddr(addr), 7)))
		if want := "v=0\r\no=- 7 7 " + want + "\r\ns=agentx=1\r\nc=" + want + "\r\nt=0 0\r\n"; got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
}
