package wire_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// invite is a message as a phone sends it; each test changes one thing.
const invite = "INVITE sip:bob@192.0.2.2 SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP 192.0.2.99:5099;branch=z9hG4bK776\r\n" +
	"Max-Forwards: 70\r\n" +
	"From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n" +
	"To: <sip:bob@example.com>\r\n" +
	"Call-ID: a84b4c76e66710@192.0.2.99\r\n" +
	"CSeq: 314159 INVITE\r\n" +
	"Contact: <sip:alice@192.0.2.99:5099>\r\n" +
	"Content-Type: application/sdp\r\n" +
	"Content-Length: 5\r\n\r\nv=0\r\n"

// swap replaces one part of the message and insists that it is there.
func swap(t testing.TB, old, with string) string {
	t.Helper()
	if !strings.Contains(invite, old) {
		t.Fatalf("the message has no %q", old)
	}
	return strings.Replace(invite, old, with, 1)
}

func accepted(t *testing.T, text string) *sip.Request {
	t.Helper()
	r := wire.Inspect([]byte(text), false, peer)
	if r.Verdict != wire.Accept {
		t.Fatalf("got %v %d (%s), want accept, for:\n%s", r.Verdict, r.Code, r.Reason, text)
	}
	return wire.Message{Msg: r.Msg}.Request()
}

// What real phones send has to come through.
func TestTolerated(t *testing.T) {
	for name, text := range map[string]string{
		"as it is":                     invite,
		"no Content-Length over UDP":   swap(t, "Content-Length: 5\r\n", ""),
		"octets after the body":        invite + "more",
		"line ends before the message": "\r\n\r\n" + invite,
		"compact names": strings.NewReplacer("Via:", "v:", "From:", "f:", "To:", "t:", "Call-ID:", "i:", "Contact:", "m:",
			"Content-Type:", "c:", "Content-Length:", "l:").Replace(invite),
		"lower-case names":               strings.NewReplacer("Via", "via", "From", "from", "CSeq", "cseq", "Call-ID", "call-id", "Max-Forwards", "max-forwards").Replace(invite),
		"upper-case names":               strings.NewReplacer("Via", "VIA", "From", "FROM", "Contact", "CONTACT").Replace(invite),
		"white space before the colon":   strings.ReplaceAll(invite, ": ", " \t:\t "),
		"no space after the colon":       swap(t, "To: ", "To:"),
		"folded":                         swap(t, "CSeq: 314159 INVITE", "CSeq:\r\n 314159\r\n\tINVITE"),
		"rport":                          swap(t, ";branch", ";rport;branch"),
		"several Via in one field":       swap(t, "z9hG4bK776", "z9hG4bK776, SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bK1;received=2001:db8::2"),
		"display name without quotes":    swap(t, "\"Alice\"", "Alice of  Wonderland"),
		"display name in UTF-8":          swap(t, "\"Alice\"", "Алиса"),
		"empty display name":             swap(t, "\"Alice\"", "\"\""),
		"display name with all inside":   swap(t, "\"Alice\"", `"A, <\"B\"> ;tag=x @ \\"`),
		"no brackets":                    swap(t, "<sip:bob@example.com>", "sip:bob@example.com;tag=7"),
		"From without tag":               swap(t, ";tag=1928301774", ""),
		"empty tag":                      swap(t, ";tag=1928301774", ";tag="),
		"upper-case parameter":           swap(t, ";tag=", ";TAG="),
		"no Max-Forwards":                swap(t, "Max-Forwards: 70\r\n", ""),
		"no branch":                      swap(t, ";branch=z9hG4bK776", ""),
		"star code":                      swap(t, "sip:bob@192.0.2.2", "sip:*21#@192.0.2.2;user=phone"),
		"tel in To":                      swap(t, "<sip:bob@example.com>", "<tel:+1-201-555-0123;phone-context=example.com>"),
		"URI with everything":            swap(t, "sip:bob@192.0.2.2", "SIPS:b%20b:pass@[2001:db8::1]:5061;transport=tls;lr"),
		"trailing semicolon in a URI":    swap(t, "sip:alice@192.0.2.99:5099", "sip:alice@192.0.2.99:5099;transport=udp;"),
		"instance in Contact":            swap(t, "5099>\r\nContent-T", "5099>;+sip.instance=\"<urn:uuid:0>\";reg-id=1;q=0.5;expires=3600\r\nContent-T"),
		"several Contacts":               swap(t, "5099>\r\nContent-T", "5099>, \"A, B\" <sip:b@192.0.2.7>;q=.1\r\nContact: sip:c@192.0.2.8;q=1\r\nContent-T"),
		"host with underscore":           swap(t, "sip:alice@192.0.2.99:5099", "sip:alice@my_host"),
		"white space in Content-Type":    swap(t, "application/sdp", "application / sdp ; charset=utf-8"),
		"Subject empty, unknown fields":  swap(t, "To:", "s:\r\nX-Odd: ;;,,\"\r\nTo:"),
		"Latin-1 in a text field":        swap(t, "To:", "Subject: Gr\xfc\xdfe\r\nTo:"),
		"version in lower case":          swap(t, "SIP/2.0\r\nVia", "sip/2.0\r\nVia"),
		"empty Route":                    swap(t, "To:", "Route:\r\nTo:"),
		"Refer-To with headers":          swap(t, "To:", "Refer-To: <sip:c@example.com?Replaces=1%3Bto-tag%3D2>\r\nTo:"),
		"white space inside <>":          swap(t, "<sip:bob@example.com>", "< sip:bob@example.com >"),
		"Expires as a date, as RFC 2543": swap(t, "To:", "Expires: Thu, 01 Dec 1994 16:00:00 GMT\r\nTo:"),
	} {
		t.Run(name, func(t *testing.T) {
			req := accepted(t, text)
			if req.Via() == nil || req.From() == nil || req.To() == nil || req.CallID() == nil || req.CSeq() == nil {
				t.Fatalf("a mandatory header field is missing in\n%s", req)
			}
			again := wire.Inspect([]byte(req.String()), false, peer)
			if again.Verdict != wire.Accept || again.Msg.String() != req.String() {
				t.Fatalf("written and read again it differs (%s):\n%s", again.Reason, req)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		code int
	}{
		"two spaces in the start line": {swap(t, "INVITE sip", "INVITE  sip"), 400},
		"space in the Request-URI":     {swap(t, "192.0.2.2 SIP", "192.0.2.2 ;lr SIP"), 400},
		"Request-URI in brackets":      {swap(t, "sip:bob@192.0.2.2", "<sip:bob@192.0.2.2>"), 400},
		"Request-URI with headers":     {swap(t, "192.0.2.2 SIP", "192.0.2.2?Route=x SIP"), 400},
		"no version":                   {swap(t, " SIP/2.0\r\nVia", "\r\nVia"), 400},
		"other version":                {swap(t, "SIP/2.0\r\nVia", "SIP/3.0\r\nVia"), 505},
		"other protocol":               {swap(t, "SIP/2.0\r\nVia", "HTTP/1.1\r\nVia"), 400},
		"other scheme":                 {swap(t, "sip:bob@192.0.2.2", "http://192.0.2.2/"), 416},
		"scheme with a dot":            {swap(t, "sip:bob@192.0.2.2", "soap.beep://192.0.2.2/"), 416},
		"long Request-URI":             {swap(t, "sip:bob", "sip:"+strings.Repeat("b", 5000)), 414},
		"bad port":                     {swap(t, "bob@192.0.2.2", "bob@192.0.2.2:70000"), 400},
		"IPv6 without brackets":        {swap(t, "bob@192.0.2.2", "bob@2001:db8::1"), 400},
		"no From":                      {swap(t, "From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n", ""), 400},
		"two To":                       {swap(t, "To:", "To: <sip:x@example.com>\r\nt:"), 400},
		"two tags":                     {swap(t, ";tag=1928301774", ";tag=1;tag=2"), 400},
		"CSeq of another method":       {swap(t, "314159 INVITE", "314159 OPTIONS"), 400},
		"CSeq in other case":           {swap(t, "314159 INVITE", "314159 Invite"), 400},
		"CSeq too large":               {swap(t, "314159", "4294967296"), 400},
		"CSeq without number":          {swap(t, "314159 ", ""), 400},
		"Max-Forwards too large":       {swap(t, "70", "256"), 400},
		"Content-Length too large":     {swap(t, "Length: 5", "Length: 6"), 400},
		"Content-Length enormous":      {swap(t, "Length: 5", "Length: 99999999999999999999999"), 513},
		"Content-Length negative":      {swap(t, "Length: 5", "Length: -5"), 400},
		"two Content-Length":           {swap(t, "Content-Length", "l: 5\r\nContent-Length"), 400},
		"open quote":                   {swap(t, "\"Alice\"", "\"Alice"), 400},
		"quote escaped to the end":     {swap(t, "\"Alice\"", `"Alice\"`), 400},
		"comma in a bare name":         {swap(t, "\"Alice\"", "Alice, Bob"), 400},
		"empty brackets":               {swap(t, "<sip:bob@example.com>", "<>"), 400},
		"empty Contact":                {swap(t, "<sip:alice@192.0.2.99:5099>", ""), 400},
		"headers in a bare Contact":    {swap(t, "<sip:alice@192.0.2.99:5099>", "sip:alice@192.0.2.99?Route=x"), 400},
		"empty parameters":             {swap(t, ";branch", ";;branch"), 400},
		"two branches":                 {swap(t, ";branch", ";branch=z9hG4bK1;branch"), 400},
		"line without colon":           {swap(t, "To:", "nonsense\r\nTo:"), 400},
		"space in a name":              {swap(t, "To:", "X Y: 1\r\nTo:"), 400},
		"NUL":                          {swap(t, "To:", "X: a\x00b\r\nTo:"), 400},
		"escape sequence":              {swap(t, "\"Alice\"", "\"\x1b[2JAlice\""), 400},
		"bare CR":                      {swap(t, "To:", "X: a\rInjected: b\r\nTo:"), 400},
		"bare LF":                      {strings.ReplaceAll(invite, "\r\n", "\n"), 400},
		"no empty line":                {invite[:strings.Index(invite, "\r\n\r\n")+2], 400},
		"long line":                    {swap(t, "To:", "X: "+strings.Repeat("x", 9000)+"\r\nTo:"), 400},
		"many fields":                  {swap(t, "To:", strings.Repeat("X: 1\r\n", 300)+"To:"), 400},
		"many parameters":              {swap(t, "5099>\r\nContent-T", "5099>"+strings.Repeat(";a=1", 100)+"\r\nContent-T"), 400},
		"many Via":                     {swap(t, "z9hG4bK776", "z9hG4bK776"+strings.Repeat(",SIP/2.0/UDP h", 200)), 400},
		"too large":                    {invite + strings.Repeat("x", 70000), 513},
	} {
		t.Run(name, func(t *testing.T) {
			r := wire.Inspect([]byte(c.text), false, peer)
			if r.Verdict != wire.Refuse || r.Code != c.code {
				t.Fatalf("got %v %d (%s), want refuse %d", r.Verdict, r.Code, r.Reason, c.code)
			}
			checkAnswer(t, name, r)
			if again := wire.Inspect([]byte(c.text), false, peer); !bytes.Equal(again.Answer, r.Answer) {
				t.Errorf("the answer to a copy differs:\n%s\n%s", r.Answer, again.Answer)
			}
			if len(r.Answer) > len(c.text)+200 {
				t.Errorf("%d octets answer %d", len(r.Answer), len(c.text))
			}
			response := strings.NewReplacer("INVITE sip:bob@192.0.2.2 SIP/2.0\r\n", "SIP/2.0 200 OK\r\n").Replace(c.text)
			if got := wire.Inspect([]byte(response), false, peer); strings.HasPrefix(response, "SIP/2.0 200") && got.Verdict == wire.Refuse {
				t.Error("a response with that fault is answered")
			}
			ack := strings.ReplaceAll(c.text, "INVITE", "ACK")
			if got := wire.Inspect([]byte(ack), false, peer); got.Verdict == wire.Refuse {
				t.Error("an ACK with that fault is answered")
			}
		})
	}
}

func TestDropped(t *testing.T) {
	response := swap(t, "INVITE sip:bob@192.0.2.2 SIP/2.0", "SIP/2.0 200 OK")
	for name, text := range map[string]string{
		"no Via":                    swap(t, "Via: SIP/2.0/UDP 192.0.2.99:5099;branch=z9hG4bK776\r\n", ""),
		"garbage":                   "\x16\x03\x01\x02\x00\x01\x00",
		"a web request":             "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"response, code too large":  strings.Replace(response, "200 OK", "700 OK", 1),
		"response, code of 2 digit": strings.Replace(response, "200 OK", "20 OK", 1),
		"response, other version":   strings.Replace(response, "SIP/2.0 200", "SIP/3.0 200", 1),
		"response, two Via":         strings.Replace(response, "Max-F", "Via: SIP/2.0/UDP 192.0.2.1\r\nMax-F", 1),
		"response, bad From":        strings.Replace(response, "<sip:alice@example.com>", "<alice>", 1),
	} {
		if r := wire.Inspect([]byte(text), false, peer); r.Verdict != wire.Drop {
			t.Errorf("%s: got %v %d", name, r.Verdict, r.Code)
		}
	}
	if r := wire.Inspect([]byte(response), false, peer); r.Verdict != wire.Accept {
		t.Errorf("good response: %v (%s)", r.Verdict, r.Reason)
	}
	for _, ping := range []string{"", "\r\n", "\r\n\r\n", "\x00\x00\x00\x00", "0"} {
		if r := wire.Inspect([]byte(ping), false, peer); r.Verdict != wire.KeepAlive {
			t.Errorf("%q: got %v", ping, r.Verdict)
		}
	}
}

// G20: what the request says about its source is replaced by what is known.
func TestReceivedAndRport(t *testing.T) {
	for _, c := range []struct{ via, source, want string }{
		{"192.0.2.99:5099;branch=z1", "192.0.2.99:5099", "192.0.2.99:5099;branch=z1"},
		{"192.0.2.99:5099;branch=z1", "192.0.2.99:7", "192.0.2.99:5099;branch=z1"},
		{"192.0.2.99:5099;branch=z1;rport", "192.0.2.99:7", "192.0.2.99:5099;branch=z1;rport=7;received=192.0.2.99"},
		{"10.0.0.1;branch=z1", "192.0.2.99:7", "10.0.0.1;branch=z1;received=192.0.2.99"},
		{"pc.example.com;branch=z1", "192.0.2.99:7", "pc.example.com;branch=z1;received=192.0.2.99"},
		{"10.0.0.1;received=203.0.113.9;rport=9;branch=z1", "192.0.2.99:7", "10.0.0.1;rport=7;branch=z1;received=192.0.2.99"},
		{"192.0.2.99;received=203.0.113.9;branch=z1", "192.0.2.99:7", "192.0.2.99;branch=z1"},
		{"[2001:db8::1];branch=z1", "[2001:db8:0::1]:7", "[2001:db8::1];branch=z1"},
		{"[::ffff:192.0.2.10]:19823;branch=z1", "[2001:db8::9]:7", "[::ffff:192.0.2.10]:19823;branch=z1;received=2001:db8::9"},
	} {
		text := swap(t, "192.0.2.99:5099;branch=z9hG4bK776", c.via)
		r := wire.Inspect([]byte(text), false, netip.MustParseAddrPort(c.source))
		if r.Verdict != wire.Accept {
			t.Errorf("%s: %s", c.via, r.Reason)
			continue
		}
		if got := strings.TrimPrefix(r.Msg.Via().Value(), "SIP/2.0/UDP "); got != c.want {
			t.Errorf("%s from %s: got %s, want %s", c.via, c.source, got, c.want)
		}
	}
}

func TestReading(t *testing.T) {
	req := accepted(t, swap(t, "To:", "k: 100rel\r\nx: 1800\r\nrecord-route: <sip:p1;lr>,<sip:p2;LR>\r\nTo:"))
	if h := req.GetHeader("Supported"); h == nil || h.Name() != "Supported" || h.Value() != "100rel" {
		t.Errorf("k: %v", h)
	}
	if h := req.GetHeader("Session-Expires"); h == nil || h.Value() != "1800" {
		t.Errorf("x: %v", h)
	}
	routes := req.GetHeaders("Record-Route")
	if len(routes) != 2 || routes[1].Value() != "<sip:p2;lr>" {
		t.Errorf("Record-Route: %v", routes)
	}
	if from := req.From(); from.DisplayName != "Alice" || from.Address.User != "alice" {
		t.Errorf("From: %v", from)
	}
	if string(req.Body()) != "v=0\r\n" || req.ContentType().Value() != "application/sdp" {
		t.Errorf("body %q of type %v", req.Body(), req.ContentType())
	}
	req = accepted(t, strings.ReplaceAll(invite, "INVITE", "InViTe"))
	if req.Method != "InViTe" {
		t.Errorf("method %q: methods are case-sensitive", req.Method)
	}
}

// RFC 4475 section 3.1.1.1 says what is to be read out of wsinv.
func TestWsinv(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(tortureDir(t), "rfc4475", "wsinv.dat"))
	if err != nil {
		t.Fatal(err)
	}
	req := accepted(t, string(data))
	from, _ := req.From().Params.Get("tag")
	to, _ := req.To().Params.Get("tag")
	branch, _ := req.Via().Params.Get("branch")
	second, _ := req.Contact().Params.Get("newparam")
	got := fmt.Sprint(from, to, branch, second, req.CSeq().SeqNo, *req.MaxForwards(), len(req.GetHeaders("via")), req.Via().Host)
	if want := fmt.Sprint("98asjd8", "1918181833n", "390skdjuw", "newvalue", 9, 68, 3, "192.0.2.2"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// G10: time is linear in the size, whatever the message is made of.
func TestHostileMessagesAreCheap(t *testing.T) {
	fill := func(part string) string { return strings.Repeat(part, 60000/len(part)) }
	for name, text := range map[string]string{
		"parameters":  swap(t, ";branch", fill(";a=1")+";branch"),
		"URI params":  swap(t, "192.0.2.2 ", "192.0.2.2"+fill(";a")+" "),
		"fields":      swap(t, "To:", fill("a:b\r\n")+"To:"),
		"folds":       swap(t, "To:", "X:"+fill("\r\n x")+"\r\nTo:"),
		"Via":         swap(t, "z9hG4bK776", "z9hG4bK776"+fill(",SIP/2.0/UDP h")),
		"quotes":      swap(t, "\"Alice\"", fill("\"")),
		"brackets":    swap(t, "<sip:bob@example.com>", fill("<")),
		"backslashes": swap(t, "\"Alice\"", "\""+fill("\\")),
		"empty lines": fill("\r\n") + invite,
		"commas":      swap(t, "<sip:alice@192.0.2.99:5099>", fill(",")),
	} {
		start := time.Now()
		wire.Inspect([]byte(text), false, peer)
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		code   int
		header string
	}{
		"nothing against it":   {invite, 0, ""},
		"other body":           {swap(t, "application/sdp", "application/unknown"), 415, "Accept"},
		"optional other body":  {swap(t, "application/sdp", "x/y\r\nContent-Disposition: render;handling=optional"), 0, ""},
		"no type":              {swap(t, "Content-Type: application/sdp\r\n", ""), 415, "Accept"},
		"packed body":          {swap(t, "To:", "Content-Encoding: gzip\r\nTo:"), 415, "Accept-Encoding"},
		"extension":            {swap(t, "To:", "Require: 100rel, foo\r\nRequire: bar\r\nTo:"), 420, "Unsupported"},
		"known extension":      {swap(t, "To:", "Require: 100REL\r\nTo:"), 0, ""},
		"for proxies":          {swap(t, "To:", "Proxy-Require: foo\r\nTo:"), 0, ""},
		"accepts other things": {swap(t, "To:", "Accept: text/plain\r\nTo:"), 406, ""},
		"accepts anything":     {swap(t, "To:", "Accept: text/plain, */*;q=0.1\r\nTo:"), 0, ""},
		"other method":         {strings.ReplaceAll(invite, "INVITE", "REGISTER"), 405, "Allow"},
		"unknown method":       {strings.ReplaceAll(invite, "INVITE", "invite"), 501, "Allow"},
	} {
		got := wire.Validate(accepted(t, c.text), sut)
		switch {
		case got == nil:
			if c.code != 0 {
				t.Errorf("%s: accepted, want %d", name, c.code)
			}
		case got.Code != c.code:
			t.Errorf("%s: got %d, want %d", name, got.Code, c.code)
		case c.header != "" && got.Response(accepted(t, c.text), "t").GetHeader(c.header) == nil:
			t.Errorf("%s: the response has no %s", name, c.header)
		}
	}
	bad := wire.Validate(accepted(t, swap(t, "To:", "Require: foo, 100rel, bar\r\nTo:")), sut)
	if got := bad.Headers[0].Value(); got != "foo, bar" {
		t.Errorf("Unsupported: %s", got)
	}
}
