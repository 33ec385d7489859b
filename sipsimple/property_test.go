package sipsimple

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestAnyHistoryIsLegal throws random API calls, peer events, stream events and
// time-outs at a machine and looks at everything it says (S3, session.md 6.4).
func TestAnyHistoryIsLegal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &history{world: newWorld()}
		h.play(t, rapid.SampledFrom([]string{
			"connect a via bob", "connect slowa via bob carol", "connect a slowb via bob", "connect c via bob carol dave",
			"connect a", "incoming a", "incoming slowa c", "incoming",
		}).Draw(t, "begin"))
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			h.play(t, rapid.SampledFrom(h.possible()).Draw(t, "step"))
		}
		h.end(t)
		h.check(t)
	})
}

// TestAnyHistoryOfACallIsLegal is the same from an established call on.
func TestAnyHistoryOfACallIsLegal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &history{world: newWorld()}
		for _, line := range rapid.SampledFrom([][]string{
			{"connect a via bob", "accepted sdp"}, {"connect a c via bob", "accepted sdp"}, {"connect c via bob", "accepted sdp"},
			{"incoming a c", "accept a c", "acknowledged sdp"},
		}).Draw(t, "begin") {
			h.play(t, line)
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			lines := slices.DeleteFunc(h.possible(), func(line string) bool {
				return line == "end" || line == "bye" || line == "ack-timeout" || line == "rejected 481" || line == "refer-refused 481" || line == "refer-ended 200"
			})
			h.play(t, rapid.SampledFrom(lines).Draw(t, "step"))
		}
		h.end(t)
		h.check(t)
	})
}

// history is a world and what has happened to it.
type history struct {
	world *world
	lines []string
	names int // of streams that the peer proposed
}

// play is one line of input, followed by the checks that hold at any time.
func (h *history) play(t *rapid.T, line string) {
	w := h.world
	h.lines = append(h.lines, line)
	open := w.inv != nil && w.inv.out
	before := w.transactions()
	over := w.finished || w.attrs.get().state == Terminating
	w.play(strings.Fields(line))
	if w.inv != nil && open && !over && isFinal(line) && w.transactions()["local INVITE"] != before["local INVITE"]+1 {
		h.fatalf(t, "%q is not reported as a transaction", line)
	}
	h.checkStage(t)
}

func isFinal(line string) bool {
	verb, _, _ := strings.Cut(line, " ")
	return slices.Contains([]string{"accepted", "rejected", "invite-timeout", "transport-failed"}, verb)
}

func (h *history) fatalf(t *rapid.T, format string, args ...any) {
	t.Fatalf("%s\nafter\n  %s\nlog\n  %s", fmt.Sprintf(format, args...), strings.Join(h.lines, "\n  "), strings.Join(h.world.log, "\n  "))
}

// possible lists the lines that could be next: never what peer, network and core
// could not do.
func (h *history) possible() []string {
	w := h.world
	lines := []string{
		"end", "reject 486", "ring", "accept", "hold", "unhold", "add d", "add slowd", "remove a", "remove c",
		"reject-proposal", "cancel-proposal", "transfer sip:carol@carol.test", "accept-transfer", "reject-transfer", "connect e via bob", "accept a",
	}
	if names := w.names(w.attrs.get().proposed); len(names) > 0 {
		all := strings.Join(names, " ")
		lines = append(lines, "accept "+all, "accept "+names[0], "accept-proposal "+all, "accept-proposal "+names[0])
	}
	for _, name := range w.names(w.watchedStreams()) {
		s := w.stream(name)
		lines = append(lines, "failed "+name+" X")
		if !s.initialized {
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
	return append(append(lines, w.fromFocus()...), h.fromPeer()...)
}

func (h *history) fromPeer() []string {
	w := h.world
	if w.inv == nil || w.finished {
		return nil
	}
	var lines []string
	i := w.inv
	if i.out {
		lines = append(lines, "provisional 180", "provisional 183 sdp", "rejected 486", "rejected 503", "rejected 491",
			"accepted sdp", "accepted sdp", "accepted foreign", "accepted empty", "accepted off=0")
		if i.dialog {
			lines = append(lines, "rejected 481")
		}
		if !i.provisional || i.withdrawn {
			lines = append(lines, "invite-timeout", "transport-failed")
		}
		if i.withdrawn {
			lines = append(lines, "rejected 487")
			if !i.dialog {
				lines = append(lines, "accepted cancelled")
			}
		}
	}
	if i.in {
		lines = append(lines, "cancelled", "cancelled")
	}
	if i.ackDue {
		lines = append(lines, "acknowledged sdp", "acknowledged sdp", "acknowledged", "ack-timeout")
	}
	if i.refused {
		lines = append(lines, "rejection-acknowledged")
	}
	if i.dialog && !i.out && !i.in && !i.ackDue && !i.bye {
		lines = append(lines, h.reinvites()...)
	}
	if i.bye {
		lines = append(lines, "bye-done 200", "bye-done 481")
	}
	lines = append(lines, h.fromTransfer()...)
	if i.dialog || i.in || i.out && i.provisional {
		lines = append(lines, "bye")
	}
	return lines
}

// fromTransfer is what may happen to a transfer.
func (h *history) fromTransfer() []string {
	i := h.world.inv
	var lines []string
	if i.dialog && !i.bye && !i.referred {
		lines = append(lines, "referred sip:carol@carol.test")
	}
	if i.refer {
		lines = append(lines, "refer-accepted", "refer-progress 180", "refer-ended 200", "refer-ended 486", "refer-refused 403", "refer-refused 481")
	}
	if i.calling {
		lines = append(lines, "call-provisional 180", "call-started", "call-failed 486", "call-failed 0", "call-not-placed")
	}
	if i.notified {
		lines = append(lines, "refer-notified")
	}
	return lines
}

// reinvites are what the peer could offer in the dialog.
func (h *history) reinvites() []string {
	_, active := h.world.machine.sdp.Active()
	if active == nil {
		return nil
	}
	var words []string
	for _, line := range active.MediaDescriptions {
		word := line.MediaName.Media
		if !sdp.Alive(line) {
			word += "=0"
		}
		words = append(words, word)
	}
	same := strings.Join(words, " ")
	h.names++
	lines := []string{
		"reinvite", "reinvite broken", "reinvite " + same, "reinvite image", "reinvite " + same + " image",
		fmt.Sprintf("reinvite %s message:cp%d", same, h.names), fmt.Sprintf("reinvite %s audio:slowp%d", same, h.names),
	}
	for i := range words {
		dead, held := slices.Clone(words), slices.Clone(words)
		dead[i] = strings.TrimSuffix(dead[i], "=0") + "=0"
		held[i] = strings.TrimSuffix(held[i], "=0") + "=sendonly"
		lines = append(lines, "reinvite "+strings.Join(dead, " "), "reinvite "+strings.Join(held, " "))
	}
	return lines
}

// end ends the session and plays on until nothing can happen any more.
func (h *history) end(t *rapid.T) {
	h.play(t, "end")
	for range 10 {
		if h.world.finished {
			return
		}
		for _, timeout := range timers {
			if _, ok := h.world.timers[timeout]; ok {
				h.play(t, "expired "+string(timeout))
			}
		}
		if slices.Contains(h.fromPeer(), "ack-timeout") {
			h.play(t, "ack-timeout")
		}
	}
	h.fatalf(t, "does not end, stage %T", h.world.machine.stage)
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
func (h *history) checkStage(t *rapid.T) {
	want := map[string][]State{
		"unborn": {Null}, "locating": {Outgoing}, "offering": {Outgoing}, "inviting": {Outgoing}, "starting": {Outgoing},
		"alerting": {Incoming}, "accepting": {Accepting}, "answered": {Accepting},
		"cancelling": {Terminating}, "rejecting": {Terminating}, "unacknowledged": {Terminating}, "hangingUp": {Terminating},
		"closing": {Terminating}, "closed": {Terminated},
	}
	stage := strings.TrimPrefix(fmt.Sprintf("%T", h.world.machine.stage), "*sipsimple.")
	allowed := want[stage]
	if s, ok := h.world.machine.stage.(*established); ok {
		if open := h.world.machine.sdp.Offer(); s.op == nil && open != nil {
			h.fatalf(t, "idle with an open offer")
		}
		switch s.op.(type) {
		case nil:
			allowed = []State{Connected}
		case *answering:
			allowed = []State{Connected, SendingProposal, CancellingProposal} // SD2: a call of ours may wait
		case *proposed:
			allowed = []State{ReceivedProposal, AcceptingProposal, RejectingProposal, Connected, SendingProposal, CancellingProposal}
		default:
			allowed = []State{SendingProposal, CancellingProposal}
		}
	}
	if state := h.world.attrs.get().state; !slices.Contains(allowed, state) {
		h.fatalf(t, "stage %s in state %s", stage, state)
	}
}

// legalHistory is the skeleton of every log (session.md 6.4): N new, W will
// start, S did start, w will end, E did end, F did fail; P a proposal, R its
// rejection, X its failure, A its acceptance with a directly following + for the
// streams added; . anything else.
var legalHistory = regexp.MustCompile(`^N\.*(F|W\.*F|W\.*S(\.|P\.*(R|X|A\+)|[RX]|P\.*$)*(P\.*)?w\.*E)$`)

var letters = map[string]string{
	"SIPSessionNewOutgoing": "N", "SIPSessionNewIncoming": "N", "SIPSessionWillStart": "W", "SIPSessionDidStart": "S",
	"SIPSessionWillEnd": "w", "SIPSessionDidEnd": "E", "SIPSessionDidFail": "F", "SIPSessionGotProposal": "P",
	"SIPSessionGotRejectProposal": "R", "SIPSessionHadProposalFailure": "X", "SIPSessionGotAcceptProposal": "A",
}

func (h *history) check(t *rapid.T) {
	w := h.world
	skeleton := ""
	for _, data := range w.posted {
		letter, ok := letters[data.NotificationName()]
		if r, is := data.(SIPSessionDidRenegotiateStreams); is && r.Action == Add {
			letter, ok = "+", true
		}
		if !ok {
			letter = "."
		}
		skeleton += letter
	}
	if !legalHistory.MatchString(skeleton) {
		h.fatalf(t, "illegal history %s", skeleton)
	}
	for i, state := range w.states[1:] {
		// A state that lasts for no time at all may have escaped the log.
		through := func(between State) bool { return between.canBecome(state) }
		if before := w.states[i]; !before.canBecome(state) && !slices.ContainsFunc(transitions[before], through) {
			h.fatalf(t, "state %s follows %s", state, before)
		}
	}
	if count := w.transactions(); count["local INVITE"] > w.inv.sentInvites() || count["local BYE"] > 1 || count["remote BYE"] > 1 {
		h.fatalf(t, "too many transactions: %v for %d INVITEs", count, w.inv.sentInvites())
	}
	if n := w.transactions()["remote INVITE"]; w.inv != nil && n > w.inv.received {
		h.fatalf(t, "%d transactions for %d INVITEs of the peer", n, w.inv.received)
	}
	if w.outcomes() != w.wishes {
		h.fatalf(t, "%d outcomes of %d calls about participants", w.outcomes(), w.wishes)
	}
	if len(w.watched) > 0 || len(w.timers) > 0 {
		h.fatalf(t, "left behind: streams %v, timers %v", w.names(w.watchedStreams()), w.timers)
	}
	for name, s := range w.streams {
		if s.initialized && !s.ended {
			h.fatalf(t, "stream %s was not ended", name)
		}
	}
}

// transactions counts those reported, by originator and method.
func (w *world) transactions() map[string]int {
	count := map[string]int{}
	for _, data := range w.posted {
		if txn, ok := data.(SIPSessionDidProcessTransaction); ok {
			count[string(txn.Originator)+" "+txn.Method]++
		}
	}
	return count
}

// track keeps the books of the invitation: what may come from the peer next.
func (i *fakeInvitation) track(e event) {
	switch e := e.(type) {
	case core.ReferEnded:
		i.refer = false
	case core.ReferReceived:
		i.referred = true
	case core.ReferNotified:
		i.notified = false
	case callProgress:
		i.calling = i.calling && (e.what == callProvisional || e.what == callWillStart)
	case core.Provisional:
		i.provisional = true
	case core.Accepted:
		i.out, i.dialog = false, true
	case core.Rejected, core.InviteTimeout, core.TransportFailed:
		i.out = false
	case core.Cancelled:
		i.in = false
	case core.Acknowledged, core.AckTimeout:
		i.ackDue = false
	case core.RejectionAcknowledged:
		i.refused = false
	case core.ReinviteReceived:
		i.in = true
		i.received++
	case core.ByeReceived, core.ByeDone:
		i.in, i.out, i.dialog, i.bye, i.ackDue = false, false, false, false, false
	}
}

func (i *fakeInvitation) sentInvites() int {
	if i == nil {
		return 0
	}
	return i.invites
}
