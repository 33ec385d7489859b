package core

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// What panics while one call is handled fails that call only (I37).
func TestPanicFailsOneCall(t *testing.T) {
	inLab(t, func(l *lab) {
		var logged strings.Builder
		bob, other := &party{}, &party{}
		a := l.engine(1, func(cfg *Config) { cfg.Logger = slog.New(slog.NewTextHandler(&logged, nil)) })
		l.engine(2, answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
		l.engine(3, answering(other, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
		first, second := l.caller(a, nil), l.caller(a, nil)
		first.react, second.react = acknowledging(first), acknowledging(second)
		first.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		second.do(func(i *Invitation) { i.Invite(toBob("192.0.2.3")) })
		pass(time.Second)
		first.do(func(i *Invitation) { i.post(func(*usage) { panic("a fault") }) })
		first.expect(t, "Accepted InternalError")
		first.do(func(i *Invitation) { i.Close() })
		pass(time.Second)
		bob.expect(t, "Acknowledged ByeReceived")
		second.expect(t, "Accepted")
		second.do(func(i *Invitation) { i.Bye(0, "") })
		pass(time.Second)
		second.expect(t, "Accepted ByeDone200")
		if log := logged.String(); !strings.Contains(log, "a fault") || !strings.Contains(log, "guard_test.go") {
			t.Errorf("logged %q", log)
		}
		// One that nobody owns any more just goes.
		first.call().post(func(*usage) { panic("another one") })
		pass(time.Second)
	})
}

// A callee whose application panics refuses that call with 500.
func TestPanicInOnInvite(t *testing.T) {
	inLab(t, func(l *lab) {
		calls := 0
		l.engine(2, func(cfg *Config) {
			cfg.OnInvite = func(i *Invitation) {
				if calls++; calls == 1 {
					panic("a fault")
				}
				i.Reject(486, "")
			}
		})
		alice := l.peer(1)
		alice.invite("192.0.2.2", "b1")
		pass(100 * time.Millisecond)
		if codes := alice.codes(sip.INVITE); len(codes) == 0 || codes[0] != 500 {
			t.Errorf("answered %v", codes)
		}
	})
}

// A request whose handling panics is refused, and a fault in a look-up is one
// of the look-up.
func TestPanicInRequests(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		e := l.engine(2, answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) }))
		alice := l.peer(1)
		alice.invite("192.0.2.2", "b1")
		pass(100 * time.Millisecond)
		alice.inside("192.0.2.2", "ACK", 1)
		pass(100 * time.Millisecond)
		e.post(func() {
			bob.call().usage.id, bob.call().usage.dialog, bob.call().usage.in = DialogID{}, nil, &serverInvite{}
		})
		alice.inside("192.0.2.2", "BYE", 2) // the fault just planted
		pass(100 * time.Millisecond)
		if codes := alice.codes(sip.BYE); len(codes) != 1 {
			t.Errorf("BYE answered %v", codes)
		}
		bob.expect(t, "Acknowledged InternalError")
	})
	inLab(t, func(l *lab) {
		a := l.engine(1, nil)
		a.cfg.Resolve = nil
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("nowhere.test")) })
		pass(time.Second)
		alice.expect(t, "TransportFailed")
	})
}
