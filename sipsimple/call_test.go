package sipsimple_test

import (
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

func TestRingAnswerTalkHangUp(t *testing.T) { // SET-01, TRM-01
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		call := alice.call("bob")
		pass(time.Second)
		must(t, bob.session().SendRingIndication())
		pass(time.Second)
		must(t, bob.session().Accept(bob.session().ProposedStreams(), nil))
		pass(time.Second)
		alice.expect("NewOutgoing [audio]", "GotRingIndication", "GotProvisionalResponse 180 Ringing", "WillStart",
			"DidProcessTransaction local INVITE 200 OK true", "DidStart [audio]")
		bob.expect("NewIncoming [audio]", "WillStart", "DidProcessTransaction remote INVITE 200 OK true", "DidStart [audio]")
		for _, s := range []*sipsimple.Session{call, bob.session()} {
			if s.State() != sipsimple.Connected || s.StartTime().IsZero() || s.Transport() != "udp" || len(s.Streams()) != 1 {
				t.Errorf("state %s, transport %s, start %v, streams %v", s.State(), s.Transport(), s.StartTime(), s.Streams())
			}
		}
		call.End()
		pass(time.Second)
		alice.expect("WillEnd local", "DidProcessTransaction local BYE 200 OK", "DidEnd local user_request")
		bob.expect("WillEnd remote", "DidProcessTransaction remote BYE 200 OK", "DidEnd remote user_request")
		if n := len(alice.SessionManager().Sessions()) + len(bob.SessionManager().Sessions()); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		stop(alice, bob)
	})
}

func TestRejected(t *testing.T) { // FAI-02
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		bob.on("NewIncoming", func(s *sipsimple.Session) { must(t, s.Reject(486, "")) })
		alice.call("bob")
		pass(time.Second)
		alice.expect("NewOutgoing [audio]", "DidProcessTransaction local INVITE 486 Busy Here true",
			"DidFail remote 486 Busy Here user_request")
		bob.expect("NewIncoming [audio]", "DidProcessTransaction remote INVITE 486 Busy Here true",
			"DidFail local 486 Busy Here user_request")
		stop(alice, bob)
	})
}

func TestCancelled(t *testing.T) { // FAI-15
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		call := alice.call("bob")
		pass(time.Second)
		call.End()
		pass(time.Second)
		alice.expect("NewOutgoing [audio]", "DidProcessTransaction local INVITE 487 Request Terminated true",
			"DidFail local 487 Session Cancelled user_request")
		bob.expect("NewIncoming [audio]", "DidProcessTransaction remote INVITE 487 Session Cancelled unknown",
			"DidFail remote 487 Session Cancelled user_request")
		stop(alice, bob)
	})
}

func TestNobodyAnswers(t *testing.T) { // FAI-23
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		bob.on("NewIncoming", func(s *sipsimple.Session) { must(t, s.SendRingIndication()) })
		alice.call("bob")
		pass(sipsimple.DefaultInviteTimeout + time.Second)
		alice.expect("NewOutgoing [audio]", "GotRingIndication", "GotProvisionalResponse 180 Ringing",
			"DidProcessTransaction local INVITE 487 Request Terminated true", "DidFail local 487 Session Cancelled timeout")
		bob.expect("NewIncoming [audio]", "DidProcessTransaction remote INVITE 487 Session Cancelled unknown",
			"DidFail remote 487 Session Cancelled user_request")
		stop(alice, bob)
	})
}

func TestNoSuchAccount(t *testing.T) { // FAI-05
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		alice.callVia("carol", []core.Route{{Address: l.addr("bob")}})
		pass(time.Second)
		alice.expect("NewOutgoing [audio]", "DidProcessTransaction local INVITE 404 Not Found true",
			"DidFail remote 404 Not Found user_request")
		bob.expect()
		stop(alice, bob)
	})
}

func TestRoutesAreTriedInOrder(t *testing.T) { // FAI-26, FAI-28
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		bob.on("NewIncoming", func(s *sipsimple.Session) { must(t, s.Accept(s.ProposedStreams(), nil)) })
		refusing := core.Route{Address: l.addr("bob"), Port: 9, Transport: "tcp"}
		silent := core.Route{Address: l.addr("bob"), Port: 9}
		call := alice.callVia("bob", []core.Route{refusing, silent, {Address: l.addr("bob"), Transport: "tcp"}})
		pass(40 * time.Second)
		alice.expect("NewOutgoing [audio]", "DidProcessTransaction local INVITE 503 Transport Error false",
			"DidProcessTransaction local INVITE 408 Request Timeout false", "WillStart",
			"DidProcessTransaction local INVITE 200 OK true", "DidStart [audio]")
		if call.Transport() != "tcp" {
			t.Errorf("transport is %s", call.Transport())
		}
		stop(alice, bob)
	})
}

func TestHoldAndRelease(t *testing.T) { // HLD-01
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		call := l.established(alice, bob)
		call.Hold()
		pass(time.Second)
		alice.expect("DidProcessTransaction local INVITE 200 OK true", "DidChangeHoldState local true false")
		bob.expect("DidProcessTransaction remote INVITE 200 OK unknown", "DidChangeHoldState remote true false")
		if !call.OnHold() || !bob.session().OnHold() {
			t.Error("on_hold is not true on both sides")
		}
		call.Unhold()
		pass(time.Second)
		alice.expect("DidProcessTransaction local INVITE 200 OK true", "DidChangeHoldState local false false")
		bob.expect("DidProcessTransaction remote INVITE 200 OK unknown", "DidChangeHoldState remote false false")
		stop(alice, bob)
	})
}

func TestAddAndRemoveAStream(t *testing.T) { // PRO-01, REM-01
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		call := l.established(alice, bob)
		second := alice.audio()
		must(t, call.AddStream(second))
		pass(time.Second)
		must(t, bob.session().AcceptProposal(bob.session().ProposedStreams()))
		pass(time.Second)
		alice.expect("GotProposal local [audio]", "DidProcessTransaction local INVITE 200 OK true",
			"GotAcceptProposal local [audio] [audio]", "DidRenegotiateStreams local add [audio]")
		bob.expect("GotProposal remote [audio]", "DidProcessTransaction remote INVITE 200 OK unknown",
			"GotAcceptProposal remote [audio] [audio]", "DidRenegotiateStreams remote add [audio]")
		must(t, call.RemoveStream(second))
		pass(time.Second)
		alice.expect("DidProcessTransaction local INVITE 200 OK true", "DidRenegotiateStreams local remove [audio]")
		bob.expect("DidProcessTransaction remote INVITE 200 OK unknown", "DidRenegotiateStreams remote remove [audio]")
		stop(alice, bob)
	})
}

func TestStopWithACall(t *testing.T) { // TRM-17
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		l.established(alice, bob)
		stop(alice)
		alice.expect("WillEnd local", "DidProcessTransaction local BYE 200 OK", "DidEnd local user_request")
		bob.expect("WillEnd remote", "DidProcessTransaction remote BYE 200 OK", "DidEnd remote user_request")
		stop(bob)
	})
}

// established is a call from one party to the other, and forgets how it came
// about.
func (l *lab) established(caller, callee *party) *sipsimple.Session {
	l.t.Helper()
	callee.on("NewIncoming", func(s *sipsimple.Session) { must(l.t, s.Accept(s.ProposedStreams(), nil)) })
	call := caller.call(callee.name)
	pass(time.Second)
	if call.State() != sipsimple.Connected || callee.session().State() != sipsimple.Connected {
		l.t.Fatalf("no call: %v, %v", caller.log, callee.log)
	}
	caller.log, callee.log = nil, nil
	return call
}
