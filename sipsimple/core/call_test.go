package core

import (
	"reflect"
	"testing"
	"time"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

func TestCall(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		a := l.engine(1, nil)
		l.engine(2, answering(bob, func(i *Invitation) {
			if got := i.Request().GetHeader("Subject").Value(); got != "Tea?" {
				t.Errorf("subject %q", got)
			}
			i.Trying()
			i.Progress(180, "", nil)
			i.SetContact(address("<sip:robert@192.0.2.2>").URI)
			i.Accept(Answer{SDP: offer})
		}))
		subject := "Tea?"
		alice := l.caller(a, func(p *OutgoingParams) { p.Subject = &subject })
		alice.react = acknowledging(alice)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(time.Second)
		alice.expect(t, "Provisional180 Accepted")
		bob.expect(t, "Acknowledged")
		if d, r := alice.inv.Dialog(), bob.inv.Dialog(); d.LocalTag != r.RemoteTag || d.RemoteTag != r.LocalTag || d.CallID != r.CallID {
			t.Errorf("dialogs %v and %v", d, r)
		}
		if got := alice.inv.PeerAgent(); got != "agent 2" {
			t.Errorf("peer agent %q", got)
		}
		bob.do(func(i *Invitation) { i.Bye(16, "enough") })
		pass(time.Second)
		bob.expect(t, "Acknowledged ByeDone200")
		alice.expect(t, "Provisional180 Accepted ByeReceived")
		if got := alice.heard()[2].(ByeReceived).Reason; got != "enough" {
			t.Errorf("reason %q", got)
		}
		want := []string{
			"192.0.2.1 > 192.0.2.2 INVITE 1",
			"192.0.2.2 > 192.0.2.1 100 INVITE 1",
			"192.0.2.2 > 192.0.2.1 180 INVITE 1",
			"192.0.2.2 > 192.0.2.1 200 INVITE 1",
			"192.0.2.1 > 192.0.2.2 ACK 1",
			"192.0.2.2 > 192.0.2.1 BYE 1",
			"192.0.2.1 > 192.0.2.2 200 BYE 1",
		}
		if got := l.wireLog(); !reflect.DeepEqual(got, want) {
			t.Errorf("wire\n got %q\nwant %q", got, want)
		}
		l.expectEmpty(a)
	})
}

// expectEmpty checks that an engine holds nothing of any call.
func (l *lab) expectEmpty(e *Engine) {
	l.t.Helper()
	for _, left := range holds(e) {
		l.t.Error(left)
	}
}

func TestReject(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		a := l.engine(1, nil)
		b := l.engine(2, answering(bob, func(i *Invitation) {
			i.Reject(486, "Not now", ReasonHeader(486, `In a "meeting"`))
		}))
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(time.Second)
		alice.expect(t, "Rejected486")
		bob.expect(t, "RejectionAcknowledged")
		r := alice.heard()[0].(Rejected)
		if r.Phrase != "Not now" || r.Reason != `In a "meeting"` {
			t.Errorf("phrase %q, reason %q", r.Phrase, r.Reason)
		}
		l.expectEmpty(a)
		l.expectEmpty(b)
	})
}

func TestOfferIsThereUntilAttach(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		var before, after *psdp.SessionDescription
		l.engine(2, func(cfg *Config) {
			cfg.OnInvite = func(i *Invitation) {
				before = i.Offer()
				i.Attach(&bob.box, bob)
				after = i.Offer()
				i.Reject(486, "")
			}
		})
		l.peer(1).invite("192.0.2.2", "1")
		pass(100 * time.Millisecond)
		if before == nil || string(sdp.Marshal(before)) != string(offer) || after != nil {
			t.Errorf("offer %v, after Attach %v", before, after)
		}
	})
}
