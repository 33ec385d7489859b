package wirefields_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/wirefields"
)

// env knows the dialog of one subject and binds nothing.
type env struct{}

func (env) Lookup(string) (any, bool)                { return nil, false }
func (env) Bind(string, any)                         {}
func (env) Subject(string, string) (any, error)      { return "c1;from-tag=B;to-tag=A", nil }
func (env) Instant(string) (time.Duration, bool)     { return 0, false }
func (env) Label(string, time.Duration, match.Event) {}

func parse(t *testing.T, text string) sip.Message {
	t.Helper()
	msg, err := sip.ParseMessage([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func body(version int, lines ...string) string {
	return fmt.Sprintf("v=0\no=- 7 %d IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n%s\n", version, strings.Join(lines, "\n"))
}

func invite(cseq int, sdp string) string {
	return fmt.Sprintf(`INVITE sip:bob@bob.test SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1
f: "Alice A" <sip:alice@alice.test>;tag=A
To: <sip:bob@bob.test>
i: c1
CSeq: %d INVITE
proxy-authorization: Digest username="alice", realm="p, q", response="00"
Refer-To: <sip:carol@carol.test?Replaces=c1%%3Bto-tag%%3DA%%3Bfrom-tag%%3DB>
Reason: SIP;cause=486;text="In a; meeting"
Supported: 100rel
Supported: replaces
c: application/sdp
Content-Length: %d

%s`, cseq, len(sdp)+strings.Count(sdp, "\n"), sdp)
}

func answer(cseq int, sdp string) string {
	return fmt.Sprintf(`SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1
From: <sip:alice@alice.test>;tag=A
To: <sip:bob@bob.test>;tag=B
Call-ID: c1
CSeq: %d INVITE
Content-Type: application/sdp;charset=utf-8
Content-Length: %d

%s`, cseq, len(sdp)+strings.Count(sdp, "\n"), sdp)
}

// check compiles each expectation as a scenario would and judges it.
func check(t *testing.T, got any, want any, ok bool) {
	t.Helper()
	m, err := match.Compile(want, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Match(got, env{}) != ok {
		t.Errorf("match of %v with %v is not %v", match.Format(got), want, ok)
	}
}

func TestFieldsOfARequest(t *testing.T) {
	tracker := wirefields.NewTracker(nil)
	got := tracker.Fields(parse(t, invite(3, body(1, "m=audio 4000 RTP/AVP 0"))), "UDP")
	for name, want := range map[string]any{
		"method": "INVITE", "ruri": "sip:bob@bob.test", "cseq": "3", "call_id": "c1", "from_tag": "A", "to_tag": "absent",
		"branch": "z9hG4bK1", "transport": "udp", "code": "absent", "reason": "absent", "sipfrag": "absent",
		"From":                map[string]any{"name": "Alice A", "uri": "/alice@/", "tag": "A"},
		"Call-ID":             "c1",
		"Content-Type":        "application/sdp",
		"Supported":           []any{"100rel", "replaces"},
		"Proxy-Authorization": map[string]any{"value": "Digest", "username": "alice", "realm": "p, q"},
		"Proxy-Authenticate":  "absent",
		"Refer-To":            map[string]any{"uri": "/carol@/", "Replaces": "dialog of carol#two"},
		"Reason":              map[string]any{"value": "SIP", "cause": "486", "text": "In a; meeting", "ttl": "absent"},
		"sdp":                 map[string]any{"audio": "sendrecv", "lines": "1", "version": "1", "address": "192.0.2.1"},
	} {
		check(t, match.Absent{}, "absent", true)
		value, ok := got[name]
		if !ok {
			value = match.Absent{}
		}
		check(t, value, want, true)
	}
}

func TestFieldsOfAResponse(t *testing.T) {
	got := wirefields.NewTracker(nil).Fields(parse(t, answer(3, body(1, "m=audio 4000 RTP/AVP 0"))), "tcp")
	check(t, got, map[string]any{"method": "INVITE", "code": "2xx", "reason": "OK", "to_tag": "B", "transport": "tcp",
		"dialog": "dialog of bob", "Authorization": "absent", "ruri": "absent"}, true)
}

func TestWordsOfLines(t *testing.T) {
	tracker := wirefields.NewTracker(map[string]string{"a": "audio", "a2": "audio", "c": "chat", "f": "file-transfer"})
	offer := body(1, "m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", "a=sendonly",
		"m=message 2855 TCP/MSRP *", "m=audio 4002 RTP/AVP 8", "m=message 2856 TCP/MSRP *", "a=file-selector:size:1")
	got := tracker.Fields(parse(t, invite(1, offer)), "udp")
	check(t, got["sdp"], map[string]any{
		"a": "sendonly", "audio": "alive", "a2": map[string]any{"codecs": []any{"PCMA"}, "port": "4002"},
		"audio2": "sendrecv", "c": map[string]any{"media": "message", "protocol": "TCP/MSRP", "formats": []any{"*"}},
		"f": "alive", "x": "absent", "audio3": "absent", "lines": "4",
	}, true)
	check(t, got["sdp"], map[string]any{"a": map[string]any{"codecs": []any{"PCMU"}, "attributes": []any{"any", "sendonly"}}}, true)
	check(t, got["sdp"], map[string]any{"a": "same"}, false)
	check(t, got["sdp"], map[string]any{"a": "mirror"}, false)

	reply := body(1, "m=audio 5000 RTP/AVP 0", "a=recvonly", "m=message 0 TCP/MSRP *",
		"m=audio 5002 RTP/AVP 8", "a=sendonly", "m=message 0 TCP/MSRP *")
	got = tracker.Fields(parse(t, answer(1, reply)), "udp")
	check(t, got["sdp"], map[string]any{"a": "mirror", "c": "0", "a2": "sendonly"}, true)
	check(t, got["sdp"], map[string]any{"a": map[string]any{"mirror": "true", "alive": "true", "same": "false"}}, true)
	check(t, got["sdp"], map[string]any{"c": map[string]any{"alive": "false", "direction": "absent"}, "mirror": "false"}, true)
	check(t, got["sdp"], map[string]any{"c": "mirror"}, false)
	check(t, got["sdp"], map[string]any{"a2": "mirror"}, false)

	// The next offer repeats the chat line only, and is seen twice.
	offer = strings.NewReplacer("=sendonly", "=sendrecv", " 4002 ", " 4004 ", "- 7 1", "- 7 2").Replace(offer)
	for range 2 {
		got = tracker.Fields(parse(t, invite(2, offer)), "udp")
		check(t, got["sdp"], map[string]any{"c": "same", "version": "2"}, true)
		check(t, got["sdp"], map[string]any{"a": "same"}, false)
		check(t, got["sdp"], map[string]any{"a2": "same"}, false)
		check(t, got["sdp"], map[string]any{"same": "false"}, true)
	}
}

func TestRepeatedDescription(t *testing.T) {
	tracker := wirefields.NewTracker(nil)
	line := "m=audio 4000 RTP/AVP 0"
	tracker.Fields(parse(t, invite(1, body(1, line))), "udp")
	got := tracker.Fields(parse(t, answer(1, body(1, line))), "udp")
	check(t, got["sdp"], map[string]any{"mirror": "true", "same": "false"}, true)
	got = tracker.Fields(parse(t, invite(2, body(2, line))), "udp")
	check(t, got["sdp"], map[string]any{"same": "true"}, true)
}

func TestNamedLines(t *testing.T) {
	tracker := wirefields.NewTracker(map[string]string{"a": "audio"})
	tracker.Name("c1", "", "x", "y")
	got := tracker.Fields(parse(t, invite(1, body(1, "m=audio 4000 RTP/AVP 0", "m=audio 0 udp wb", "m=image 1 udptl t38"))), "udp")
	check(t, got["sdp"], map[string]any{
		"a": "alive", "x": map[string]any{"port": "0", "formats": []any{"wb"}}, "y": map[string]any{"media": "image"}, "audio2": "absent",
	}, true)
}

func TestUnreadableSDP(t *testing.T) {
	got := wirefields.NewTracker(nil).Fields(parse(t, invite(1, "nonsense")), "udp")
	if _, ok := got["sdp"]; ok || got["body"] != "nonsense" {
		t.Errorf("body %q, sdp %v", got["body"], got["sdp"])
	}
}

func TestSipfrag(t *testing.T) {
	text := strings.Replace(answer(1, "SIP/2.0 180 Ringing\nServer: x\n"), "application/sdp;charset=utf-8", "message/sipfrag;version=2.0", 1)
	got := wirefields.NewTracker(nil).Fields(parse(t, text), "udp")
	for _, want := range []string{"180", "SIP/2.0 180 Ringing", "/Server: x/"} {
		check(t, got["sipfrag"], want, true)
	}
	check(t, got["sipfrag"], "200", false)
}

func TestHeaderName(t *testing.T) {
	for in, want := range map[string]string{
		"i": "Call-ID", "CALL-ID": "Call-ID", "cseq": "CSeq", "RSEQ": "RSeq", "record-route": "Record-Route", "m": "Contact",
		"x-odd": "X-Odd", "WWW-Authenticate": "WWW-Authenticate",
	} {
		if got := wirefields.HeaderName(in); got != want {
			t.Errorf("HeaderName(%q) = %q, want %q", in, got, want)
		}
	}
}
