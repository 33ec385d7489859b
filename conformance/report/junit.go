package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/play"
)

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Error   *junitMessage `xml:"error,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the report of a run in the format that CI servers read.
func JUnit(out io.Writer, results []*play.Result, took time.Duration) error {
	suite := junitSuite{Name: "callflow", Tests: len(results), Time: inSeconds(took)}
	for _, r := range results {
		c := junitCase{Class: strings.ReplaceAll(r.Case.ID, "/", "."), Name: r.Case.FullName(), Time: inSeconds(r.Wall)}
		switch r.Verdict {
		case play.Failed:
			suite.Failures++
			c.Failure = messageOf(r)
		case play.Broken:
			suite.Errors++
			c.Error = messageOf(r)
		case play.Skipped:
			suite.Skipped++
			c.Skipped = &junitMessage{Message: r.Reason}
		}
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }

func messageOf(r *play.Result) *junitMessage {
	m := &junitMessage{}
	if len(r.Failures) > 0 {
		m.Message = r.Failures[0].String()
	}
	var text strings.Builder
	t := Text{Out: &text, files: map[string]bool{}}
	for i := range r.Failures {
		t.failure(r, &r.Failures[i], i == 0)
	}
	m.Text = text.String()
	return m
}
