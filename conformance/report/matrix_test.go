package report_test

import (
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/report"
)

func TestMatrix(t *testing.T) {
	var m report.Matrix
	m.Set(report.Cell{Row: "call/basic", Column: "a as bob"}, report.Mark{Word: "ok"})
	m.Set(report.Cell{Row: "call/basic", Column: "b as bob"}, report.Mark{Word: "FAIL", Why: `alice: <"no">`})
	m.Set(report.Cell{Row: "x", Column: "a as bob"}, report.Mark{Word: "skip", Why: "no x"})
	var text, html strings.Builder
	m.Text(&text)
	want := "            a as bob  b as bob\ncall/basic  ok        FAIL\n\n1 case without anything that these phones could play\n"
	if text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &text, want)
	}
	if err := m.HTML(&html); err != nil || !strings.Contains(html.String(), `<td class="FAIL" title="alice: &lt;&#34;no&#34;&gt;">FAIL`) {
		t.Errorf("%v\n%s", err, &html)
	}
}
