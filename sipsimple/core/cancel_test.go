package core

import (
	"reflect"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Calls withdrawn, by what the callee has sent until then.

func TestCancelAfterRinging(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		a := l.engine(1, nil)
		b := l.engine(2, answering(bob, func(i *Invitation) { i.Progress(180, "", nil) }))
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(time.Second)
		alice.do(func(i *Invitation) { i.Cancel("lunch") })
		pass(time.Second)
		alice.expect(t, "Provisional180 Rejected487")
		bob.expect(t, "Cancelled")
		if got := bob.heard()[0].(Cancelled).Reason; got != "lunch" {
			t.Errorf("reason %q", got)
		}
		bob.do(func(i *Invitation) { i.Accept(Answer{}) })
		pass(time.Second)
		bob.expect(t, "Cancelled")
		l.expectEmpty(a)
		l.expectEmpty(b)
	})
}

func TestCancelCrossesAccept(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		a := l.engine(1, nil)
		b := l.engine(2, answering(bob, func(i *Invitation) { i.Progress(180, "", nil) }))
		alice := l.caller(a, nil)
		alice.react = acknowledging(alice)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(time.Second)
		bob.do(func(i *Invitation) { i.Accept(Answer{SDP: offer}) })
		alice.do(func(i *Invitation) { i.Cancel("") })
		pass(time.Second)
		alice.expect(t, "Provisional180 AcceptedCancelled")
		bob.expect(t, "Acknowledged ByeReceived")
		alice.do(func(i *Invitation) { i.Close() })
		pass(time.Minute)
		l.expectEmpty(a)
		l.expectEmpty(b)
	})
}

func TestCancelWaitsForProvisionalEvenAfterClose(t *testing.T) {
	inLab(t, func(l *lab) {
		a, bob := l.engine(1, nil), l.peer(2)
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		alice.do(func(i *Invitation) { i.Cancel("") })
		pass(time.Second)
		alice.do(func(i *Invitation) { i.Close() })
		pass(4 * time.Second)
		if n := len(bob.requests(sip.CANCEL)); n != 0 {
			t.Fatalf("%d CANCEL before a provisional response", n)
		}
		bob.reply(bob.last(sip.INVITE), 180, "bt")
		pass(100 * time.Millisecond)
		cancel, invite := bob.last(sip.CANCEL), bob.last(sip.INVITE)
		if cancel.Via().Value() != invite.Via().Value() || toTag(cancel) != "" {
			t.Errorf("CANCEL does not match its INVITE:\n%s", cancel)
		}
		bob.reply(cancel, 200, "bt")
		bob.reply(invite, 487, "bt")
		pass(time.Second)
		bob.last(sip.ACK)
		alice.expect(t, "")
		l.expectEmpty(a)
	})
}

func TestCloseBeforeLateAnswerEndsTheCall(t *testing.T) {
	inLab(t, func(l *lab) {
		a, bob := l.engine(1, nil), l.peer(2)
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		alice.do(func(i *Invitation) { i.Close() })
		pass(2 * time.Second)
		invite := bob.last(sip.INVITE)
		bob.replySDP(invite, 200, "bt")
		pass(time.Second)
		bob.last(sip.ACK)
		bob.reply(bob.last(sip.BYE), 200, "bt")
		bob.replySDP(invite, 200, "bt") // its copy gets another ACK
		pass(time.Second)
		if n := len(bob.requests(sip.ACK)); n != 2 {
			t.Errorf("%d ACK, want 2", n)
		}
		l.expectEmpty(a)
	})
}

func TestCancelUnanswered(t *testing.T) {
	inLab(t, func(l *lab) {
		a, bob := l.engine(1, nil), l.peer(2)
		bob.auto = func(req *sip.Request) {
			if req.Method == sip.CANCEL {
				bob.reply(req, 200, "bt")
			}
		}
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(100 * time.Millisecond)
		bob.reply(bob.last(sip.INVITE), 100, "")
		alice.do(func(i *Invitation) { i.Cancel("") })
		pass(31 * time.Second)
		alice.expect(t, "")
		pass(2 * time.Second)
		alice.expect(t, "InviteTimeout")
		l.expectEmpty(a)
	})
}

func TestCancelBeforeLookupSendsNothing(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.engine(1, nil)
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("late.test")) })
		alice.do(func(i *Invitation) { i.Cancel("") })
		pass(2 * time.Second)
		alice.expect(t, "Rejected487")
		if got := l.wireLog(); len(got) != 0 {
			t.Errorf("sent %q", got)
		}
	})
}

func TestSilence(t *testing.T) {
	inLab(t, func(l *lab) {
		a, bob := l.engine(1, nil), l.peer(2)
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(33 * time.Second)
		alice.expect(t, "InviteTimeout")
		want := []string{"0s", "500ms", "1.5s", "3.5s", "7.5s", "15.5s", "31.5s"}
		if got := l.at("INVITE"); !reflect.DeepEqual(got, want) {
			t.Errorf("sent at %v", got)
		}
		// The next route: same Call-ID and tag, next number, another branch.
		carol := l.peer(3)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.3")) })
		pass(time.Second)
		first, second := bob.last(sip.INVITE), carol.last(sip.INVITE)
		if second.CSeq().SeqNo != 2 || callIDOf(first) != callIDOf(second) || fromTag(first) != fromTag(second) {
			t.Errorf("second attempt does not continue the first:\n%s%s", first, second)
		}
		if first.Via().Value() == second.Via().Value() {
			t.Error("same branch")
		}
	})
}
