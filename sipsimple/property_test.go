package sipsimple

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestAnyHistoryIsLegal throws random API calls, peer events, stream events and
// time-outs at a machine and looks at everything it says (S3, session.md 6.4).
func TestAnyHistoryIsLegal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		p := &peer{world: w}
		begin := rapid.SampledFrom([]string{
			"connect a via bob", "connect slowa via bob carol", "connect a slowb via bob", "connect c via bob carol dave",
			"connect a", "incoming a", "incoming slowa c", "incoming",
		}).Draw(t, "begin")
		p.do(begin)
		w.checkStage(t)
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			p.do(rapid.SampledFrom(p.possible()).Draw(t, "step"))
			w.checkStage(t)
		}
		p.finish(t)
		w.checkHistory(t, p)
	})
}

// peer knows what may happen next: it is the other party, the network and the
// core at once, and never does what they could not do.
type peer struct {
	world   *world
	history []string

	provisional  bool // since the last INVITE of ours
	invites      int  // of ours, with a known outcome
	answered     bool // the INVITE of either side has its final answer
	acknowledged bool
	byes         int // of the peer, delivered
}

// possible lists the input lines that could be next.
func (p *peer) possible() []string {
	w := p.world
	lines := []string{
		"end", "reject 486", "ring", "accept", "hold", "unhold", "add d", "remove a", "accept-proposal d", "reject-proposal",
		"cancel-proposal", "connect e via bob",
	}
	if names := w.names(w.attrs.get().proposed); len(names) > 0 {
		lines = append(lines, "accept "+strings.Join(names, " "), "accept "+names[0], "accept "+names[0])
	} else {
		lines = append(lines, "accept a")
	}
	for _, name := range w.names(w.watchedStreams()) {
		lines = append(lines, "failed "+name+" X")
		if s := w.stream(name); !s.initialized {
			lines = append(lines, "initialized "+name, "initialized "+name)
		} else if !s.ended {
			lines = append(lines, "started "+name, "started "+name)
		}
	}
	for _, t := range timers {
		if _, ok := w.timers[t]; ok {
			lines = append(lines, "expired "+string(t))
		}
	}
	return append(lines, p.peerLines()...)
}

func (p *peer) peerLines() []string {
	w := p.world
	if w.inv == nil || w.finished {
		return nil
	}
	asked := func(what string) bool {
		return slices.ContainsFunc(w.inv.done, func(s string) bool { return s == what })
	}
	var lines []string
	switch {
	case asked("INVITE") && !p.answered:
		lines = append(lines, "provisional 180", "provisional 183", "provisional 183 sdp", "rejected 486", "rejected 503",
			"accepted", "accepted", "accepted foreign", "accepted empty", "accepted off=0")
		if !p.provisional || asked("CANCEL") {
			lines = append(lines, "invite-timeout", "transport-failed")
		}
		if p.provisional {
			lines = append(lines, "bye")
		}
		if asked("CANCEL") {
			lines = append(lines, "rejected 487", "accepted cancelled")
		}
	case asked("200") && !p.acknowledged && !p.answered:
		lines = append(lines, "acknowledged sdp", "acknowledged sdp", "ack-timeout", "bye")
	case asked("refused") && !p.answered:
		lines = append(lines, "rejection-acknowledged")
	case !asked("INVITE") && !p.answered:
		lines = append(lines, "cancelled", "bye")
	case p.byes == 0:
		lines = append(lines, "bye")
	}
	if asked("BYE") {
		lines = append(lines, "bye-done 200", "bye-done 481")
	}
	return lines
}

// do plays one line and keeps the books.
func (p *peer) do(line string) {
	p.history = append(p.history, line)
	words := strings.Fields(line)
	switch verb := words[0]; verb {
	case "provisional":
		p.provisional = true
	case "rejected", "invite-timeout", "transport-failed", "accepted":
		p.invites++
		p.answered, p.provisional = true, false
		p.world.inv.done = nil
	case "cancelled", "ack-timeout", "rejection-acknowledged":
		p.answered = true
	case "acknowledged":
		p.acknowledged, p.answered = true, true
	case "bye":
		p.byes++
		p.answered = true
	}
	sent := p.world.inv
	p.world.play(words)
	if sent != nil && slices.Contains(sent.done, "INVITE") && words[0] != "provisional" {
		p.answered = p.answered && !slices.Contains([]string{"rejected", "invite-timeout", "transport-failed"}, words[0])
	}
}

// finish ends the session and plays on until nothing can happen any more.
func (p *peer) finish(t *rapid.T) {
	w := p.world
	p.do("end")
	for range 20 {
		if w.finished {
			return
		}
		switch lines := p.peerLines(); {
		case slices.Contains(lines, "ack-timeout"):
			p.do("ack-timeout")
		default:
			for _, timeout := range timers {
				if _, ok := w.timers[timeout]; ok {
					p.do("expired " + string(timeout))
				}
			}
		}
		w.checkStage(t)
	}
	t.Fatalf("does not end; stage %T\n%s", w.machine.stage, strings.Join(p.history, "\n"))
}

func (w *world) watchedStreams() []streams.MediaStream {
	list := []streams.MediaStream{}
	for s := range w.watched {
		list = append(list, s)
	}
	return list
}

func (w *world) names(list []streams.MediaStream) []string {
	names := []string{}
	for _, s := range list {
		names = append(names, fmt.Sprint(s))
	}
	slices.Sort(names)
	return names
}

// checkStage compares stage and state.
func (w *world) checkStage(t *rapid.T) {
	want := map[string][]State{
		"unborn": {Null}, "offering": {Outgoing}, "inviting": {Outgoing}, "starting": {Outgoing},
		"alerting": {Incoming}, "accepting": {Accepting}, "answered": {Accepting},
		"cancelling": {Terminating}, "rejecting": {Terminating}, "unacknowledged": {Terminating}, "hangingUp": {Terminating},
		"closing": {Terminating}, "closed": {Terminated},
		"established": {Connected, SendingProposal, CancelingProposal, ReceivedProposal, AcceptingProposal, RejectingProposal},
	}
	stage := strings.TrimPrefix(fmt.Sprintf("%T", w.machine.stage), "*sipsimple.")
	if state := w.attrs.get().state; !slices.Contains(want[stage], state) {
		t.Fatalf("stage %s in state %s\n%s", stage, state, strings.Join(w.log, "\n"))
	}
}

// legalHistory is the skeleton of every log (session.md 6.4): N new, W will
// start, S did start, w will end, E did end, F did fail, and anything else.
var legalHistory = regexp.MustCompile(`^N[^NWSwEF]*(F|W[^NWSwEF]*F|W[^NWSwEF]*S[^NWSwEF]*w[^NWSwEF]*E)$`)

func (w *world) checkHistory(t *rapid.T, p *peer) {
	letters := map[string]string{
		"SIPSessionNewOutgoing": "N", "SIPSessionNewIncoming": "N", "SIPSessionWillStart": "W", "SIPSessionDidStart": "S",
		"SIPSessionWillEnd": "w", "SIPSessionDidEnd": "E", "SIPSessionDidFail": "F",
	}
	skeleton := ""
	for _, data := range w.posted {
		if letter, ok := letters[data.NotificationName()]; ok {
			skeleton += letter
		} else {
			skeleton += "."
		}
	}
	if !legalHistory.MatchString(skeleton) {
		t.Fatalf("illegal history %s\n%s", skeleton, strings.Join(p.history, "\n"))
	}
	for i, state := range w.states[1:] {
		if before := w.states[i]; !before.canBecome(state) {
			t.Fatalf("state %s follows %s\n%s", state, before, strings.Join(p.history, "\n"))
		}
	}
	w.checkTransactions(t, p)
	for s := range w.watched {
		t.Fatalf("stream %v is still watched\n%s", s, strings.Join(p.history, "\n"))
	}
	if len(w.timers) > 0 {
		t.Fatalf("timers %v still run\n%s", w.timers, strings.Join(p.history, "\n"))
	}
}

// checkTransactions wants one Txn for each INVITE and BYE whose outcome was
// known before the session closed (SD16).
func (w *world) checkTransactions(t *rapid.T, p *peer) {
	count := map[string]int{}
	for _, data := range w.posted {
		if txn, ok := data.(SIPSessionDidProcessTransaction); ok {
			count[string(txn.Originator)+" "+txn.Method]++
		}
	}
	if count["local INVITE"] > p.sentInvites() || count["local BYE"] > 1 || count["remote BYE"] > 1 || count["remote INVITE"] > 1 {
		t.Fatalf("too many transactions: %v for %d INVITEs\n%s", count, p.sentInvites(), strings.Join(p.history, "\n"))
	}
}

func (p *peer) sentInvites() int {
	n := 0
	for _, line := range p.world.log {
		if strings.HasPrefix(line, "INVITE ") {
			n++
		}
	}
	return n
}
