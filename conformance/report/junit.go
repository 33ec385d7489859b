package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
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
func JUnit(out io.Writer, outcomes []*Outcome, took time.Duration) error {
	suite := junitSuite{Name: "callflow", Tests: len(outcomes), Time: inSeconds(took)}
	for _, o := range outcomes {
		c := junitCase{Class: strings.ReplaceAll(o.ID, "/", "."), Name: o.FullName(), Time: inSeconds(o.Wall)}
		switch o.Verdict {
		case play.Failed:
			suite.Failures++
			c.Failure = messageOf(o)
		case play.Broken:
			suite.Errors++
			c.Error = messageOf(o)
		case play.Skipped:
			suite.Skipped++
			c.Skipped = &junitMessage{Message: o.Reason}
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

// colours are what a terminal takes for colours, and XML for an error.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

func messageOf(o *Outcome) *junitMessage {
	m := &junitMessage{Text: colours.ReplaceAllString(o.Block, "")}
	if len(o.Failures) > 0 {
		m.Message = o.Failures[0].Message
	}
	return m
}
