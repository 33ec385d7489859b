package report_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/report"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

func message(at time.Duration, from, to, text string) play.Entry {
	return play.Entry{
		At: at, Party: from, Event: match.Event{At: at, Name: from + " > " + to, Text: text},
		Message: &play.Message{From: from, To: to},
	}
}

// result is a run of three parties.
func result(verdict play.Verdict, failures ...play.Failure) *play.Result {
	lost := message(30*time.Millisecond, "alice", "carol", "ACK cseq 1")
	lost.Event.Lost = true
	return &play.Result{
		Case: &scenario.Case{
			File: "call.yaml", ID: "call", Name: "tcp,PCMU", Title: "a call", Seed: 7, Spec: []string{"S1", "rfc3261#13"},
			Parties: []*scenario.Party{{Name: "alice"}, {Name: "bob"}, {Name: "carol"}},
		},
		Verdict: verdict, Failures: failures, Virtual: 64 * time.Second, Wall: 6 * time.Millisecond,
		Log: []play.Entry{
			message(0, "alice", "bob", "INVITE cseq 1   audio sendrecv"),
			message(10*time.Millisecond, "bob", "alice", "200 INVITE"),
			{At: 20 * time.Millisecond, Party: "alice", Event: match.Event{Name: "SIPSessionDidStart"}, Watched: true},
			{At: 20 * time.Millisecond, Party: "alice", Event: match.Event{Name: "MediaStreamDidStart"}},
			lost,
			message(30*time.Millisecond, "bob", "192.0.2.99", "OPTIONS cseq 1"),
		},
	}
}

func TestLadder(t *testing.T) {
	var b strings.Builder
	report.Ladder(&b, result(play.Passed))
	want := `    t (s)    alice                         bob                           carol
    0.000    |---------- INVITE ---------->|                             |   INVITE cseq 1   audio sendrecv
    0.010    |<------- 200 INVITE ---------|                             |
    0.020    |                             |                             |   alice: SIPSessionDidStart
    0.030    |-------------------- ACK cseq 1 (lost) -------------------x|
             |                             |                             |   bob > 192.0.2.99: OPTIONS cseq 1
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestText(t *testing.T) {
	var b strings.Builder
	text := report.Text{Out: &b}
	text.Begin("call.yaml", "seed 7")
	text.Case(result(play.Passed))
	failed := result(play.Failed, play.Failure{
		At: 25 * time.Millisecond, Pos: match.Pos{File: "call.yaml", Line: 3, Col: 5}, What: "check alice",
		Details: []string{"state: expected connected, got outgoing"},
	})
	text.Case(failed)
	skipped := result(play.Skipped)
	skipped.Reason = "not today"
	text.Case(skipped)
	text.End(time.Second)
	want := `call.yaml, simulated network and audio, seed 7

  ok    call[tcp,PCMU]                               3 parties     1m04s virtual      6 ms   rfc3261#13
  FAIL  call[tcp,PCMU]                               3 parties     1m04s virtual      6 ms

FAIL  call.yaml  "a call"  [tcp,PCMU]                                     seed 7   t = 0.025 s
  check alice (call.yaml:3:5)
    state: expected connected, got outgoing
  last messages
      0.000  alice > bob      INVITE cseq 1   audio sendrecv
      0.010  bob > alice      200 INVITE
  replay   callflow replay call.yaml --case tcp,PCMU --seed 7 --until 0.025

  skip  call[tcp,PCMU]                               3 parties     1m04s virtual      6 ms   not today

1 scenario, 3 cases: 1 passed, 1 failed, 1 skipped in 1.0 s (3m12s of call time)
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestSkippedByDots: what a list waits for in vain has come with another field.
func TestSkippedByDots(t *testing.T) {
	var b strings.Builder
	text := report.Text{Out: &b}
	text.Begin("call.yaml", "seed 7")
	text.Case(result(play.Failed, play.Failure{Match: &match.Failure{
		View: "alice", Reason: "nothing is scheduled", Item: &match.Item{Kind: match.Single, Name: "SIPSessionDidFail"},
		Skipped: &match.Event{Name: "SIPSessionDidFail", At: 20 * time.Millisecond},
		Diff:    []match.Difference{{Field: "code", Want: "487", Got: "486"}},
	}}))
	want := `
    expected  SIPSessionDidFail
    got       nothing (nothing is scheduled)
    skipped   SIPSessionDidFail at 0.020 s, by the "..."
              code: expected 487, got 486
`
	if !strings.Contains(b.String(), want) {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// broken is a writer that fails.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestReportsTellOfWriteErrors(t *testing.T) {
	results := []*report.Outcome{
		report.Render(result(play.Passed), false, false),
		report.Render(result(play.Broken, play.Failure{What: "the world"}), false, true),
	}
	if err := report.JSON(broken{}, results, 0); err == nil {
		t.Error("JSON hides the error of its writer")
	}
	if err := report.JUnit(broken{}, results, 0); err == nil {
		t.Error("JUnit hides the error of its writer")
	}
	var b strings.Builder
	if err := report.JUnit(&b, results, time.Second); err != nil || !strings.Contains(b.String(), `tests="2" failures="0" errors="1"`) {
		t.Errorf("%v\n%s", err, b.String())
	}
}
