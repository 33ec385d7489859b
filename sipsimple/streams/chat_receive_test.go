package streams_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// withScriptedPeer runs body in a chat that alice has offered to a peer that sends what body says and writes down what it
// is told.
func withScriptedPeer(t *testing.T, direction sdp.Direction, body func(alice *talker, peer *msrp.Session, told *reports)) {
	t.Helper()
	scripted(t, func(env *streams.Environment) streams.MediaStream {
		s := streams.NewChatStream(env)
		check(t, s.SetDirection(direction))
		return s
	}, body)
}

// scripted is withScriptedPeer for any stream.
func scripted(t *testing.T, stream func(*streams.Environment) streams.MediaStream, body func(alice *talker, peer *msrp.Session, told *reports)) {
	t.Helper()
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		alice.stream = stream(alice.env)
		check(t, alice.stream.Initialize(alice, streams.Outgoing))
		offer := alice.describe()
		e, err := msrp.Open(context.Background(), msrp.Config{Net: bob.host, Host: bob.host.Addr(), Mode: msrp.Connect})
		check(t, err)
		line := callsdp.CloneLine(offer.MediaDescriptions[0])
		line.Attributes = []sdp.Attribute{
			sdp.NewAttribute("path", e.Path().String()), sdp.NewAttribute("accept-types", "message/cpim application/x-rfb"), sdp.NewAttribute("setup", "active"),
		}
		answer := callsdp.NewSession("lab", bob.host.Addr(), 1)
		answer.MediaDescriptions = []*sdp.MediaDescription{line}
		check(t, alice.stream.Start(offer, answer, 0))
		text, _ := offer.MediaDescriptions[0].Attribute("path")
		path, _ := msrp.ParsePath(text)
		session, err := e.Establish(context.Background(), msrp.Peer{Path: path})
		check(t, err)
		var told reports
		session.Run(&told)
		alice.expect("DidInitialize", "DidStart")
		body(alice, session, &told)
		session.Abort(nil)
		<-session.Done()
		end(alice)
	})
}

// TestChatBadCPIM: 400, and the chat goes on.
func TestChatBadCPIM(t *testing.T) {
	withScriptedPeer(t, callsdp.SendRecv, func(_ *talker, peer *msrp.Session, told *reports) {
		for _, body := range []string{"no headers", "From: <sip:b@c>\r\n\r\nContent-Type: application/im-iscomposing+xml\r\n\r\n<!DOCTYPE x><x/>"} {
			peer.Send(msrp.Outgoing{ContentType: "message/cpim", Data: []byte(body)})
		}
		peer.Send(msrp.Outgoing{ContentType: "image/png", Data: []byte("x")})
		time.Sleep(time.Second)
		if got := strings.Join(told.lines(), ";"); got != "report 400;report 400;failed 415" {
			t.Errorf("%s", got)
		}
	})
}

// TestChatOnlySends: what comes to a stream that only sends is answered, and refused in a report.
func TestChatOnlySends(t *testing.T) {
	withScriptedPeer(t, callsdp.SendOnly, func(alice *talker, peer *msrp.Session, told *reports) {
		peer.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("hello"), SuccessReport: true})
		time.Sleep(time.Second)
		if got := strings.Join(told.lines(), ";"); got != "report 413" {
			t.Errorf("%s", got)
		}
		alice.expect()
	})
}

// TestChatEmptyMessage: it is reported, and nobody is told.
func TestChatEmptyMessage(t *testing.T) {
	withScriptedPeer(t, callsdp.SendRecv, func(alice *talker, peer *msrp.Session, told *reports) {
		peer.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte{}, SuccessReport: true})
		time.Sleep(time.Second)
		if got := strings.Join(told.lines(), ";"); got != "report 200" {
			t.Errorf("%s", got)
		}
		alice.expect()
	})
}

// TestChatSparseCPIM: a wrapped message without From is the peer's, without To ours, without DateTime of now; of several
// subjects the one without a language counts.
func TestChatSparseCPIM(t *testing.T) {
	withScriptedPeer(t, callsdp.SendRecv, func(alice *talker, peer *msrp.Session, _ *reports) {
		peer.Send(msrp.Outgoing{ContentType: "message/cpim", Data: []byte("Subject:;lang=de Hallo\r\nSubject: hello\r\n\r\nContent-Type: text/plain\r\n\r\nhello")})
		begin := time.Now()
		time.Sleep(time.Second)
		alice.take()
		m := alice.all[len(alice.all)-1].Data.(streams.ChatStreamGotMessage).Message
		if m.Sender.URI != "sip:bob@example.test" || len(m.Recipients) != 1 || m.Recipients[0].URI != "sip:alice@example.test" ||
			m.Timestamp.Before(begin) || m.Timestamp.After(time.Now()) || string(m.Body) != "hello" || m.Subject != "hello" {
			t.Errorf("%+v", m)
		}
	})
}
