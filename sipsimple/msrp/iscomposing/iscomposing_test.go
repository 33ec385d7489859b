package iscomposing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/msrp/iscomposing"
)

func TestRoundTrip(t *testing.T) {
	for _, d := range []iscomposing.Document{
		{}, {Active: true}, {Active: true, Refresh: 60, ContentType: "text/<&>", LastActive: time.Date(2003, 1, 27, 10, 43, 0, 0, time.UTC)},
	} {
		got, err := iscomposing.Parse(d.Marshal())
		if err != nil || *got != d {
			t.Errorf("%+v became %+v, %v", d, got, err)
		}
	}
}

func TestParse(t *testing.T) {
	got, err := iscomposing.Parse([]byte(`<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>dancing</state>` +
		`<refresh>soon</refresh><lastactive>x</lastactive><x><state>active</state></x></isComposing>`))
	if err != nil || *got != (iscomposing.Document{}) {
		t.Errorf("%+v, %v", got, err)
	}
	bomb := `<!DOCTYPE x [<!ENTITY a "` + strings.Repeat("a", 100) + `"><!ENTITY b "&a;&a;&a;">]><isComposing><state>&b;</state></isComposing>`
	for _, text := range []string{
		"", "x", "<x/>", "<isComposing>", bomb, strings.Repeat("<isComposing>", 50), "<isComposing>" + strings.Repeat("<a/>", 100) + "</isComposing>",
		"<isComposing>" + strings.Repeat("a", 20000) + "</isComposing>",
	} {
		if got, err := iscomposing.Parse([]byte(text)); err == nil {
			t.Errorf("%.60q gave %+v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add((&iscomposing.Document{Active: true, Refresh: 60}).Marshal())
	f.Add([]byte("<isComposing><state>active</state></isComposing>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if d, err := iscomposing.Parse(data); err == nil {
			if again, err := iscomposing.Parse(d.Marshal()); err != nil || again.Active != d.Active {
				t.Errorf("%q: %+v, %v", data, again, err)
			}
		}
	})
}
