package sipsimple_test

import (
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// aor is the address of a party; its domain is the name of its host.
func aor(name string) core.Address {
	return core.Address{URI: sip.Uri{Scheme: "sip", User: name, Host: name + ".test"}}
}

func acceptAll(t *testing.T) func(*sipsimple.Session) {
	return func(s *sipsimple.Session) { must(t, s.Accept(s.ProposedStreams(), nil)) }
}

func TestBlindTransfer(t *testing.T) { // TRF-01
	inLab(t, func(l *lab) {
		alice, bob, carol := l.party("alice"), l.party("bob"), l.party("carol")
		call := l.established(alice, bob)
		carol.on("NewIncoming", acceptAll(t))
		bob.on("TransferNewIncoming", func(s *sipsimple.Session) { must(t, s.AcceptTransfer()) })
		must(t, call.Transfer(aor("carol"), nil))
		pass(time.Second)
		alice.expect("TransferNewOutgoing sip:carol@carol.test sip:alice@alice.test", "TransferDidStart",
			"TransferGotProgress 100 Trying", "TransferGotProgress 200 OK", "TransferDidEnd",
			"WillEnd local", "DidProcessTransaction local BYE 200 OK", "DidEnd local user_request")
		bob.expect("TransferNewIncoming sip:carol@carol.test <sip:alice@alice.test>", "TransferDidStart",
			"NewOutgoing [audio]", "WillStart", "DidProcessTransaction local INVITE 200 OK true", "DidStart [audio]", "TransferDidEnd",
			"WillEnd remote", "DidProcessTransaction remote BYE 200 OK", "DidEnd remote user_request")
		carol.expect("NewIncoming [audio]", "WillStart", "DidProcessTransaction remote INVITE 200 OK true", "DidStart [audio]")
		if info := carol.session().TransferInfo(); info.ReferredBy() != "<sip:alice@alice.test>" {
			t.Errorf("transfer_info is %v", info)
		}
		if next := bob.session().TransferHandler().NewSession(); next == nil || next.State() != sipsimple.Connected {
			t.Errorf("the new session is %v", next)
		}
		stop(alice, bob, carol)
	})
}

func TestRejectedTransfer(t *testing.T) { // TRF-03
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		call := l.established(alice, bob)
		bob.on("TransferNewIncoming", func(s *sipsimple.Session) { must(t, s.RejectTransfer(603, "No way")) })
		must(t, call.Transfer(aor("carol"), nil))
		pass(time.Second)
		alice.expect("TransferNewOutgoing sip:carol@carol.test sip:alice@alice.test", "TransferDidStart",
			"TransferGotProgress 100 Trying", "TransferGotProgress 603 No way", "TransferDidFail 603 No way")
		bob.expect("TransferNewIncoming sip:carol@carol.test <sip:alice@alice.test>", "TransferDidFail 603 No way")
		if call.State() != sipsimple.Connected || call.TransferHandler().State() != sipsimple.TransferFailed {
			t.Errorf("state %s, transfer %s", call.State(), call.TransferHandler().State())
		}
		stop(alice, bob)
	})
}

func TestTransferToNowhere(t *testing.T) { // TRF-07
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		call := l.established(alice, bob)
		bob.on("TransferNewIncoming", func(s *sipsimple.Session) { must(t, s.AcceptTransfer()) })
		must(t, call.Transfer(aor("dave"), nil))
		pass(time.Second)
		alice.expect("TransferNewOutgoing sip:dave@dave.test sip:alice@alice.test", "TransferDidStart",
			"TransferGotProgress 100 Trying", "TransferGotProgress 480 Temporarily Unavailable",
			"TransferDidFail 480 Temporarily Unavailable")
		if failed := bob.log[len(bob.log)-1]; len(failed) < 34 || failed[:34] != "TransferDidFail 0 DNS lookup faile" {
			t.Errorf("bob: %v", bob.log)
		}
		stop(alice, bob)
	})
}

func TestAttendedTransfer(t *testing.T) { // TRF-29
	inLab(t, func(l *lab) {
		alice, bob, carol := l.party("alice"), l.party("bob"), l.party("carol")
		first, second := l.established(alice, bob), l.established(alice, carol)
		old := carol.session()
		var replaced *sipsimple.Session
		carol.on("NewIncoming", func(s *sipsimple.Session) {
			replaced = s.ReplacedSession()
			acceptAll(t)(s)
		})
		bob.on("TransferNewIncoming", func(s *sipsimple.Session) { must(t, s.AcceptTransfer()) })
		must(t, first.Transfer(aor("carol"), second))
		pass(5 * time.Second)
		if replaced != old || carol.session().ReplacedSession() != nil {
			t.Errorf("replaced_session was %p and is %p, want %p and nil", replaced, carol.session().ReplacedSession(), old)
		}
		carol.expect("NewIncoming [audio]", "WillStart", "DidProcessTransaction remote INVITE 200 OK true", "DidStart [audio]",
			"WillEnd local", "DidProcessTransaction local BYE 200 OK", "DidEnd local user_request")
		if len(alice.SessionManager().Sessions()) != 0 || len(bob.SessionManager().Sessions()) != 1 || len(carol.SessionManager().Sessions()) != 1 {
			t.Error("wrong sessions are left")
		}
		next := bob.session().TransferHandler().NewSession()
		if _, ok := next.TransferInfo().ReplacedDialogID(); !ok {
			t.Errorf("transfer_info of the new call is %+v", next.TransferInfo())
		}
		stop(alice, bob, carol)
	})
}
