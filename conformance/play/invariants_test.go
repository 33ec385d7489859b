package play

import (
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// TestRulesOfEverySession breaks each rule of session.md 6.4 in turn.
func TestRulesOfEverySession(t *testing.T) {
	opened, will := sipsimple.SIPSessionNewOutgoing{}, sipsimple.SIPSessionWillStart{}
	txn := sipsimple.SIPSessionDidProcessTransaction{Method: "INVITE", Code: 200}
	started, ending := sipsimple.SIPSessionDidStart{}, sipsimple.SIPSessionWillEnd{}
	ended, failed := sipsimple.SIPSessionDidEnd{}, sipsimple.SIPSessionDidFail{}
	proposal, accepted := sipsimple.SIPSessionGotProposal{}, sipsimple.SIPSessionGotAcceptProposal{}
	rejected, changed := sipsimple.SIPSessionGotRejectProposal{}, sipsimple.SIPSessionDidRenegotiateStreams{Action: sipsimple.Add}
	call := []notification.Data{opened, will, txn, started}
	with := func(more ...notification.Data) []notification.Data { return append(call[:4:4], more...) }
	cases := []struct {
		log  []notification.Data
		want string // "" = all is well
	}{
		{with(ending, ended), ""},
		{[]notification.Data{opened, failed}, ""},
		{[]notification.Data{opened, will, failed}, ""},
		{with(proposal, accepted, changed, proposal, rejected, proposal, ending, ended), ""},
		{[]notification.Data{will}, "a session begins with"},
		{[]notification.Data{opened, opened}, "a session begins with"},
		{[]notification.Data{opened, started}, "SIPSessionWillStart comes before"},
		{[]notification.Data{opened, will, started}, "the transaction comes before"},
		{with(started), "SIPSessionDidStart comes once"},
		{with(failed), "SIPSessionDidFail closes a session that has not started"},
		{[]notification.Data{opened, ending, ended}, "SIPSessionDidEnd closes a session that has started"},
		{with(ended), "after SIPSessionWillEnd"},
		{with(ending, ending), "SIPSessionWillEnd comes once"},
		{with(ending, ended, ended), "nothing comes after"},
		{with(proposal, proposal), "after the one before is decided"},
		{with(rejected), "a proposal is decided once"},
		{with(proposal, accepted, txn), "is followed by SIPSessionDidRenegotiateStreams"},
		{with(proposal, accepted, sipsimple.SIPSessionDidRenegotiateStreams{Action: sipsimple.Remove}), "what is added is what was accepted"},
	}
	for _, c := range cases {
		p := &party{def: &scenario.Party{Name: "alice"}}
		l := life{party: p, session: &session{party: p, labels: []string{"one"}, tag: "t", peer: "bob"}}
		var names []string
		for _, data := range c.log {
			names = append(names, data.NotificationName())
			l.next(&record{data: data, event: match.Event{Name: data.NotificationName()}})
		}
		switch {
		case c.want == "" && len(l.failures) > 0:
			t.Errorf("%v: %v", names, l.failures)
		case c.want != "" && (len(l.failures) == 0 || !strings.Contains(l.failures[0].String(), c.want)):
			t.Errorf("%v: %v, want %q", names, l.failures, c.want)
		}
	}
}
