package core

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestAnswerIsRepeatedUntilItsTimeIsOver(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		b := l.engine(2, answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1")
		pass(33 * time.Second)
		bob.expect(t, "AckTimeout")
		want := []string{"10ms", "510ms", "1.51s", "3.51s", "7.51s", "11.51s", "15.51s", "19.51s", "23.51s", "27.51s", "31.51s"}
		if got := l.at("200 INVITE"); !reflect.DeepEqual(got, want) {
			t.Errorf("200 at %v", got)
		}
		bob.do(func(i *Invitation) { i.Bye(500, "Missing ACK") })
		pass(100 * time.Millisecond)
		bye := alice.last(sip.BYE)
		if got := headerText(bye, "reason"); got != `SIP;cause=500;text="Missing ACK"` {
			t.Errorf("Reason %s", got)
		}
		alice.reply(bye, 200, "")
		pass(time.Second)
		bob.expect(t, "AckTimeout ByeDone200")
		l.expectEmpty(b)
	})
}

func TestLateAckIsFine(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		l.engine(2, answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1")
		pass(20 * time.Second)
		alice.insideBody("192.0.2.2", "ACK", 1, string(offer), "Content-Type: application/sdp")
		alice.inside("192.0.2.2", "ACK", 1)
		pass(30 * time.Second)
		bob.expect(t, "Acknowledged")
		if got := bob.heard()[0].(Acknowledged).SDP; string(got) != string(offer) {
			t.Errorf("answer in ACK: %q", got)
		}
	})
}

// A caller that hangs up without acknowledging: the 200 is not repeated any more,
// and nobody waits for its ACK (RFC 3261 section 15).
func TestByeInsteadOfTheAck(t *testing.T) {
	inLab(t, func(l *lab) {
		e, bob := busy(l, nil)
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1")
		pass(100 * time.Millisecond)
		alice.inside("192.0.2.2", "BYE", 2)
		pass(time.Minute)
		if got := alice.codes(sip.INVITE); !slices.Equal(got, []int{200}) {
			t.Errorf("answered %v", got)
		}
		bob.expect(t, "ByeReceived")
		l.expectEmpty(e)
	})
}

// A CANCEL that comes after the call was answered is answered, and does nothing
// (RFC 3261 section 9.2).
func TestCancelAfterTheAck(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := talking(l)
		alice.text("192.0.2.2", "", "CANCEL sip:bob@192.0.2.2 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", "Max-Forwards: 70",
			"From: <sip:alice@a.test>;tag=ft", "To: <sip:bob@b.test>", "Call-ID: call-1", "CSeq: 1 CANCEL")
		pass(50 * time.Millisecond)
		if got := alice.codes(sip.CANCEL); !slices.Equal(got, []int{200}) {
			t.Errorf("answered %v", got)
		}
		bob.expect(t, "Acknowledged")
	})
}

// A Contact is an address: the headers of a Request-URI do not belong there.
func TestContactOfACalledAddress(t *testing.T) {
	contact := calledContact(address("<sip:bob@192.0.2.2;x=y?Subject=no>").URI, "udp")
	if got := contact.String(); got != "sip:bob@192.0.2.2;x=y" {
		t.Errorf("got %s", got)
	}
}

func TestEveryCopyOfA2xxGetsItsAck(t *testing.T) {
	inLab(t, func(l *lab) {
		a, bob := l.engine(1, nil), l.peer(2)
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(100 * time.Millisecond)
		invite := bob.last(sip.INVITE)
		bob.replySDP(invite, 200, "bt")
		pass(100 * time.Millisecond)
		bob.replySDP(invite, 200, "bt") // before the application acknowledged: nothing to repeat
		pass(100 * time.Millisecond)
		if n := len(bob.requests(sip.ACK)); n != 0 {
			t.Fatalf("%d ACK before Acknowledge", n)
		}
		alice.do(func(i *Invitation) { i.Acknowledge(nil) })
		bob.replySDP(invite, 200, "bt")
		pass(100 * time.Millisecond)
		acks := bob.requests(sip.ACK)
		if len(acks) != 2 || acks[0].String() != acks[1].String() {
			t.Fatalf("%d ACK, want two equal ones", len(acks))
		}
		alice.expect(t, "Accepted")
	})
}

func TestForks(t *testing.T) {
	inLab(t, func(l *lab) {
		a, proxy, one, two := l.engine(1, nil), l.peer(9), l.peer(2), l.peer(3)
		alice := l.caller(a, nil)
		alice.react = acknowledging(alice)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.9")) })
		pass(100 * time.Millisecond)
		invite := proxy.last(sip.INVITE)
		one.reply(invite, 180, "one", "Record-Route: <sip:192.0.2.8;lr>")
		two.reply(invite, 183, "two")
		pass(100 * time.Millisecond)
		two.replySDP(invite, 200, "two")
		pass(100 * time.Millisecond)
		one.replySDP(invite, 200, "one") // its route set is that of the 2xx: none
		one.replySDP(invite, 200, "one")
		pass(100 * time.Millisecond)
		alice.expect(t, "Provisional180 Provisional183 Accepted")
		if got := alice.inv.Dialog().RemoteTag; got != "two" {
			t.Errorf("dialog with %q", got)
		}
		if n := len(two.requests(sip.ACK)); n != 1 {
			t.Errorf("winner got %d ACK", n)
		}
		if n := len(one.requests(sip.ACK)); n != 2 {
			t.Errorf("loser got %d ACK, want one for each 2xx", n)
		}
		bye := one.last(sip.BYE)
		if bye.CSeq().SeqNo != 2 || toTag(bye) != "one" {
			t.Errorf("BYE of the fork:\n%s", bye)
		}
	})
}

// callByProxy calls bob by a proxy, which has the INVITE then.
func callByProxy(l *lab) (alice *party, proxy, bob *peer) {
	alice, proxy, bob = l.caller(l.engine(1, nil), nil), l.peer(9), l.peer(2)
	alice.react = acknowledging(alice)
	alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.9")) })
	pass(100 * time.Millisecond)
	return alice, proxy, bob
}

func TestRoutes(t *testing.T) {
	inLab(t, func(l *lab) {
		_, proxy, bob := callByProxy(l)
		invite := proxy.last(sip.INVITE)
		if invite.Route() != nil || invite.Recipient.String() != "sip:bob@b.test" {
			t.Errorf("the route shows in the message:\n%s", invite)
		}
		bob.replySDP(invite, 200, "bt", "Record-Route: <sip:192.0.2.8;lr>, <sip:192.0.2.9;lr>")
		pass(100 * time.Millisecond)
		ack := proxy.last(sip.ACK)
		var routes []string
		for _, h := range ack.GetHeaders("route") {
			routes = append(routes, h.Value())
		}
		if !slices.Equal(routes, []string{"<sip:192.0.2.9;lr>", "<sip:192.0.2.8;lr>"}) {
			t.Errorf("routes %q", routes)
		}
		if got := ack.Recipient.String(); got != "sip:bob@192.0.2.2:5060" {
			t.Errorf("target %s", got)
		}
	})
}

// The route set is made with the dialog: a re-INVITE, of whichever end, and what
// it is answered change the target only (RFC 3261 section 12.2).
func TestRouteSetStays(t *testing.T) {
	for _, record := range []string{"", "Record-Route: <sip:192.0.2.7;lr>"} {
		inLab(t, func(l *lab) {
			alice, proxy, bob := callByProxy(l)
			bob.replySDP(proxy.last(sip.INVITE), 200, "bt", "Record-Route: <sip:192.0.2.8;lr>, <sip:192.0.2.9;lr>")
			pass(100 * time.Millisecond)
			alice.do(func(i *Invitation) { i.Reinvite(offer) })
			pass(100 * time.Millisecond)
			extra := []string{}
			if record != "" {
				extra = append(extra, record)
			}
			l.peer(3).replySDP(proxy.last(sip.INVITE), 200, "bt", extra...)
			pass(100 * time.Millisecond)
			alice.do(func(i *Invitation) { i.Bye(0, "") })
			pass(100 * time.Millisecond)
			for _, req := range []*sip.Request{proxy.last(sip.ACK), proxy.last(sip.BYE)} {
				var routes []string
				for _, h := range req.GetHeaders("route") {
					routes = append(routes, h.Value())
				}
				if !slices.Equal(routes, []string{"<sip:192.0.2.9;lr>", "<sip:192.0.2.8;lr>"}) {
					t.Errorf("%q: routes of the %s %q", record, req.Method, routes)
				}
				if got := req.Recipient.Host; got != "192.0.2.3" {
					t.Errorf("%q: target of the %s %s", record, req.Method, got)
				}
			}
		})
	}
}

func TestByeFromEarlyDialogs(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		b := l.engine(2, answering(bob, func(i *Invitation) { i.Progress(180, "", nil) }))
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1")
		pass(100 * time.Millisecond)
		alice.inside("192.0.2.2", "BYE", 2, `Reason: Q.850;cause=16;text="other", SIP;cause=200;text="gone, away"`)
		pass(100 * time.Millisecond)
		bob.expect(t, "ByeReceived")
		if got := bob.heard()[0].(ByeReceived).Reason; got != "gone, away" {
			t.Errorf("reason %q", got)
		}
		if got := alice.codes(sip.BYE); !slices.Equal(got, []int{200}) {
			t.Errorf("BYE answered %v", got)
		}
		if got := alice.codes(sip.INVITE); !slices.Equal(got, []int{180, 487}) {
			t.Errorf("INVITE answered %v", got)
		}
		pass(40 * time.Second) // no ACK of the 487: its transaction ends
		l.expectEmpty(b)
	})
}

func TestCloseRefusesAndHangsUp(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		b := l.engine(2, answering(bob, nil))
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1")
		pass(time.Second)
		bob.do(func(i *Invitation) { i.Close() })
		pass(time.Second)
		if got := alice.codes(sip.INVITE)[:2]; !slices.Equal(got, []int{100, 480}) {
			t.Errorf("INVITE answered %v", got)
		}
		pass(time.Minute)
		l.expectEmpty(b)
	})
}

func TestCloseWaitsForTheAckBeforeItsBye(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		b := l.engine(2, answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1")
		pass(time.Second)
		bob.do(func(i *Invitation) { i.Close() })
		pass(time.Second)
		if n := len(alice.requests(sip.BYE)); n != 0 {
			t.Fatal("BYE before the ACK")
		}
		alice.inside("192.0.2.2", "ACK", 1)
		pass(time.Second)
		alice.reply(alice.last(sip.BYE), 200, "")
		pass(time.Second)
		bob.expect(t, "")
		l.expectEmpty(b)
	})
}

// TestByeAfterTheirs: one that is ordered when the peer has ended the dialog
// already is not sent, and done: it would be answered 481.
func TestByeAfterTheirs(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		a := l.engine(1, nil)
		b := l.engine(2, answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
		alice := l.caller(a, nil)
		acknowledge := acknowledging(alice)
		alice.react = func(event InvitationEvent) {
			acknowledge(event)
			if _, ended := event.(ByeReceived); ended {
				alice.inv.Bye(0, "")
			}
		}
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(time.Second)
		bob.do(func(i *Invitation) { i.Bye(0, "") })
		pass(time.Second)
		alice.expect(t, "Accepted ByeReceived ByeDone481")
		bob.expect(t, "Acknowledged ByeDone200")
		l.expectEmpty(a)
		l.expectEmpty(b)
	})
}

func TestByesCross(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		a := l.engine(1, nil)
		b := l.engine(2, answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
		alice := l.caller(a, nil)
		alice.react = acknowledging(alice)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(time.Second)
		alice.do(func(i *Invitation) { i.Bye(0, "") })
		bob.do(func(i *Invitation) { i.Bye(0, "") })
		pass(time.Second)
		alice.expect(t, "Accepted ByeReceived ByeDone200")
		bob.expect(t, "Acknowledged ByeReceived ByeDone200")
		l.expectEmpty(a)
		l.expectEmpty(b)
	})
}
