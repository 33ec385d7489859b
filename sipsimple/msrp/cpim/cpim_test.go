package cpim_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/msrp/cpim"
)

// Example of RFC 3862 section 5.1, shortened.
const example = "From: MR SANDERS <im:piglet@100akerwood.com>\r\nTo: Depressed Donkey <im:eeyore@100akerwood.com>\r\n" +
	"DateTime: 2000-12-13T13:40:00-08:00\r\nSubject: the weather will be fine today\r\n" +
	"Subject:;lang=fr beau temps prevu pour aujourd'hui\r\nNS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\n" +
	"Require: MyFeatures.VitalMessageOption\r\nMyFeatures.VitalMessageOption: Confirmation-requested\r\n" +
	"MyFeatures.WackyMessageOption: Use-silly-font\r\n\r\nContent-type: text/xml; charset=utf-8\r\n" +
	"Content-ID: <1234567890@foo.com>\r\n\r\n<body>\r\nHere is the text of my message.\r\n</body>\r\n"

func TestParse(t *testing.T) {
	for _, text := range []string{example, strings.ReplaceAll(example, "\r\n", "\n")} {
		m, err := cpim.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		want := cpim.Message{
			From:        cpim.Identity{DisplayName: "MR SANDERS", URI: "im:piglet@100akerwood.com"},
			To:          []cpim.Identity{{DisplayName: "Depressed Donkey", URI: "im:eeyore@100akerwood.com"}},
			Subjects:    []cpim.Subject{{Text: "the weather will be fine today"}, {Language: "fr", Text: "beau temps prevu pour aujourd'hui"}},
			DateTime:    m.DateTime,
			Required:    []string{"MyFeatures.VitalMessageOption"},
			Headers:     []cpim.Header{{Namespace: "mid:MessageFeatures@id.foo.com", Name: "VitalMessageOption", Value: "Confirmation-requested"}, {Namespace: "mid:MessageFeatures@id.foo.com", Name: "WackyMessageOption", Value: "Use-silly-font"}},
			ContentType: "text/xml; charset=utf-8", MIME: []cpim.Header{{Name: "Content-ID", Value: "<1234567890@foo.com>"}},
			Body: m.Body,
		}
		if !reflect.DeepEqual(*m, want) || !m.DateTime.Equal(time.Date(2000, 12, 13, 21, 40, 0, 0, time.UTC)) {
			t.Errorf("got  %+v\nwant %+v", *m, want)
		}
		if !strings.HasPrefix(string(m.Body), "<body>") {
			t.Errorf("body %q", m.Body)
		}
	}
}

// TestAppend: the headers in the order of streams.md 7.5, as they are written.
func TestAppend(t *testing.T) {
	m := cpim.Message{
		From: cpim.Identity{DisplayName: "A\\B", URI: "sip:a@x"}, To: []cpim.Identity{{URI: "sip:b@x"}, {DisplayName: "C", URI: "sip:c@x"}},
		CC: []cpim.Identity{{URI: "sip:d@x"}}, Subjects: []cpim.Subject{{Text: "tab\t"}, {Language: "fr", Text: "été"}},
		DateTime: time.Date(2026, 1, 2, 3, 4, 5, 999_000_000, time.FixedZone("", 2*3600)), Required: []string{"ns1.A", "Subject"},
		Headers:     []cpim.Header{{Namespace: "urn:x", Name: "A", Value: "1"}, {Namespace: "urn:y", Name: "B", Value: "2"}, {Namespace: "urn:x", Name: "C", Value: "3"}},
		ContentType: "text/plain; charset=utf-8", MIME: []cpim.Header{{Name: "Content-ID", Value: "<1>"}}, Body: []byte("hi"),
	}
	want := "From: A\\\\B <sip:a@x>\r\nTo: <sip:b@x>\r\nTo: C <sip:c@x>\r\ncc: <sip:d@x>\r\nSubject: tab\\u0009\r\nSubject:;lang=fr été\r\n" +
		"DateTime: 2026-01-02T03:04:05+02:00\r\nRequired: ns1.A,Subject\r\nNS: ns1 <urn:x>\r\nns1.A: 1\r\nNS: ns2 <urn:y>\r\nns2.B: 2\r\nns1.C: 3\r\n\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\nContent-ID: <1>\r\n\r\nhi"
	if got := string(m.Append(nil)); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestBad(t *testing.T) {
	for _, text := range []string{
		"", "From: <sip:a@b>", "From: <sip:a@b>\r\nTo: x\r\n", "From: <sip:a@b>\r\n\r\nContent-Type: text/plain", "\xff\xfe: x\r\n\r\n\r\n",
		strings.Repeat("X: y\r\n", 100) + "\r\n\r\n", "X: " + strings.Repeat("y", 10000) + "\r\n\r\n\r\n",
	} {
		if m, err := cpim.Parse([]byte(text)); err == nil {
			t.Errorf("%.40q gave %+v", text, m)
		}
	}
	m, err := cpim.Parse([]byte("From: nobody\r\nDateTime: soon\r\nfoo.Bar: x\r\nnonsense\r\n\r\n\r\nhello"))
	if err != nil || m.From.URI != "" || !m.DateTime.IsZero() || len(m.Headers) != 0 || string(m.Body) != "hello" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestText(t *testing.T) {
	for contentType, want := range map[string]string{
		"text/plain": "é", "text/plain; charset=UTF-8": "é", "text/plain;charset=iso-8859-1": "Ã©", "text/plain; charset=ebcdic": "",
	} {
		m := cpim.Message{ContentType: contentType, Body: []byte("é")}
		if got, err := m.Text(); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", contentType, got, err)
		}
	}
}

func TestSame(t *testing.T) {
	a := cpim.Identity{DisplayName: "A", URI: "sip:alice@example.test"}
	for uri, want := range map[string]bool{
		"sips:alice@EXAMPLE.test:5061;transport=tls": true, "sip:alice:pw@example.test": true, "sip:Alice@example.test": false,
		"sip:alice@example.org": false, "sip:example.test": false,
	} {
		if a.Same(cpim.Identity{URI: uri}) != want {
			t.Errorf("%s: want %v", uri, want)
		}
	}
}

// TestRoundTrip: what is written is read back.
func TestRoundTrip(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab\\ü\x01\x7f\n\r\t<>:;\"u00")), 1, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		m := cpim.Message{
			From:        cpim.Identity{DisplayName: strings.Trim(text.Draw(t, "name"), " \"<>"), URI: "sip:a@b"},
			Subjects:    []cpim.Subject{{Text: text.Draw(t, "subject")}, {Language: "de", Text: text.Draw(t, "translation")}},
			Headers:     []cpim.Header{{Namespace: "urn:x", Name: "H", Value: text.Draw(t, "value")}},
			DateTime:    time.Unix(int64(rapid.IntRange(0, 1<<31).Draw(t, "time")), 0).UTC(),
			ContentType: "text/plain; charset=utf-8", Body: []byte(text.Draw(t, "body")),
		}
		got, err := cpim.Parse(m.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if !got.DateTime.Equal(m.DateTime) {
			t.Fatalf("time %v", got.DateTime)
		}
		got.DateTime = m.DateTime
		if !reflect.DeepEqual(*got, m) {
			t.Fatalf("got  %q\nwant %q", *got, m)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte("From: a\\u00 <sip:a@b>\n\n\nx"))
	f.Add([]byte("NS: <x>\r\nNS: a <\r\nSubject:;lang=\r\n\r\nContent-Type: ;\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := cpim.Parse(data)
		if err != nil {
			return
		}
		_, _ = m.Text()
		if _, err := cpim.Parse(m.Append(nil)); err != nil {
			t.Errorf("what was read from %q cannot be read again: %v", data, err)
		}
	})
}
