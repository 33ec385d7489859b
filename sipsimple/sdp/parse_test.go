package sdp_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// head is a session level that Parse has nothing to say about.
const head = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

func mustParse(t testing.TB, lines ...string) *psdp.SessionDescription {
	t.Helper()
	d, err := sdp.Parse([]byte(head + strings.Join(lines, "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestParseTolerates: each body reads as the wanted text.
func TestParseTolerates(t *testing.T) {
	audio := head + "m=audio 4000 RTP/AVP 0\r\n"
	for name, tt := range map[string]struct{ in, want string }{
		"as it should be":         {audio, audio},
		"no line end at the end":  {strings.TrimSuffix(audio, "\r\n"), audio},
		"bare line feeds":         {strings.ReplaceAll(audio, "\r\n", "\n"), audio},
		"bare carriage returns":   {strings.ReplaceAll(audio, "\r\n", "\r"), audio},
		"leading empty line":      {"\r\n" + audio, audio},
		"empty lines between":     {strings.ReplaceAll(audio, "\r\n", "\r\n\r\n"), audio},
		"no s=":                   {strings.Replace(audio, "s=-\r\n", "", 1), audio},
		"empty s=":                {strings.Replace(audio, "s=-", "s=", 1), audio},
		"no t=":                   {strings.Replace(audio, "t=0 0\r\n", "", 1), audio},
		"odd t=":                  {strings.Replace(audio, "t=0 0", "t=now", 1), audio},
		"unknown line letter":     {strings.Replace(audio, "t=0 0", "q=x\r\nt=0 0", 1), audio},
		"unknown bandwidth":       {strings.Replace(audio, "t=0 0", "b=FOO:1\r\nb=AS:x\r\nt=0 0", 1), audio},
		"b= after t=":             {strings.Replace(audio, "t=0 0", "t=0 0\r\nb=AS:9", 1), strings.Replace(audio, "t=0 0", "b=AS:9\r\nt=0 0", 1)},
		"r=, z=, k=":              {strings.Replace(audio, "t=0 0", "t=0 0\r\nr=1 2 3\r\nz=1 2\r\nk=clear:x", 1), audio},
		"fax":                     {head + "m=image 4000 udptl t38\r\n", head + "m=image 4000 udptl t38\r\n"},
		"unknown media, protocol": {head + "m=smell 4000 RTP/ODOUR 0\r\n", head + "m=smell 4000 RTP/ODOUR 0\r\n"},
		"port too large":          {head + "m=audio 492170 RTP/AVP 0\r\n", head + "m=audio 0 RTP/AVP 0\r\n"},
		"port is no number":       {head + "m=audio x RTP/AVP 0\r\n", head + "m=audio 0 RTP/AVP 0\r\n"},
		"negative port":           {head + "m=audio -1 RTP/AVP 0\r\n", head + "m=audio 0 RTP/AVP 0\r\n"},
		"port count":              {head + "m=audio 4000/2 RTP/AVP 0\r\n", head + "m=audio 4000/2 RTP/AVP 0\r\n"},
		"trailing space":          {head + "m=audio 4000 RTP/AVP 0 \r\n", audio},
		"second c=":               {strings.Replace(audio, "t=0 0", "c=IN IP4 192.0.2.9\r\nt=0 0", 1), audio},
		"huge session id": {strings.Replace(audio, "- 1 2", "- 99999999999999999999 2", 1),
			strings.Replace(audio, "- 1 2", "- 18446744073709551615 2", 1)},
		"short origin": {strings.Replace(audio, " IN IP4 192.0.2.1\r\ns=", "\r\ns=", 1),
			strings.Replace(audio, "IN IP4 192.0.2.1\r\ns=", "IN IP4 0.0.0.0\r\ns=", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := sdp.Parse([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(sdp.Marshal(d)); strings.ReplaceAll(got, " \r\n", "\r\n") != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":               "",
		"only line ends":        "\r\n\r\n",
		"no SDP":                "hello, world",
		"other version":         strings.Replace(head, "v=0", "v=1", 1),
		"no version":            strings.Replace(head, "v=0\r\n", "", 1),
		"no origin":             strings.Replace(head, "o=- 1 2 IN IP4 192.0.2.1\r\n", "", 1),
		"origin of one word":    strings.Replace(head, "o=- 1 2 IN IP4 192.0.2.1", "o=x", 1),
		"m-line without a port": head + "m=audio",
		"line without =":        head + "audio",
		"NUL":                   head + "a=\x00",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sdp.Parse([]byte(body))
			if _, ok := errors.AsType[*sdp.ParseError](err); !ok {
				t.Errorf("error %v, want a ParseError", err)
			}
		})
	}
}

func TestEveryLineKeepsItsIndex(t *testing.T) {
	d := mustParse(t, "m=image 1 udptl t38", "m=audio 99999 RTP/AVP 0", "a=x", "m=x-ray 7 foo/bar 1", "m=audio 4000 RTP/AVP 0")
	var got []string
	for _, m := range d.MediaDescriptions {
		got = append(got, m.MediaName.String())
	}
	want := "image 1 udptl t38|audio 0 RTP/AVP 0|x-ray 7 foo/bar 1|audio 4000 RTP/AVP 0"
	if strings.Join(got, "|") != want {
		t.Errorf("lines %v", got)
	}
}

// torture is the collection of foreign samples, beside the repository. They are
// under licences of their own and no part of it.
var torture = filepath.Join("..", "..", "..", "shared", "data", "torture")

// TestForeignSamples reads bodies of other projects. None may panic; those of
// libosip2 are usable and must be read, the fuzz seeds only survived.
func TestForeignSamples(t *testing.T) {
	if _, err := os.Stat(torture); err != nil {
		t.Skip("1 test skipped: the foreign samples are not installed")
	}
	usable, others := samples(t, "libosip2/*.sdp"), samples(t, "mozilla/*.sdp", "pjsip/sd*/*.sdp", "webrtc/sdp/*.sdp")
	for name, body := range usable {
		if _, err := sdp.Parse(body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	read := 0
	for _, body := range others {
		if d, err := sdp.Parse(body); err == nil {
			read++
			exercise(t, d)
		}
	}
	if len(usable) < 16 || read < 60 {
		t.Errorf("%d usable samples, %d of the %d others read", len(usable), read, len(others))
	}
	t.Logf("%d usable samples, %d of the %d others read", len(usable), read, len(others))
}

func samples(t testing.TB, patterns ...string) map[string][]byte {
	t.Helper()
	bodies := make(map[string][]byte)
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join(torture, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if bodies[name], err = os.ReadFile(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	return bodies
}

// exercise calls everything on a description, whatever is in it.
func exercise(t testing.TB, d *psdp.SessionDescription) {
	t.Helper()
	once := sdp.Marshal(d)
	again, err := sdp.Parse(once)
	if err != nil {
		t.Fatalf("our own text is refused: %v\n%q", err, once)
	}
	if twice := sdp.Marshal(again); !bytes.Equal(once, twice) {
		t.Fatalf("not stable:\n%q\n%q", once, twice)
	}
	sdp.SessionAddress(d)
	for _, m := range d.MediaDescriptions {
		sdp.RTCPAddrPort(m, d)
		sdp.PeerDirection(m, d)
		sdp.Codecs(m)
	}
	n := sdp.NewNegotiation(1)
	if err := n.SetRemoteOffer(d); err != nil {
		t.Fatal(err)
	}
	answer, err := n.SetLocalAnswer(d)
	if err == nil && len(answer.MediaDescriptions) != len(d.MediaDescriptions) {
		t.Fatalf("%d lines answered, %d offered", len(answer.MediaDescriptions), len(d.MediaDescriptions))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(head + "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n"))
	f.Add([]byte(head + "m=image 4000/2 udptl t38\r\nc=IN IP6 ::1\r\nb=X-a:1\r\ni=x\r\na=rtcp:9 IN IP4 192.0.2.3"))
	for _, body := range samples(f, "libosip2/*.sdp", "mozilla/*.sdp", "pjsip/sd*/*.sdp", "webrtc/sdp/*.sdp") {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if d, err := sdp.Parse(body); err == nil {
			exercise(t, d)
		}
	})
}
