package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// asChild tells the test binary to stand in for a child of the command: what it
// plays, and how that ends.
const asChild = "CALLFLOW_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(callflow(os.Args[1:], os.Stdout, os.Stderr))
	}
	if os.Getenv(asChild) == "" {
		os.Exit(m.Run())
	}
	err := testJob(os.Getenv(asChild)).performAsChild()
	if e, ok := err.(exit); ok {
		os.Stderr.WriteString(e.text)
		os.Exit(e.code)
	}
}

// testJob has five cases, a to e. Those in the words of the test kill the
// process when they are played: "c" always, "b+d" when both are played at a
// time, "0" before anything is played.
func testJob(words string) *job {
	return &job{
		parallel: 2,
		load: func() ([]*scenario.Case, error) {
			switch words {
			case "0":
				panic("nothing works")
			case "bad input":
				return nil, exit{exitBadInput, "no such thing"}
			}
			var cases []*scenario.Case
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				cases = append(cases, &scenario.Case{ID: name, File: name + ".yaml"})
			}
			return cases, nil
		},
		play: func(c *scenario.Case) *play.Result {
			if slices.Contains(strings.Fields(words), c.ID) {
				ended := make(chan bool)
				go func() { panic("boom in " + c.ID) }()
				<-ended
			}
			together(words, c.ID)
			return &play.Result{Case: c}
		},
	}
}

var met = map[string]chan bool{"b": make(chan bool, 1), "c": make(chan bool, 1)}

// together lets b and c wait for each other, and then panics: unless one of them
// has ended already, when they are played alone.
func together(words, id string) {
	if words != "b+c" || met[id] == nil || os.Getenv(alone) != "" {
		return
	}
	other := "b"
	if id == "b" {
		other = "c"
	}
	met[id] <- true
	<-met[other]
	ended := make(chan bool)
	go func() { panic("both") }()
	<-ended
}

const alone = "CALLFLOW_TEST_ALONE"

func TestSupervision(t *testing.T) {
	passed, failed, broken := play.Passed, play.Failed, play.Broken
	cases := []struct {
		words string
		want  []play.Verdict // nil: nothing is played
		text  string         // of a failure, or of the error
	}{
		{"none", []play.Verdict{passed, passed, passed, passed, passed}, ""},
		{"c", []play.Verdict{passed, passed, failed, passed, passed}, "panic: boom in c"},
		{"a e", []play.Verdict{failed, passed, passed, passed, failed}, "panic: boom in e"},
		{"a b c d e", []play.Verdict{failed, failed, failed, failed, failed}, "panic: boom in d"},
		{"b+c", []play.Verdict{passed, broken, broken, passed, passed}, "while it played b, c at the same time; alone, none"},
		{"0", nil, "died before it played anything (exit 3)\npanic: nothing works"},
		{"bad input", nil, "no such thing"},
	}
	for _, c := range cases {
		var stderr strings.Builder
		children := 0
		s := &supervisor{stderr: &stderr, playing: map[int]bool{}, command: func() *exec.Cmd {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), asChild+"="+c.words, "GORACE=atexit_sleep_ms=0")
			if children++; children > 1 {
				child.Env = append(child.Env, alone+"=1")
			}
			return child
		}}
		began, text := 0, ""
		var got []play.Verdict
		_, err := s.perform(func([]*report.Outcome) { began++ }, func(o *report.Outcome) {
			got = append(got, o.Verdict)
			text += o.Block
		})
		if err != nil {
			text += err.Error()
		}
		text += stderr.String()
		if !slices.Equal(got, c.want) || (began == 1) != (c.want != nil) || !strings.Contains(text, c.text) {
			t.Errorf("%s: %v (began %d), want %v\n%s", c.words, got, began, c.want, text)
		}
	}
}
