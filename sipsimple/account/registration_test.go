package account

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

func address(t *testing.T, text string) core.Address {
	t.Helper()
	a, err := core.ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// GRUUs are those of our instance, however it is quoted (D11).
func TestGRUUs(t *testing.T) {
	const instance = "urn:uuid:1"
	list := contacts(response(t, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
		`Contact: <sip:a@192.0.2.9>;+sip.instance="<urn:uuid:2>";pub-gruu="sip:alice@reg.test;gr=2"`+"\r\n"+
			`Contact: <sip:a@192.0.2.1>;+sip.instance="<urn:uuid:1>";pub-gruu="sip:alice@reg.test;gr=1";temp-gruu="sip:x@reg.test;gr";expires=60`+"\r\n"))
	if got := gruusOf(list, instance); got != (gruus{"sip:alice@reg.test;gr=1", "sip:x@reg.test;gr"}) {
		t.Errorf("got %+v", got)
	}
	if got := gruusOf(list, "urn:uuid:3"); got != (gruus{}) {
		t.Errorf("of somebody else: %+v", got)
	}
}

// response reads an answer to a REGISTER.
func response(t *testing.T, via, lines string) *sip.Response {
	t.Helper()
	text := "SIP/2.0 200 OK\r\nVia: " + via + "\r\nFrom: <sip:a@reg.test>;tag=1\r\nTo: <sip:a@reg.test>;tag=2\r\nCall-ID: 1\r\n" +
		"CSeq: 1 REGISTER\r\n" + lines + "Content-Length: 0\r\n\r\n"
	m, err := sip.ParseMessage([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*sip.Response)
}

// How long a registration lasts: the Expires header, else our Contact, else what
// was asked for (application.md 7.3).
func TestGranted(t *testing.T) {
	ours := address(t, "<sip:a@192.0.2.1:5060>")
	for lines, want := range map[string]time.Duration{
		"": time.Hour, "Expires: 120\r\n": 2 * time.Minute,
		"Contact: <sip:a@192.0.2.1>;expires=60\r\n":                 time.Minute,
		"Contact: <sip:b@192.0.2.1>;expires=60\r\n":                 time.Hour,
		"Contact: <sip:a@192.0.2.1:5070>;expires=60\r\n":            time.Hour,
		"Contact: <sip:a@192.0.2.1;transport=tls>;expires=60\r\n":   time.Hour,
		"Expires: 120\r\nContact: <sip:a@192.0.2.1>;expires=60\r\n": 2 * time.Minute,
		"Expires: 0\r\nContact: <sip:a@192.0.2.1>;expires=60\r\n":   time.Minute,
		"Expires: 0\r\n": 0,
	} {
		res := response(t, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", lines)
		if got := granted(res, ours, contacts(res), time.Hour); got != want {
			t.Errorf("%q: %v, want %v", lines, got, want)
		}
	}
}

// It is removed once.
func TestStaleContactIsForgotten(t *testing.T) {
	const via = "SIP/2.0/UDP 192.168.0.2:5060;branch=z9hG4bK1"
	stale, ours := address(t, "<sip:a@192.0.2.7:1024>").URI, address(t, "<sip:a@192.168.0.2:5060>").URI
	reg := &Registration{stale: &stale}
	r := &registering{s: &stored{}, life: time.Hour}
	in := r.read(reg, core.RequestAnswered{Code: 200, Response: response(t, via, "Expires: 60\r\n"), Contact: &ours})
	if in.granted != time.Minute || in.rewritten || reg.stale != nil {
		t.Errorf("%+v, still to be removed: %v", in, reg.stale)
	}
	in = r.read(reg, core.RequestAnswered{Code: 200, Response: response(t, via+";received=192.0.2.7;rport=1024", ""), Contact: &ours})
	if !in.rewritten || reg.stale == nil || reg.stale.String() != ours.String() || reg.public.String() != stale.String() {
		t.Errorf("%+v, to be removed: %v", in, reg.stale)
	}
}

// Nobody has more than a hundred phones.
func TestManyContacts(t *testing.T) {
	lines := strings.Repeat("Contact: <sip:a@192.0.2.1>\r\n", 150)
	if n := len(contacts(response(t, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", lines))); n != 100 {
		t.Errorf("%d contacts", n)
	}
}

// A GRUU that there must be is not replaced by another Contact.
func TestNoGRUU(t *testing.T) {
	for _, kind := range []ContactKind{PublicGRUU, TemporaryGRUU} {
		if uri, err := (&Account{}).ContactURI(nil, core.Route{Address: "192.0.2.9"}, kind); !errors.Is(err, ErrNoGRUU) {
			t.Errorf("%s, %v", uri.String(), err)
		}
	}
}

// Where the registrar sees us (RFC 3581), and what does not count as a move.
func TestSeenAt(t *testing.T) {
	contact := address(t, "<sip:a@192.168.0.2:5060>").URI
	for via, want := range map[string]string{
		"SIP/2.0/UDP 192.168.0.2:5060;branch=z9hG4bK1;rport=1024;received=192.0.2.7":  "sip:a@192.0.2.7:1024",
		"SIP/2.0/UDP 192.168.0.2:5060;branch=z9hG4bK1;rport=5060":                     "",
		"SIP/2.0/UDP 192.168.0.2:5060;branch=z9hG4bK1":                                "",
		"SIP/2.0/TCP 192.168.0.2:5060;branch=z9hG4bK1;rport=40000":                    "",
		"SIP/2.0/UDP 192.168.0.2:5060;branch=z9hG4bK1;received=evil.example":          "",
		"SIP/2.0/UDP 192.168.0.2:5060;branch=z9hG4bK1;rport=99999;received=192.0.2.7": "sip:a@192.0.2.7:5060",
	} {
		seen, ok := seenAt(response(t, via, ""), contact)
		if ok != (want != "") || ok && seen.String() != want {
			t.Errorf("%s: %s, %v", via, seen.String(), ok)
		}
	}
}

// A Contact that is not ours any more is removed with the next REGISTER, also with
// the one that gives the registration back: the new one may not be registered yet.
func TestStaleContactIsRemoved(t *testing.T) {
	stale, seen := address(t, "<sip:a@192.168.0.2:5060>").URI, address(t, "<sip:a@192.0.2.7:1024>").URI
	r := &Registration{from: address(t, "<sip:a@reg.test>"), user: "a", public: &seen, stale: &stale}
	for _, expires := range []time.Duration{time.Hour, 0} {
		p := r.params(regSend{expires: expires})
		var removed []string
		for _, h := range p.Headers {
			if h.Name() == "Contact" {
				removed = append(removed, h.Value())
			}
		}
		if !slices.Equal(removed, []string{"<sip:a@192.168.0.2:5060>;expires=0"}) || p.Contact.URI.String() != "sip:a@192.0.2.7:1024" {
			t.Errorf("%v: removes %q, registers %s", expires, removed, p.Contact.URI.String())
		}
	}
}
