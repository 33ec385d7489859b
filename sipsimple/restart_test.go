package sipsimple_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// TestCrashAndRestart: a phone dies in a call and starts again within 64*T1. Its
// ports are free, it registers in a series of its own, and what the peers of the lost
// calls send gets 481, which ends them there (reliability I39).
func TestCrashAndRestart(t *testing.T) {
	inLab(t, func(l *lab) {
		server := l.registrar("reg")
		defer server.Close()
		st := stored("alice@reg.test auth.password=secret")
		start := func(life byte) *phone {
			p := l.phone("alice", st, func(c *sipsimple.Config) { c.Rand = rand.NewChaCha8([32]byte{life}) })
			p.start()
			p.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
				s := n.Sender.(*sipsimple.Session)
				must(t, s.Accept(s.ProposedStreams(), nil))
			}), notification.Filter{Name: "SIPSessionNewIncoming"})
			pass(time.Second)
			return p
		}
		first := start(1)
		bob, carol := l.party("bob"), l.party("carol")
		way := []core.Route{{Address: l.addr("alice")}}
		ends, holds := bob.callVia("alice", way), carol.callVia("alice", way)
		pass(time.Second)
		if ends.State() != sipsimple.Connected || holds.State() != sipsimple.Connected {
			t.Fatalf("the calls are %s and %s", ends.State(), holds.State())
		}
		bob.forget()
		carol.forget()

		l.net.Cut("alice", "") // whatever it says when it ends, as a dead one says nothing
		first.stop()
		l.net.Heal("alice", "")
		second := start(2)

		ends.End()
		holds.Hold()
		pass(time.Second)
		bob.expect("WillEnd local", "DidProcessTransaction local BYE 481 Call/Transaction Does Not Exist", "DidEnd local user_request")
		carol.expect("DidProcessTransaction local INVITE 481 Call/Transaction Does Not Exist true", "WillEnd remote", "DidEnd remote user_request")
		if n := len(second.SessionManager().Sessions()); n != 0 {
			t.Errorf("the new one has %d sessions", n)
		}
		series := map[string]int{}
		for _, r := range server.Requests() {
			if r.Method == "REGISTER" && r.Code == 200 {
				series[r.CallID]++
			}
		}
		if len(series) != 2 {
			t.Errorf("registered in the series %v, want one of each life", series)
		}
		stop(bob, carol)
		second.stop()
	})
}
