package sipsimple_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// faulty is a stream of a third party that panics when it is held: for the rest
// an audio stream, whose notifications it posts as its own.
type faulty struct{ streams.MediaStream }

func (*faulty) Hold() { panic("a faulty stream") }

func (p *party) faulty() *faulty {
	f := &faulty{p.audio()}
	forward := notification.ObserverFunc(func(n notification.Notification) { p.Center().Post(f, n.Data) })
	p.Center().AddObserver(forward, notification.Filter{Sender: f.MediaStream})
	return f
}

// broken makes a stream type that panics when an offer is shown to it the only
// one.
func broken(cfg *sipsimple.Config) {
	cfg.Registry = &streams.Registry{}
	cfg.Registry.Add(streams.Factory{
		Type: "audio", Priority: 1,
		New: func(*streams.Environment) (streams.MediaStream, error) { return nil, errors.New("none") },
		NewFromSDP: func(*streams.Environment, *psdp.SessionDescription, int) (streams.MediaStream, error) {
			panic("a faulty type")
		},
	})
}

// A stream that panics ends its session and is logged with its stack; the
// application's other session, and its peers, notice nothing (I37).
func TestFaultFailsOneSession(t *testing.T) {
	inLab(t, func(l *lab) {
		var logged strings.Builder
		alice := l.party("alice", func(cfg *sipsimple.Config) { cfg.Logger = slog.New(slog.NewTextHandler(&logged, nil)) })
		bob, carol := l.party("bob"), l.party("carol")
		accept := func(s *sipsimple.Session) { must(t, s.Accept(s.ProposedStreams(), nil)) }
		bob.on("NewIncoming", accept)
		carol.on("NewIncoming", accept)
		bad := alice.call("bob", alice.faulty())
		pass(time.Second)
		good := alice.call("carol")
		pass(time.Second)
		alice.log = nil
		bad.Hold()
		pass(3 * time.Second)
		alice.expect("WillEnd local", "DidEnd local internal error")
		bob.expect("NewIncoming [audio]", "WillStart", "DidProcessTransaction remote INVITE 200 OK true", "DidStart [audio]",
			"WillEnd remote", "DidProcessTransaction remote BYE 200 OK", "DidEnd remote user_request")
		if log := logged.String(); !strings.Contains(log, "a faulty stream") || !strings.Contains(log, "crash_test.go") {
			t.Errorf("logged %q", log)
		}
		good.Hold()
		pass(time.Second)
		alice.expect("DidProcessTransaction local INVITE 200 OK true", "DidChangeHoldState local true false")
		stop(alice, bob, carol)
	})
}

// A stream type that panics over an offer refuses that call; the next one comes
// through.
func TestFaultInStreamType(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob", broken)
		alice.call("bob")
		pass(time.Second)
		alice.expect("NewOutgoing [audio]", "DidProcessTransaction local INVITE 488 Not Acceptable Here true",
			"DidFail remote 488 Not Acceptable Here user_request")
		bob.expect()
		stop(alice, bob)
	})
}

// A look-up that takes its time holds up its call only, and may be given up.
func TestNamesAreLookedUpAside(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		l.net.AddName("bob.example", l.net.Lookup("bob").Addr())
		s := alice.callVia("bob", []core.Route{{Address: "bob.example"}})
		synctest.Wait()
		pass(time.Second)
		if s.State() != sipsimple.Outgoing || s.LocalIP() != l.net.Lookup("alice").Addr() {
			t.Errorf("state %s, address %v", s.State(), s.LocalIP())
		}
		must(t, bob.session().Accept(bob.session().ProposedStreams(), nil))
		pass(time.Second)
		if s.State() != sipsimple.Connected {
			t.Errorf("state %s", s.State())
		}
		alice.callVia("bob", []core.Route{{Address: "nobody.example"}})
		pass(time.Second)
		alice.log = alice.log[len(alice.log)-1:]
		alice.expect("DidFail local 480 Temporarily Unavailable could not get outgoing IP address")
		stop(alice, bob)
	})
}
