package play_test

import (
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/play"
)

// TestTwoLists: on bad links a chat may come before the ACK, and everything else
// that is told of it is judged (rule 12 of loosen.go).
func TestTwoLists(t *testing.T) {
	const begins = "[SIPSessionNewIncoming, SIPSessionWillStart, SIPSessionDidProcessTransaction, SIPSessionDidStart, "
	cases := []struct{ what, list, want string }{
		{"as without faults", begins + "ChatStreamGotMessage: {message: {body: one}}, ChatStreamGotMessage: {message: {body: two}}]", ""},
		{"whatever comes before", "[..., ChatStreamGotMessage: {message: {body: two}}]", ""},
		{"another body", begins + "ChatStreamGotMessage: {message: {body: one}}, ChatStreamGotMessage: {message: {body: three}}]",
			"bob (streams): expected ChatStreamGotMessage {message: {body: three}}"},
		{"another order", begins + "ChatStreamGotMessage: {message: {body: two}}, ChatStreamGotMessage: {message: {body: one}}]",
			"bob (streams): expected ChatStreamGotMessage {message: {body: two}}"},
		{"one that does not come", begins + "ChatStreamGotMessage, ChatStreamGotMessage, ChatStreamGotMessage]",
			"bob (streams): expected ChatStreamGotMessage: nothing is scheduled"},
		{"one too many", begins + "ChatStreamGotMessage: {message: {body: one}}]", "bob: posted, and nothing in the file expects it"},
		{"another order of SIP", "[SIPSessionWillStart, SIPSessionNewIncoming, ..., ChatStreamGotMessage: {message: {body: two}}]",
			"bob (SIP): expected SIPSessionWillStart, got SIPSessionNewIncoming"},
	}
	for _, c := range cases {
		file := load(t, "callflow: 1\nname: test\nstreams: {c: chat}\nwatch: [session, ChatStream*]\nparties: [alice, bob]\nsteps:\n"+
			"  - alice: {call: bob, streams: [c]}\n  - bob: accept\n  - alice/c: {send: one}\n  - alice/c: {send: two}\n"+
			"  - expect:\n      alice: [...]\n      bob: "+c.list+"\n")
		for seed := range uint64(10) {
			file.Seed = seed
			r := play.Play(play.Under(file, "loss"))
			if got := everything(r); (c.want == "") != (r.Verdict == play.Passed) || !strings.Contains(got, c.want) {
				t.Errorf("%s, seed %d: verdict %v, want %q, got\n%s", c.what, seed, r.Verdict, c.want, got)
			}
		}
	}
}

// TestClosedConnections: a party that is hung up on, and no other, may hear first
// that the connection is closed (rule 13 of loosen.go). A hundred seeds have some
// with two BYEs lost in a row.
func TestClosedConnections(t *testing.T) {
	const seeds = 100
	for originator, want := range map[string]int{"remote": 0, "local": seeds} {
		ends := "{originator: " + originator + "}"
		file := load(t, "callflow: 1\nname: test\nstreams: {c: chat}\nwatch: [session, MediaStream*]\nparties: [alice, bob]\nsteps:\n"+
			"  - alice: {call: bob, streams: [c]}\n  - bob: accept\n  - expect:\n      alice, bob: [..., SIPSessionDidStart]\n  - alice: end\n"+
			"  - expect:\n      alice: [SIPSessionWillEnd: {originator: local}, MediaStreamWillEnd, ..., SIPSessionDidEnd: {originator: local}]\n"+
			"      bob: [SIPSessionWillEnd: "+ends+", MediaStreamWillEnd, ..., SIPSessionDidEnd: "+ends+"]\n")
		failed := 0
		for seed := range uint64(seeds) {
			file.Seed = seed
			if r := play.Play(play.Under(file, "loss")); r.Verdict != play.Passed {
				failed++
			}
		}
		if failed != want {
			t.Errorf("bob is to hear that the %s end has hung up: %d failed, want %d", originator, failed, want)
		}
	}
}
