package core

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// inCall sets up a call between two engines.
func inCall(l *lab) (alice, bob *party) {
	bob = &party{}
	a := l.engine(1, nil)
	l.engine(2, answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
	alice = l.caller(a, nil)
	alice.react = acknowledging(alice)
	alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
	pass(time.Second)
	return alice, bob
}

func TestTransfer(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := inCall(l)
		other := DialogID{CallID: "other@x", LocalTag: "mine", RemoteTag: "theirs"}
		alice.do(func(i *Invitation) { i.Refer(address("<sip:carol@c.test;transport=tcp>"), &other) })
		pass(time.Second)
		bob.expect(t, "Acknowledged ReferReceived")
		r := bob.heard()[1].(ReferReceived)
		if got := r.Target.URI.String(); got != "sip:carol@c.test;transport=tcp" {
			t.Errorf("target %s", got)
		}
		if r.Replaces != "other@x;from-tag=mine;to-tag=theirs" || r.ReferredBy != `"Alice" <sip:alice@a.test>` {
			t.Errorf("Replaces %q, Referred-By %q", r.Replaces, r.ReferredBy)
		}
		bob.do(func(i *Invitation) { i.NotifyRefer(180, "", false) })
		bob.do(func(i *Invitation) { i.NotifyRefer(200, "Fine", true) })
		pass(time.Second)
		alice.expect(t, "Accepted ReferAccepted ReferProgress ReferProgress ReferProgress ReferEnded")
		bob.expect(t, "Acknowledged ReferReceived ReferNotified")
		var told []string
		for _, event := range alice.heard()[2:] {
			told = append(told, fmt.Sprint(event))
		}
		if want := []string{"{100 Trying}", "{180 Ringing}", "{200 Fine}", "{200 Fine false}"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
		// Another one is possible, also the other way.
		bob.do(func(i *Invitation) { i.Refer(address("<sip:carol@c.test>"), nil) })
		pass(time.Second)
		if got := alice.heard()[len(alice.heard())-1].(ReferReceived).Replaces; got != "" {
			t.Errorf("Replaces %q", got)
		}
		// While it runs no other one is.
		alice.do(func(i *Invitation) { i.Refer(address("<sip:dave@d.test>"), nil) })
		pass(time.Second)
		if got := alice.heard()[len(alice.heard())-1]; got != (ReferEnded{480, "Temporarily Unavailable", true}) {
			t.Errorf("second transfer: %v", got)
		}
		alice.do(func(i *Invitation) { i.Bye(0, "") })
		pass(time.Minute)
		if got := bob.heard()[len(bob.heard())-1]; fmt.Sprintf("%T", got) != "core.ByeReceived" {
			t.Errorf("last of bob: %T", got)
		}
	})
}

// referring is a call of an engine's party to a scripted peer that takes
// REFERs.
func referring(l *lab, code int) (alice *party, bob *peer) {
	a, bob := l.engine(1, nil), l.peer(2)
	bob.auto = func(req *sip.Request) {
		switch req.Method {
		case sip.INVITE:
			bob.replySDP(req, 200, "bt")
		case sip.REFER:
			bob.reply(req, code, "", "Contact: <sip:bob@192.0.2.2>")
		case sip.SUBSCRIBE:
			bob.reply(req, 200, "", "Contact: <sip:bob@192.0.2.2>", "Expires: 0")
		case sip.BYE:
			bob.reply(req, 200, "")
		}
	}
	alice = l.caller(a, nil)
	alice.react = acknowledging(alice)
	alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
	pass(100 * time.Millisecond)
	return alice, bob
}

// notify sends a NOTIFY of the peer in the dialog of the call it took.
func (p *peer) notify(seq int, state, body string, extra ...string) {
	invite := p.last(sip.INVITE)
	lines := []string{
		"NOTIFY sip:alice@192.0.2.1 SIP/2.0", fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bKn%d", p.addr, seq), "Max-Forwards: 70",
		"From: <sip:bob@b.test>;tag=bt", "To: <sip:alice@a.test>;tag=" + fromTag(invite), "Call-ID: " + callIDOf(invite),
		fmt.Sprintf("CSeq: %d NOTIFY", seq), "Contact: <sip:bob@192.0.2.2>", "Content-Type: message/sipfrag",
	}
	if state != "" {
		lines = append(lines, "Subscription-State: "+state)
	}
	p.text("192.0.2.1", body, append(lines, extra...)...)
	pass(50 * time.Millisecond)
}

func TestTransferDriesUp(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := referring(l, 202)
		alice.do(func(i *Invitation) { i.Refer(address("sip:carol@c.test"), nil) })
		bob.notify(1, "active;expires=90", "SIP/2.0 180 Ringing\r\n", "Event: refer")
		pass(59 * time.Second)
		if n := len(bob.requests(sip.SUBSCRIBE)); n != 0 {
			t.Fatal("gave up too early")
		}
		pass(time.Second)
		bob.last(sip.SUBSCRIBE)
		bob.notify(2, "terminated;reason=timeout", "SIP/2.0 180 Ringing\r\n", "Event: refer")
		pass(10 * time.Second)
		alice.expect(t, "Accepted ReferAccepted ReferProgress ReferProgress ReferEnded")
		if got := alice.heard()[4]; got != (ReferEnded{180, "Ringing", false}) {
			t.Errorf("ended %v", got)
		}
		bob.notify(3, "active", "SIP/2.0 180 Ringing\r\n", "Event: refer")
		if got := bob.codes(sip.NOTIFY); !slices.Equal(got, []int{200, 200, 481}) {
			t.Errorf("NOTIFYs answered %v", got)
		}
	})
}

func TestTransferSilent(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := referring(l, 202)
		alice.do(func(i *Invitation) { i.Refer(address("sip:carol@c.test"), nil) })
		pass(89 * time.Second)
		alice.expect(t, "Accepted ReferAccepted")
		pass(2 * time.Second)
		if got := alice.heard()[2]; got != (ReferEnded{408, "Request Timeout", false}) {
			t.Errorf("ended %v", got)
		}
		_ = bob
	})
	inLab(t, func(l *lab) { // a NOTIFY, then nothing, not even after SUBSCRIBE
		alice, bob := referring(l, 202)
		alice.do(func(i *Invitation) { i.Refer(address("sip:carol@c.test"), nil) })
		bob.notify(1, "active;expires=90", "SIP/2.0 180 Ringing\r\n", "Event: refer")
		pass(62 * time.Second)
		if got := alice.heard()[3]; got != (ReferEnded{408, "Request Timeout", false}) {
			t.Errorf("ended %v", got)
		}
	})
}

// The peer says how long its subscription lasts; half of a short time is over when
// it is given up, and a second later if nothing comes.
func TestTransferDriesUpSoon(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := referring(l, 202)
		alice.do(func(i *Invitation) { i.Refer(address("sip:carol@c.test"), nil) })
		bob.notify(1, "active;expires=40", "SIP/2.0 180 Ringing\r\n", "Event: refer")
		pass(19900 * time.Millisecond)
		if n := len(bob.requests(sip.SUBSCRIBE)); n != 0 {
			t.Error("gave up too early")
		}
		pass(200 * time.Millisecond)
		if got := headerText(bob.last(sip.SUBSCRIBE), "expires"); got != "0" {
			t.Errorf("Expires %s", got)
		}
		bob.notify(2, "active;expires=40", "SIP/2.0 183 Session Progress\r\n", "Event: refer") // changes nothing
		alice.expect(t, "Accepted ReferAccepted ReferProgress ReferProgress")
		pass(time.Second)
		alice.expect(t, "Accepted ReferAccepted ReferProgress ReferProgress ReferEnded")
	})
}

// A subscription that ends without a word about the call: nothing is known of it.
func TestTransferEndsWithoutAWord(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := referring(l, 202)
		alice.do(func(i *Invitation) { i.Refer(address("sip:carol@c.test"), nil) })
		bob.notify(1, "terminated;reason=noresource", "", "Event: refer")
		if got := alice.heard()[2]; got != (ReferEnded{408, "Request Timeout", false}) {
			t.Errorf("ended %v", got)
		}
	})
}

func TestNotifiesThatMakeNoSense(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := referring(l, 202)
		bob.notify(1, "active", "SIP/2.0 100 Trying\r\n", "Event: refer") // no transfer
		alice.do(func(i *Invitation) { i.Refer(address("sip:carol@c.test"), nil) })
		pass(50 * time.Millisecond)
		bob.notify(2, "", "SIP/2.0 100 Trying\r\n", "Event: refer")              // no state
		bob.notify(3, "active", "SIP/2.0 100 Trying\r\n", "Event: presence")     // another package
		bob.notify(4, "active", "SIP/2.0 100 Trying\r\n", "Event: refer;id=999") // another REFER
		bob.notify(5, "active", "nonsense", "Event: refer;id=2")                 // no status
		if got := bob.codes(sip.NOTIFY); !slices.Equal(got, []int{481, 400, 489, 481, 200}) {
			t.Errorf("answered %v", got)
		}
		alice.expect(t, "Accepted ReferAccepted")
		alice.do(func(i *Invitation) { i.Bye(0, "") })
		pass(time.Second)
		bob.last(sip.SUBSCRIBE)
		alice.expect(t, "Accepted ReferAccepted ByeDone200")
	})
}

func TestReferOfThePeer(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := talking(l)
		refer := func(seq int, lines ...string) {
			alice.inside("192.0.2.2", "REFER", seq, append(lines, contact1)...)
			pass(50 * time.Millisecond)
		}
		refer(2)
		refer(3, "Refer-To: <tel:+123>")
		refer(4, "Refer-To: <sip:carol@c.test>")
		refer(5, "Refer-To: <sip:dave@d.test>")
		if got := alice.codes(sip.REFER); !slices.Equal(got, []int{400, 400, 202, 480}) {
			t.Errorf("REFERs answered %v", got)
		}
		notify := alice.last(sip.NOTIFY)
		if got := headerText(notify, "subscription-state"); got != "active;expires=90" || string(notify.Body()) != "SIP/2.0 100 Trying\r\n" {
			t.Errorf("first NOTIFY %s, %q", got, notify.Body())
		}
		bob.do(func(i *Invitation) { i.NotifyRefer(180, "", false) }) // waits for the first to be answered
		pass(50 * time.Millisecond)
		alice.reply(notify, 200, "")
		pass(50 * time.Millisecond)
		notify = alice.last(sip.NOTIFY)
		alice.reply(notify, 200, "")
		if string(notify.Body()) != "SIP/2.0 180 Ringing\r\n" {
			t.Errorf("second NOTIFY %q", notify.Body())
		}
		pass(90 * time.Second)
		notify = alice.last(sip.NOTIFY)
		alice.reply(notify, 481, "")
		if got := headerText(notify, "subscription-state"); got != "terminated;reason=timeout" {
			t.Errorf("last NOTIFY %s", got)
		}
		refer(6, "Refer-To: <sip:dave@d.test>") // the application is still busy with the first
		bob.do(func(i *Invitation) { i.NotifyRefer(200, "", true) })
		before := len(alice.requests(sip.NOTIFY))
		refer(7, "Refer-To: <sip:dave@d.test>", "Refer-Sub: false")
		if n := len(alice.requests(sip.NOTIFY)); n != before { // RFC 4488 section 4
			t.Errorf("%d NOTIFYs that are not wanted", n-before)
		}
		if last := alice.messages()[len(alice.messages())-1]; headerText(last, "refer-sub") != "false" {
			t.Errorf("no word about the NOTIFYs:\n%s", last)
		}
		if got := alice.codes(sip.REFER)[4:]; !slices.Equal(got, []int{480, 202}) {
			t.Errorf("REFERs answered %v", got)
		}
		bob.expect(t, "Acknowledged ReferReceived ReferNotified ReferReceived")
	})
}

func TestSubscribeOfThePeer(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := talking(l)
		alice.auto = func(req *sip.Request) { alice.reply(req, 200, "") }
		subscribe := func(seq int, lines ...string) {
			alice.inside("192.0.2.2", "SUBSCRIBE", seq, append(lines, contact1)...)
			pass(50 * time.Millisecond)
		}
		subscribe(2, "Event: refer", "Expires: 0")
		subscribe(3, "Event: presence")
		alice.inside("192.0.2.2", "REFER", 4, "Refer-To: <sip:carol@c.test>", contact1)
		pass(50 * time.Millisecond)
		subscribe(5, "Event: refer", "Expires: 30")
		if got := headerText(alice.last(sip.NOTIFY), "subscription-state"); got != "active;expires=30" {
			t.Errorf("prolonged: %s", got)
		}
		subscribe(6, "Event: refer", "Expires: 7200")
		if got := headerText(alice.last(sip.NOTIFY), "subscription-state"); got != "active;expires=90" {
			t.Errorf("prolonged too far: %s", got)
		}
		subscribe(7, "Event: refer;id=999", "Expires: 0")
		subscribe(8, "Event: refer;id=4", "Expires: 0")
		if got := headerText(alice.last(sip.NOTIFY), "subscription-state"); got != "terminated;reason=timeout" {
			t.Errorf("ended: %s", got)
		}
		if got := alice.codes(sip.SUBSCRIBE); !slices.Equal(got, []int{481, 489, 200, 200, 481, 200}) {
			t.Errorf("answered %v", got)
		}
		bob.expect(t, "Acknowledged ReferReceived ReferNotified")
	})
}
