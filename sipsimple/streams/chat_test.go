package streams_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/cpim"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

func (p *talker) chat() *streams.ChatStream { return p.stream.(*streams.ChatStream) }

func (p *talker) say(text string) string {
	id, err := p.chat().SendMessage([]byte(text), nil)
	check(p.t, err)
	return id
}

// withChat runs body in a running chat.
func withChat(t testing.TB, body func(n *simnet.Network, alice, bob *talker)) {
	t.Helper()
	withTalkers(t, func(n *simnet.Network, alice, bob *talker) {
		alice.stream = streams.NewChatStream(alice.env)
		join(alice, bob, nil)
		alice.expect("DidInitialize", "DidStart")
		bob.expect("DidInitialize", "DidStart")
		body(n, alice, bob)
	})
}

func TestChat(t *testing.T) {
	withChat(t, func(_ *simnet.Network, alice, bob *talker) {
		alice.say("hello, Bob")
		bob.say("grüß dich\n")
		time.Sleep(time.Second)
		alice.expect("DidSendMessage", `GotMessage "grüß dich\n" from sip:bob@example.test`, "DidDeliverMessage")
		bob.expect("DidSendMessage", `GotMessage "hello, Bob" from sip:alice@example.test`, "DidDeliverMessage")
		_, err := alice.chat().SendComposingIndication("active", 60, time.Time{}, nil)
		check(t, err)
		_, err = alice.chat().SendComposingIndication("idle", 0, time.Time{}, nil)
		check(t, err)
		time.Sleep(time.Minute)
		bob.expect("GotComposingIndication active 60", "GotComposingIndication idle 0")
		alice.expect()
		end(alice, bob)
		alice.expect("WillEnd", "DidEnd")
		bob.expect("WillEnd", "DidEnd")
	})
}

// TestChatOrder: many messages of all sizes, in order, each with its fate.
func TestChatOrder(t *testing.T) {
	withChat(t, func(_ *simnet.Network, alice, bob *talker) {
		for i := range 50 {
			alice.say(fmt.Sprint(i, strings.Repeat("x", i*i*50)))
		}
		time.Sleep(time.Minute)
		got := bob.take()
		if len(got) != 50 {
			t.Fatalf("%d messages", len(got))
		}
		for i, line := range got {
			if !strings.HasPrefix(line, fmt.Sprintf(`GotMessage "%d`, i)) {
				t.Errorf("message %d is %.40s", i, line)
			}
		}
		if text := strings.Join(alice.take(), " "); strings.Count(text, "DidSendMessage") != 50 || strings.Count(text, "DidDeliverMessage") != 50 {
			t.Errorf("%s", text)
		}
		end(alice, bob)
	})
}

// TestChatReportedAtOnce: a message is told to be sent before it is told to be delivered, however fast the report is.
func TestChatReportedAtOnce(t *testing.T) {
	withChat(t, func(_ *simnet.Network, alice, bob *talker) {
		id := alice.say("hello")
		alice.chat().ReceiveReport(msrp.Report{MessageID: id, Code: 200, Range: msrp.ByteRange{Start: 1, End: 1000, Total: 1000}})
		time.Sleep(time.Second)
		alice.expect("DidSendMessage", "DidDeliverMessage")
		end(alice, bob)
	})
}

// TestChatHeaders: what CPIM carries.
func TestChatHeaders(t *testing.T) {
	withChat(t, func(_ *simnet.Network, alice, bob *talker) {
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		_, err := alice.chat().SendMessage([]byte("<b>hi</b>"), &streams.ChatOptions{
			ContentType: "text/html", Subject: "greeting", Timestamp: at, Required: []string{"x.Y"},
			CourtesyRecipients: []cpim.Identity{{URI: "sip:carol@example.test"}},
			AdditionalHeaders:  []cpim.Header{{Namespace: "urn:x", Name: "Y", Value: "z"}},
		})
		check(t, err)
		time.Sleep(time.Second)
		bob.take()
		m := bob.all[len(bob.all)-1].Data.(streams.ChatStreamGotMessage).Message
		if m.ContentType != "text/html" || m.Subject != "greeting" || !m.Timestamp.Equal(at) || len(m.Required) != 1 ||
			len(m.CourtesyRecipients) != 1 || len(m.AdditionalHeaders) != 1 || m.Recipients[0].URI != "sip:bob@example.test" {
			t.Errorf("%+v", m)
		}
		end(alice, bob)
	})
}

// TestChatMisuse: what cannot be sent is an error, and nothing is posted.
func TestChatMisuse(t *testing.T) {
	withChat(t, func(_ *simnet.Network, alice, bob *talker) {
		carol := []cpim.Identity{{URI: "sip:carol@example.test"}}
		_, err := alice.chat().SendMessage([]byte("psst"), &streams.ChatOptions{Recipients: carol})
		expectChatError(t, err)
		_, err = alice.chat().SendComposingIndication("asleep", 0, time.Time{}, nil)
		expectChatError(t, err)
		end(alice, bob)
		if _, err := alice.chat().SendMessage([]byte("late"), nil); err == nil {
			t.Error("a message was sent after the end")
		}
	})
	withTalkers(t, func(_ *simnet.Network, alice, _ *talker) {
		s := streams.NewChatStream(alice.env)
		carol := []cpim.Identity{{URI: "sip:carol@example.test"}}
		for _, o := range []streams.ChatOptions{ // which need CPIM
			{Subject: "x"}, {Timestamp: time.Now()}, {Recipients: carol}, {CourtesyRecipients: carol}, {Required: []string{"x"}},
			{AdditionalHeaders: []cpim.Header{{Namespace: "urn:x", Name: "y"}}},
		} {
			_, err := s.SendMessage(nil, &o)
			expectChatError(t, err)
		}
		_, err := s.SendMessage(nil, &streams.ChatOptions{ContentType: "image/png"})
		expectChatError(t, err)
		check(t, s.SetDirection(callsdp.RecvOnly))
		_, err = s.SendMessage(nil, nil)
		expectChatError(t, err)
	})
}

func expectChatError(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*streams.ChatStreamError](err); !ok {
		t.Errorf("error %v", err)
	}
}

// TestChatTypes: what a message may be is what the peer takes wrapped; if it does not tell, what it takes at all.
func TestChatTypes(t *testing.T) {
	for _, c := range []struct{ types, wraps, takes, refuses string }{
		{"message/cpim text/*", "text/plain", "text/plain", "text/html"},
		{"message/cpim", "*", "image/png", ""},
		{"message/cpim text/plain", "", "text/plain", "text/html"},
		{"text/html", "*", "text/html", "text/plain"}, // without CPIM nothing is wrapped
	} {
		withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
			alice.stream = streams.NewChatStream(alice.env)
			check(t, alice.stream.Initialize(alice, streams.Outgoing))
			offer := alice.describe()
			var err error
			bob.stream, err = allStreams().NewFromSDP(bob.env, offer, 0)
			check(t, err)
			check(t, bob.stream.Initialize(bob, streams.Incoming))
			answer := bob.describe()
			line := answer.MediaDescriptions[0]
			line.Attributes = slices.DeleteFunc(line.Attributes, func(a sdp.Attribute) bool { return strings.HasPrefix(a.Key, "accept-") })
			line.Attributes = append(line.Attributes, sdp.NewAttribute("accept-types", c.types))
			if c.wraps != "" {
				line.Attributes = append(line.Attributes, sdp.NewAttribute("accept-wrapped-types", c.wraps))
			}
			check(t, bob.stream.Start(answer, offer, 0))
			check(t, alice.stream.Start(offer, answer, 0))
			time.Sleep(time.Second)
			_, err = alice.chat().SendMessage([]byte("x"), &streams.ChatOptions{ContentType: c.takes})
			check(t, err)
			if c.refuses != "" {
				_, err = alice.chat().SendMessage([]byte("x"), &streams.ChatOptions{ContentType: c.refuses})
				expectChatError(t, err)
			}
			end(alice, bob)
		})
	}
}

// TestChatEarly: messages before the start go out after it, without CPIM.
func TestChatEarly(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		alice.stream = streams.NewChatStream(alice.env)
		alice.say("early")
		join(alice, bob, nil)
		alice.expect("DidInitialize", "DidStart", "DidSendMessage", "DidDeliverMessage")
		bob.expect("DidInitialize", "DidStart", `GotMessage "early" from sip:alice@example.test`)
		end(alice, bob)
	})
}

// TestChatRoom: private messages, to the ones and from the others.
func TestChatRoom(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		alice.focus = true
		alice.stream = streams.NewChatStream(alice.env)
		check(t, alice.stream.Initialize(alice, streams.Outgoing))
		offer, err := alice.neg.SetLocalOffer(alice.describe())
		check(t, err)
		room := callsdp.Clone(offer)
		bob.stream, err = allStreams().NewFromSDP(bob.env, room, 0)
		check(t, err)
		check(t, bob.stream.Initialize(bob, streams.Incoming))
		answer := bob.describe()
		answer.MediaDescriptions[0].Attributes = append(answer.MediaDescriptions[0].Attributes, sdp.NewAttribute("chatroom", "nickname private-messages"))
		check(t, bob.stream.Start(answer, offer, 0))
		check(t, alice.stream.Start(offer, answer, 0))
		time.Sleep(time.Second)
		if !alice.chat().PrivateMessagesAllowed() || bob.chat().PrivateMessagesAllowed() {
			t.Error("private messages")
		}
		_, err = alice.chat().SendMessage([]byte("psst"), &streams.ChatOptions{Recipients: []cpim.Identity{{URI: "sip:carol@example.test"}}})
		check(t, err)
		_, err = bob.chat().SendMessage([]byte("to all"), nil)
		check(t, err)
		time.Sleep(time.Second)
		alice.take()
		got := alice.all[len(alice.all)-2].Data.(streams.ChatStreamGotMessage)
		if !got.Private { // to alice alone, who is not the room
			t.Errorf("%+v", got)
		}
		end(alice, bob)
	})
}

// TestChatPeerCloses: a failure without Deactivate, silence with it.
func TestChatPeerCloses(t *testing.T) {
	withChat(t, func(_ *simnet.Network, alice, bob *talker) {
		bob.stream.End()
		time.Sleep(5 * time.Second)
		alice.expect("DidFail reading: the peer has closed the connection")
		bob.expect("WillEnd", "DidEnd")
		end(alice)
		alice.expect("WillEnd", "DidEnd")
	})
	withChat(t, func(_ *simnet.Network, alice, bob *talker) {
		alice.stream.Deactivate()
		bob.stream.End()
		time.Sleep(5 * time.Second)
		alice.expect()
		end(alice)
	})
}

// TestChatUnresolved: no message stays without its fate.
func TestChatUnresolved(t *testing.T) {
	withChat(t, func(n *simnet.Network, alice, bob *talker) {
		n.Cut("alice", "bob")
		alice.say("lost")
		time.Sleep(10 * time.Second)
		alice.expect("DidSendMessage")
		alice.say("lost too")
		end(alice, bob)
		alice.expect("WillEnd", "DidNotDeliverMessage 408", "DidNotDeliverMessage 408", "DidEnd")
	})
	withChat(t, func(n *simnet.Network, alice, bob *talker) {
		n.Cut("alice", "bob")
		alice.say("lost")
		time.Sleep(2 * time.Minute)
		alice.expectLike("DidSendMessage", "DidNotDeliverMessage 408", "DidFail reading: ")
		end(alice, bob)
	})
}

// TestChatTooLarge: a message that the peer does not hold is refused, the next one arrives.
func TestChatTooLarge(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		bob.env.MSRP.MaxMessage = 1000
		alice.stream = streams.NewChatStream(alice.env)
		join(alice, bob, nil)
		alice.take()
		bob.take()
		alice.say(strings.Repeat("x", 5000))
		alice.say("small")
		time.Sleep(time.Second)
		alice.expect("DidSendMessage", "DidSendMessage", "DidNotDeliverMessage 413", "DidDeliverMessage")
		bob.expect(`GotMessage "small" from sip:alice@example.test`)
		end(alice, bob)
	})
}

// TestChatOverTLS: with fingerprints, and with nothing to trust.
func TestChatOffers(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, _ *talker) {
		const good = "m=message 2855 TCP/MSRP *\r\na=path:msrp://192.0.2.77:2855/x;tcp\r\na=accept-types:text/plain\r\n"
		for change, kind := range map[string]error{
			"": nil, "TCP/MSRP>TCP/TLS/MSRP": nil, "message>audio": streams.ErrUnknownStream, "TCP/MSRP>UDP/MSRP": errInvalid,
			"MSRP *>MSRP 0": errInvalid, "text/plain>image/png": errInvalid, "a=accept-types:text/plain>a=x": errInvalid,
			"a=accept>a=setup:holdconn\r\na=accept": errInvalid, "a=accept>a=inactive\r\na=accept": errInvalid,
			"text/plain>*": nil, "a=accept>a=sendonly\r\na=accept": nil,
		} {
			from, to, _ := strings.Cut(change, ">")
			d, err := callsdp.Parse([]byte("v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\nc=IN IP4 192.0.2.77\r\nt=0 0\r\n" + strings.Replace(good, from, to, 1)))
			check(t, err)
			var chat streams.Registry
			streams.RegisterChat(&chat)
			_, err = chat.NewFromSDP(alice.env, d, 0)
			_, invalid := errors.AsType[*streams.InvalidStreamError](err)
			if !errors.Is(err, kind) && !(kind == errInvalid && invalid) {
				t.Errorf("%s: %v", change, err)
			}
		}
	})
}

var errInvalid = errors.New("invalid")

func BenchmarkChat(b *testing.B) {
	withChat(b, func(_ *simnet.Network, alice, bob *talker) {
		text := string(bytes.Repeat([]byte("x"), 50))
		for i := 0; b.Loop(); i++ {
			alice.say(text)
			if i%500 == 499 {
				time.Sleep(100 * time.Millisecond)
				alice.take()
				bob.take()
			}
		}
		end(alice, bob)
	})
}
