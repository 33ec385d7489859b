package sipsimple_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestNothingBlocks: with a registrar and peers that never answer, every method
// of applications and sessions, whatever the state, returns at once (row G2).
// In virtual time that is: at the same instant.
func TestNothingBlocks(t *testing.T) {
	inLab(t, func(l *lab) {
		server := l.registrar("reg")
		defer server.Close()
		bob := l.party("bob")
		bob.on("NewIncoming", func(s *sipsimple.Session) { must(t, s.Accept(s.ProposedStreams(), nil)) })
		p := l.phone("alice", stored("alice@reg.test"))
		l.net.Cut("alice", "reg")
		atOnce(t, "StartFrom", func() { must(t, p.StartFrom(context.Background(), p.storage)) })
		must(t, p.WaitStarted(context.Background()))
		acc, _ := p.AccountManager().Account("alice@reg.test")
		newAudio := func() streams.MediaStream {
			var audio streams.MediaStream
			atOnce(t, "NewStream", func() {
				var err error
				audio, err = p.NewStream("audio", acc)
				must(t, err)
			})
			return audio
		}
		dial := func(host string) *sipsimple.Session {
			s := sipsimple.NewSession(p.Application, acc)
			to := core.Address{URI: sip.Uri{Scheme: "sip", User: host, Host: host + ".test"}}
			audio := []streams.MediaStream{newAudio()}
			atOnce(t, "Connect", func() { must(t, s.Connect(to, []core.Route{{Address: l.addr(host)}}, audio, nil)) })
			return s
		}
		talking, waiting := dial("bob"), dial("reg")
		pass(time.Second)
		l.net.Cut("alice", "bob")
		if talking.State() != sipsimple.Connected || waiting.State() != sipsimple.Outgoing {
			t.Fatalf("the sessions are %s and %s", talking.State(), waiting.State())
		}
		for state, s := range map[string]*sipsimple.Session{
			"null": sipsimple.NewSession(p.Application, acc), "outgoing": waiting, "connected": talking,
		} {
			audio := newAudio()
			for _, name := range sipsimple.AttributeNames() {
				atOnce(t, state+" "+name, func() { s.Attribute(name) })
			}
			for _, m := range []struct {
				name string
				call func() // their errors are about the state
			}{
				{"SendRingIndication", func() { _ = s.SendRingIndication() }},
				{"Accept", func() { _ = s.Accept([]streams.MediaStream{audio}, nil) }},
				{"Reject", func() { _ = s.Reject(486, "") }},
				{"AcceptProposal", func() { _ = s.AcceptProposal(nil) }},
				{"RejectProposal", func() { _ = s.RejectProposal(488, "") }},
				{"Transfer", func() {
					_ = s.Transfer(core.Address{URI: sip.Uri{Scheme: "sip", User: "carol", Host: "reg.test"}}, nil)
				}},
				{"AcceptTransfer", func() { _ = s.AcceptTransfer() }},
				{"RejectTransfer", func() { _ = s.RejectTransfer(486, "") }},
				{"Hold", s.Hold},
				{"Unhold", s.Unhold},
				{"AddStream", func() { _ = s.AddStream(audio) }},
				{"CancelProposal", func() { _ = s.CancelProposal() }},
				{"RemoveStream", func() { _ = s.RemoveStream(audio) }},
				{"End", s.End},
			} {
				atOnce(t, state+" "+m.name, m.call)
			}
		}
		atOnce(t, "Sessions", func() { p.SessionManager().Sessions() })
		begun := time.Now()
		atOnce(t, "Stop", p.Stop)
		<-p.Done()
		if time.Since(begun) == 0 {
			t.Error("nobody was silent: this test proves nothing")
		}
		stop(bob)
	})
}

// atOnce makes a call and lets everything that follows from it happen.
func atOnce(t *testing.T, what string, call func()) {
	t.Helper()
	begun := time.Now()
	call()
	if took := time.Since(begun); took != 0 {
		t.Errorf("%s took %v", what, took)
	}
	synctest.Wait()
}
