package core

import (
	"slices"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// talking sets up a call from a scripted peer to an engine's party.
func talking(l *lab) (alice *peer, bob *party) {
	bob = &party{}
	l.engine(2, answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
	alice = l.peer(1)
	alice.invite("192.0.2.2", "1")
	pass(50 * time.Millisecond)
	alice.inside("192.0.2.2", "ACK", 1)
	pass(50 * time.Millisecond)
	return alice, bob
}

const contact1 = "Contact: <sip:alice@192.0.2.1>"

func (p *peer) reinvite(seq int, contact string) {
	p.insideBody("192.0.2.2", "INVITE", seq, string(offer), contact, "Content-Type: application/sdp")
}

func TestReinviteBothWays(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		a := l.engine(1, nil)
		b := l.engine(2, answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
		alice := l.caller(a, nil)
		for _, p := range []*party{alice, bob} {
			p.react = func(event InvitationEvent) {
				switch event.(type) {
				case Accepted:
					p.inv.Acknowledge(nil)
				case ReinviteReceived:
					p.inv.Progress(180, "", nil)
					p.inv.Accept(Answer{SDP: offer})
				}
			}
		}
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(time.Second)
		alice.do(func(i *Invitation) { i.Reinvite(offer) })
		pass(time.Second)
		bob.do(func(i *Invitation) {
			i.SetContact(address("<sip:bobby@192.0.2.2>").URI)
			i.Reinvite(offer)
		})
		pass(time.Second)
		alice.expect(t, "Accepted Provisional180 Accepted ReinviteReceived Acknowledged")
		bob.expect(t, "Acknowledged ReinviteReceived Acknowledged Provisional180 Accepted")
		bob.do(func(i *Invitation) { i.Reinvite(offer) })
		alice.do(func(i *Invitation) { i.Reinvite(offer) })
		pass(time.Second)
		alice.expect(t, "Accepted Provisional180 Accepted ReinviteReceived Acknowledged Rejected491")
		bob.expect(t, "Acknowledged ReinviteReceived Acknowledged Provisional180 Accepted Rejected491")
		alice.do(func(i *Invitation) { i.Bye(0, "") })
		pass(time.Second)
		l.expectEmpty(a)
		l.expectEmpty(b)
	})
}

func TestGlare(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := talking(l)
		alice.forget(1)
		alice.reinvite(2, contact1)
		alice.reinvite(3, contact1)
		pass(50 * time.Millisecond)
		res := alice.messages()[1].(*sip.Response)
		if res.StatusCode != 500 || headerText(res, "retry-after") == "" {
			t.Errorf("while theirs is open:\n%s", res)
		}
		bob.do(func(i *Invitation) { i.Accept(Answer{SDP: offer}) })
		pass(50 * time.Millisecond)
		alice.reinvite(4, contact1)
		pass(50 * time.Millisecond)
		res = alice.messages()[len(alice.messages())-1].(*sip.Response)
		if res.StatusCode != 491 || res.Reason != glarePhrase {
			t.Errorf("before the ACK: %s", res.StartLine())
		}
		alice.inside("192.0.2.2", "ACK", 2)
		pass(50 * time.Millisecond)
		bob.do(func(i *Invitation) { i.Reinvite(offer) })
		alice.reinvite(5, contact1)
		pass(50 * time.Millisecond)
		res = alice.messages()[len(alice.messages())-1].(*sip.Response)
		if res.StatusCode != 491 {
			t.Errorf("while ours is open: %s", res.StartLine())
		}
		bob.expect(t, "Acknowledged ReinviteReceived Acknowledged")
	})
}

// An ACK acknowledges the INVITE with its number: a late copy of another one does
// not (RFC 3261 section 13.3.1.4).
func TestAckOfAnotherInvite(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := talking(l)
		alice.reinvite(2, contact1)
		pass(50 * time.Millisecond)
		bob.do(func(i *Invitation) { i.Accept(Answer{SDP: offer}) })
		pass(50 * time.Millisecond)
		alice.inside("192.0.2.2", "ACK", 1)
		pass(50 * time.Millisecond)
		bob.expect(t, "Acknowledged ReinviteReceived")
		alice.inside("192.0.2.2", "ACK", 2)
		pass(50 * time.Millisecond)
		bob.expect(t, "Acknowledged ReinviteReceived Acknowledged")
	})
}

func TestReinviteCancelledRefusedUnreadable(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := talking(l)
		alice.reinvite(2, contact1)
		pass(50 * time.Millisecond)
		bob.do(func(i *Invitation) { i.Reject(488, "", ReasonHeader(488, "no")) })
		pass(50 * time.Millisecond)
		alice.insideBody("192.0.2.2", "INVITE", 3, "nonsense", contact1, "Content-Type: application/sdp")
		pass(50 * time.Millisecond)
		alice.reinvite(4, contact1+", <sip:alice@192.0.2.9>")
		alice.reinvite(5, "Subject: no Contact")
		pass(50 * time.Millisecond)
		if got := alice.codes(sip.INVITE); !slices.Equal(got, []int{200, 488, 488, 400, 400}) {
			t.Errorf("answered %v", got)
		}
		// The dialog lives on.
		alice.inside("192.0.2.2", "BYE", 6)
		pass(50 * time.Millisecond)
		bob.expect(t, "Acknowledged ReinviteReceived ByeReceived")
	})
}

func TestUpdate(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := talking(l)
		moved := l.peer(7)
		update := func(seq int, body string, extra ...string) {
			alice.insideBody("192.0.2.2", "UPDATE", seq, body, extra...)
			pass(50 * time.Millisecond)
		}
		update(2, "", "Contact: <sip:alice@192.0.2.7>")
		update(3, string(offer), contact1, "Content-Type: application/sdp")
		bob.do(func(i *Invitation) { i.Reinvite(offer) })
		update(4, string(offer), contact1, "Content-Type: application/sdp")
		if got := alice.codes(sip.UPDATE); !slices.Equal(got, []int{200, 488, 491}) {
			t.Errorf("answered %v", got)
		}
		if got := moved.last(sip.INVITE).Recipient.Host; got != "192.0.2.7" {
			t.Errorf("re-INVITE went to %s", got)
		}
		bob.expect(t, "Acknowledged PeerRefreshed")
	})
}

// A re-INVITE of ours waits for the ACK of the one that we have refused (RFC
// 3261 section 14.1): the peer would meet it with 491.
func TestReinviteAfterARefusal(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := talking(l)
		alice.reinvite(2, contact1)
		pass(50 * time.Millisecond)
		bob.do(func(i *Invitation) { i.Reject(488, ""); i.Reinvite(offer) })
		pass(300 * time.Millisecond)
		refusal := alice.messages()[len(alice.messages())-1].(*sip.Response)
		if n := len(alice.requests(sip.INVITE)); n != 0 {
			t.Fatalf("%d INVITEs before the ACK", n)
		}
		alice.text("192.0.2.2", "", "ACK sip:bob@192.0.2.2 SIP/2.0", "Via: "+refusal.Via().Value(), "Max-Forwards: 70",
			"From: <sip:alice@a.test>;tag=ft", "To: "+refusal.To().Value(), "Call-ID: call-1", "CSeq: 2 ACK")
		pass(50 * time.Millisecond)
		alice.replySDP(alice.last(sip.INVITE), 200, "", contact1)
		pass(50 * time.Millisecond)
		bob.expect(t, "Acknowledged ReinviteReceived RejectionAcknowledged Accepted")
	})
}
