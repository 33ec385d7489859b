// Package report prints what came of playing scenarios: lines and failures for
// people, ladders, JSON and JUnit for machines. It prints nothing else, and the
// same run prints the same bytes but for wall clock times.
package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/play"
)

// style colours words when the output is a terminal.
type style struct{ on bool }

func (s style) paint(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) good(text string) string { return s.paint("32", text) }
func (s style) bad(text string) string  { return s.paint("1;31", text) }
func (s style) dim(text string) string  { return s.paint("2", text) }

// virtual prints a duration of call time: 33s, 1m04s, 2h03m.
func virtual(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.4gs", float64(d.Round(10*time.Millisecond))/1e9)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// wall prints a duration of the clock on the wall: "6 ms", "1.2 s".
func wall(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.3g ms", float64(d.Round(100*time.Microsecond))/1e6)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// Replay is the command that plays a case again.
func Replay(r *play.Result) string {
	text := "callflow replay " + quoted(r.Case.File)
	name, faults := play.SplitName(r.Case.Name)
	if name != "" {
		text += " --case " + quoted(name)
	}
	if faults != "" {
		text += " --faults=" + faults
	}
	text += fmt.Sprintf(" --seed %d", r.Case.Seed)
	if r.World != "" && r.World != play.Sim {
		text += " --world " + r.World
		if r.Server != "" {
			text += " --server " + r.Server
		}
	}
	for _, phone := range r.Phones {
		text += " --party " + quoted(phone)
	}
	if len(r.Failures) > 0 {
		text += fmt.Sprintf(" --until %.3f", r.Failures[0].At.Seconds())
	}
	return text
}

func quoted(text string) string {
	if strings.ContainsAny(text, " '\"$*?()[]{}|&;<>") {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	return text
}

// clauses lists the RFC clauses and rows that a case is evidence for, a few.
func clauses(spec []string) string {
	var list []string
	for _, s := range spec {
		if strings.HasPrefix(s, "rfc") {
			list = append(list, s)
		}
	}
	if len(list) > 2 {
		list = append(list[:2], "…")
	}
	return strings.Join(list, " ")
}
