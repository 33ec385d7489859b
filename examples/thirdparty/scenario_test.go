package thirdparty_test

import (
	"os"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/examples/thirdparty"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// textStreams tells scenarios of the word text, and of what such a stream posts.
var textStreams = []scenario.StreamType{{
	Type:          thirdparty.TextType,
	Notifications: []notification.Data{thirdparty.TextStreamGotText{}, thirdparty.TextStreamDidChangeHoldState{}},
}}

// TestScenario plays text.yaml: two applications negotiate the stream by name.
func TestScenario(t *testing.T) {
	cases, problems := scenario.Load(os.DirFS("."), []string{"text.yaml"}, scenario.Options{Streams: textStreams})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range cases {
		result := play.In(c, play.WithStreams(thirdparty.Register))
		if result.Verdict != play.Passed {
			t.Errorf("%s: %v %s", c.FullName(), result.Verdict, result.Reason)
			for _, f := range result.Failures {
				t.Error(f)
			}
		}
	}
}

// TestUnknownWord: without being told of it, a scenario may not name the stream.
func TestUnknownWord(t *testing.T) {
	if _, problems := scenario.Load(os.DirFS("."), []string{"text.yaml"}, scenario.Options{}); len(problems) == 0 {
		t.Error("text is taken for a stream of the middleware")
	}
}
