package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
)

// suspicion is what is known about a child that died while it played several
// cases at a time. They are played again, one at a time: who kills the process
// then was it. If nobody does, all of them are in doubt.
type suspicion struct {
	cases  []int
	words  string                  // last ones of the child
	passed map[int]*report.Outcome // of those that were played alone and have ended
	guilty bool                    // one of them killed the process again
}

// afterCrash decides what a dead child means for the cases that it was playing.
func (s *supervisor) afterCrash(words string, progress bool) {
	playing := slices.Sorted(maps.Keys(s.playing))
	switch {
	case len(playing) == 1:
		i := playing[0]
		s.suspects.guilty = s.suspects.guilty || slices.Contains(s.suspects.cases, i)
		s.settle(i, report.Crashed(s.cases[i], play.Failed, "the process died while it played this case", words))
	case len(playing) > 1:
		s.acquit()
		s.suspects = suspicion{cases: playing, words: words}
	case !progress: // it dies between two cases, again and again
		for i := range s.cases {
			s.settle(i, report.Crashed(s.cases[i], play.Broken, "the process died before it played this case", words))
		}
	}
}

// hold keeps the outcome of a suspect until the others have been heard.
func (s *supervisor) hold(i int, o *report.Outcome) bool {
	if !slices.Contains(s.suspects.cases, i) {
		return false
	}
	if s.suspects.passed == nil {
		s.suspects.passed = map[int]*report.Outcome{}
	}
	s.suspects.passed[i] = o
	return true
}

// acquit ends a suspicion when all have been played alone: their outcomes
// count, unless nobody killed the process.
func (s *supervisor) acquit() {
	was := s.suspects
	s.suspects = suspicion{}
	for _, i := range slices.Sorted(maps.Keys(was.passed)) {
		o := was.passed[i]
		if !was.guilty {
			what := fmt.Sprintf("the process died while it played %s at the same time; alone, none of them does that", s.names(was.cases))
			o = report.Crashed(s.cases[i], play.Broken, what, was.words)
		}
		s.settle(i, o)
	}
}

func (s *supervisor) names(cases []int) string {
	list := make([]string, len(cases))
	for n, i := range cases {
		list[n] = s.cases[i].FullName()
	}
	return strings.Join(list, ", ")
}

// crash is how the runtime begins its last words.
var crash = regexp.MustCompile(`(?m)^(panic|fatal error|runtime): `)

// tail keeps the beginning of what a child says on standard error: a crash
// comes first, and the stacks of everybody follow.
type tail struct{ kept []byte }

const mostKept = 1 << 20

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[:min(len(p), max(0, mostKept-len(t.kept)))]...)
	return len(p), nil
}

// crashed tells whether the child has died, of itself or by a signal.
func (t *tail) crashed(code int) bool { return code < 0 || code == exitBadInput && crash.Match(t.kept) }

// words are the last words of a child: the panic and the stack of its goroutine.
func (t *tail) words() string {
	text := string(t.kept)
	if at := crash.FindIndex(t.kept); at != nil {
		text = text[at[0]:]
	}
	if end := strings.Index(text, "\n\ngoroutine "); end >= 0 {
		if next := strings.Index(text[end+2:], "\n\n"); next >= 0 {
			text = text[:end+2+next]
		}
	}
	return strings.TrimSpace(text)
}
