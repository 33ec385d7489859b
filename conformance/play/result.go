package play

import (
	"fmt"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// Verdict is how a case ended.
type Verdict int

// The verdicts.
const (
	Passed  Verdict = iota
	Failed          // something was not as the file says
	Skipped         // the file says so, with a reason
	Broken          // the laboratory itself is at fault: nothing was judged
)

// String is the word of a report.
func (v Verdict) String() string { return [...]string{"ok", "FAIL", "skip", "BROKEN"}[v] }

// Result is what came of playing a case.
type Result struct {
	Case     *scenario.Case
	World    string // where it was played
	Server   string // the program in the places of servers, see Options.Server
	Verdict  Verdict
	Failures []Failure     // why it is Failed or Broken
	Reason   string        // why it is Skipped
	Phones   []string      // phones under test, as party=source
	Peer     string        // name of the phone, if there is one
	Place    string        // name of the party in whose place it is
	LeftOut  int           // expectations that were left out, see WithPhones
	Virtual  time.Duration // from the first step to the end of the last
	Wall     time.Duration
	Log      []Entry // everything that happened, in order; see Play
	// Digest is the SHA-256 of the log as WriteLog writes it, in hex; "" when
	// the log was not asked for.
	Digest string
}

// Failure is one thing that was not as it should be.
type Failure struct {
	At      time.Duration  // virtual time
	Pos     match.Pos      // place in the file; zero if it has none
	What    string         // one line: "bob, item 2 of 2", "alice: hold", "leak"
	Match   *match.Failure // of an expect
	Details []string       // more lines
}

// String is the failure in one line.
func (f Failure) String() string {
	text := fmt.Sprintf("t = %s: %s", match.FormatTime(f.At), f.What)
	if f.Match != nil {
		return text + ": " + f.Match.Error()
	}
	if len(f.Details) > 0 {
		text += ": " + f.Details[0]
	}
	return text
}

// failure is a Failure on its way up through the steps.
func failure(at time.Duration, pos match.Pos, what string, details ...string) *Failure {
	return &Failure{At: at, Pos: pos, What: what, Details: details}
}
