package sipsimple_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// names collects the names of what is posted with a sender of the application
// layer.
func names(center *notification.Center) *[]string {
	var list []string
	center.AddObserver(notification.ObserverFunc(func(n notification.Notification) { list = append(list, n.Name) }))
	return &list
}

func TestApplicationLife(t *testing.T) {
	inLab(t, func(l *lab) {
		center := notification.NewCenter(nil)
		posted := names(center)
		alice := l.party("alice", func(cfg *sipsimple.Config) { cfg.Center = center })
		if !alice.Running() {
			t.Error("not running after Start")
		}
		if err := alice.Start(); !errors.Is(err, sipsimple.ErrAlreadyUsed) {
			t.Errorf("second Start: %v", err)
		}
		alice.Stop()
		if alice.Running() {
			t.Error("running after Stop")
		}
		alice.Stop()
		<-alice.Done()
		synctest.Wait()
		want := []string{
			"SIPApplicationWillStart", "SIPSessionManagerWillStart", "SIPSessionManagerDidStart", "SIPApplicationDidStart",
			"SIPApplicationWillEnd", "SIPSessionManagerWillEnd", "SIPSessionManagerDidEnd", "SIPApplicationDidEnd",
		}
		if !slices.Equal(*posted, want) {
			t.Errorf("posted %v, want %v", *posted, want)
		}
		if err := sipsimple.NewSession(alice.Application, alice.acc).Connect(core.Address{}, nil, nil, nil); err == nil {
			t.Error("Connect after the end is no error")
		}
	})
}

// A port that is taken ends the application at once, and Start says why.
func TestEngineDoesNotStart(t *testing.T) {
	inLab(t, func(l *lab) {
		alice := l.party("alice")
		second, err := sipsimple.NewApplication(sipsimple.Config{
			Net: l.net.Lookup("alice"), Host: l.net.Lookup("alice").Addr(), UDPPort: 5060, TCPPort: -1, TLSPort: -1,
		})
		must(t, err)
		posted := names(second.Center())
		if err := second.Start(); err == nil {
			t.Error("Start on a taken port is no error")
		}
		<-second.Done()
		synctest.Wait()
		if want := []string{"SIPApplicationWillStart", "SIPApplicationDidEnd"}; !slices.Equal(*posted, want) {
			t.Errorf("posted %v, want %v", *posted, want)
		}
		stop(alice)
	})
}

func TestConfigIsChecked(t *testing.T) {
	host := &simnet.Host{}
	for field, cfg := range map[string]sipsimple.Config{
		"Net":                {},
		"Accounts[0].ID":     {Net: host, Accounts: []*account.Account{{ID: "nobody"}}},
		"Accounts[1]":        {Net: host, Accounts: []*account.Account{{ID: "bob@bob.test"}, nil}},
		"RTP.SRTPEncryption": {Net: host, RTP: streams.RTPSettings{SRTPEncryption: "manditory"}},
		"MSRP.Transport":     {Net: host, MSRP: streams.MSRPSettings{Transport: "udp"}},
		"MSRP.Model":         {Net: host, MSRP: streams.MSRPSettings{Model: "direct"}},
	} {
		if _, err := sipsimple.NewApplication(cfg); err == nil || !strings.Contains(err.Error(), "Config."+field+" ") {
			t.Errorf("%s: the error is %v", field, err)
		}
	}
}

// TestConnectChecksItsArguments: a call that cannot be is refused at once, and
// leaves nothing behind that an application would wait for when it stops.
func TestConnectChecksItsArguments(t *testing.T) {
	inLab(t, func(l *lab) {
		alice := l.party("alice")
		bob, _ := core.ParseAddress("sip:bob@bob.test")
		telephone, _ := core.ParseAddress("tel:+31203119700")
		for argument, connect := range map[string]func(audio []streams.MediaStream) (*sipsimple.Session, error){
			"account": func(audio []streams.MediaStream) (*sipsimple.Session, error) {
				s := sipsimple.NewSession(alice.Application, nil)
				return s, s.Connect(bob, nil, audio, nil)
			},
			"to": func(audio []streams.MediaStream) (*sipsimple.Session, error) {
				s := sipsimple.NewSession(alice.Application, alice.acc)
				return s, s.Connect(core.Address{}, nil, audio, nil)
			},
			"": func(audio []streams.MediaStream) (*sipsimple.Session, error) {
				s := sipsimple.NewSession(alice.Application, alice.acc)
				return s, s.Connect(telephone, nil, audio, nil)
			},
		} {
			audio, err := alice.NewStream("audio", alice.acc)
			must(t, err)
			s, err := connect([]streams.MediaStream{audio})
			wrong, ok := errors.AsType[*sipsimple.ArgumentError](err)
			if argument == "" {
				if err != nil {
					t.Errorf("a telephone number: %v", err)
				}
				continue
			}
			if !ok || wrong.Argument != argument || s.State() != sipsimple.Null {
				t.Errorf("%s: %v, state %s", argument, err, s.State())
			}
		}
		stop(alice)
	})
}

// A call whose ACK never comes cannot hold up the stop for longer than five
// seconds (SD15).
func TestStopIsBounded(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		bob.on("NewIncoming", func(s *sipsimple.Session) { must(t, s.Accept(s.ProposedStreams(), nil)) })
		l.net.AddFault(simnet.Fault{Match: func(p *simnet.Packet) bool { return bytes.HasPrefix(p.Data, []byte("ACK ")) }, Action: simnet.Drop})
		alice.call("bob")
		pass(time.Second)
		begun := time.Now()
		stop(bob)
		if took := time.Since(begun); took != 5*time.Second {
			t.Errorf("the stop took %v", took)
		}
		bob.expect("NewIncoming [audio]", "WillStart", "DidFail local 0 user_request")
		stop(alice)
	})
}

func TestAttributes(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		s := sipsimple.NewSession(alice.Application, alice.acc)
		for _, name := range sipsimple.AttributeNames() {
			value, ok := s.Attribute(name)
			if unset := value == nil || value == "null" || value == false || value == alice.acc; !ok || !unset {
				t.Errorf("%s of a new session is %v", name, value)
			}
		}
		if _, ok := s.Attribute("colour"); ok {
			t.Error("colour is an attribute")
		}
		subject := "Tea?"
		to := core.Address{DisplayName: "Bob", URI: sip.Uri{Scheme: "sip", User: "bob", Host: "bob.test"}}
		must(t, s.Connect(to, []core.Route{{Address: l.addr("bob")}}, []streams.MediaStream{alice.audio()}, &sipsimple.ConnectOptions{Subject: &subject}))
		pass(time.Second)
		must(t, bob.session().Accept(bob.session().ProposedStreams(), nil))
		pass(time.Second)
		for _, one := range []struct {
			session *sipsimple.Session
			want    map[string]any
		}{
			{s, map[string]any{"state": "connected", "direction": "outgoing", "transport": "udp", "subject": "Tea?", "proposed_streams": nil}},
			{bob.session(), map[string]any{"state": "connected", "direction": "incoming", "subject": "Tea?", "stop_time": nil}},
		} {
			for name, want := range one.want {
				if got, _ := one.session.Attribute(name); got != want {
					t.Errorf("%s is %v, want %v", name, got, want)
				}
			}
			if one.session.LocalIdentity().Tag() == "" || one.session.RemoteIdentity().Tag() == "" {
				t.Errorf("identities without tags: %v, %v", one.session.LocalIdentity(), one.session.RemoteIdentity())
			}
			if one.session.RemoteUserAgent() != "sipsimple" || !one.session.LocalIP().IsValid() {
				t.Errorf("agent %q, local address %v", one.session.RemoteUserAgent(), one.session.LocalIP())
			}
		}
		for _, header := range []struct {
			of   core.Identity
			from bool // it is the caller
		}{{s.LocalIdentity(), true}, {s.RemoteIdentity(), false}, {bob.session().LocalIdentity(), false}, {bob.session().RemoteIdentity(), true}} {
			if _, from := header.of.(core.FrozenFromHeader); from != header.from {
				t.Errorf("%v is a %T", header.of, header.of)
			}
		}
		s.Streams()[0] = nil
		if s.Streams()[0] == nil {
			t.Error("Streams is not a copy")
		}
		s.End()
		pass(time.Second)
		if s.StopTime().IsZero() || s.LocalIdentity() != nil || s.ProposedStreams() != nil {
			t.Errorf("after the end: stop time %v, identity %v", s.StopTime(), s.LocalIdentity())
		}
		stop(alice, bob)
	})
}

func TestWrongStatesAreErrors(t *testing.T) {
	inLab(t, func(l *lab) {
		alice := l.party("alice")
		s := sipsimple.NewSession(alice.Application, alice.acc)
		for method, call := range map[string]func() error{
			"SendRingIndication": s.SendRingIndication,
			"Accept":             func() error { return s.Accept(nil, nil) },
			"Reject":             func() error { return s.Reject(0, "") },
			"AcceptProposal":     func() error { return s.AcceptProposal(nil) },
			"RejectProposal":     func() error { return s.RejectProposal(0, "") },
			"AddStream":          func() error { return s.AddStream(nil) },
			"RemoveStream":       func() error { return s.RemoveStream(nil) },
			"CancelProposal":     s.CancelProposal,
		} {
			illegal, ok := errors.AsType[*sipsimple.IllegalStateError](call())
			if !ok || illegal.Method != method || illegal.State != sipsimple.Null {
				t.Errorf("%s: %v", method, illegal)
			}
		}
		s.End()
		s.Hold()
		s.Unhold()
		stop(alice)
		if stream, err := alice.NewStream("audio", alice.acc); !errors.Is(err, sipsimple.ErrNotRunning) {
			t.Errorf("after the end there is a new stream %v, %v", stream, err)
		}
	})
}

func TestEveryNotificationHasAName(t *testing.T) {
	seen := map[string]bool{}
	for _, data := range sipsimple.Notifications() {
		if name := data.NotificationName(); name == "" || seen[name] {
			t.Errorf("%T is called %q", data, name)
		} else {
			seen[name] = true
		}
	}
}
