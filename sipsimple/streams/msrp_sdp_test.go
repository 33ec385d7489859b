package streams_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestMSRPLines: the m-lines that the three kinds offer, attribute by attribute.
func TestMSRPLines(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, _ *talker) {
		alice.env.MSRP.Model = streams.ModelBonjour // connects: nothing is bound, so the port is the placeholder
		file, err := streams.NewFileTransferStream(alice.env, streams.FileSelector{Name: "a.txt", Size: 3, Content: strings.NewReader("abc")}, callsdp.SendOnly)
		check(t, err)
		pull, err := streams.NewFileTransferStream(alice.env, streams.FileSelector{Hash: "sha-1:00", Size: streams.NoSize}, callsdp.RecvOnly)
		check(t, err)
		desktop, err := streams.NewDesktopSharingStream(alice.env, streams.NewInternalVNCViewerHandler(alice.env))
		check(t, err)
		for _, c := range []struct {
			stream streams.MediaStream
			want   string
		}{
			{streams.NewChatStream(alice.env), "m=message 2855 TCP/MSRP *;path;accept-types:message/cpim text/* application/im-iscomposing+xml;" +
				"accept-wrapped-types:*;setup:active"},
			{file, "m=message 2855 TCP/MSRP *;path;sendonly;accept-types:*;accept-wrapped-types:*;setup:active;" +
				`file-selector:name:"a.txt" type:application/octet-stream size:3;file-transfer-id`},
			{pull, "m=message 2855 TCP/MSRP *;path;recvonly;accept-types:*;accept-wrapped-types:*;setup:active;file-selector:hash:sha-1:00;file-transfer-id"},
			{desktop, "m=application 2855 TCP/MSRP *;path;accept-types:application/x-rfb;setup:active;rfbsetup:active"},
		} {
			alice.stream = c.stream
			check(t, c.stream.Initialize(alice, streams.Outgoing))
			line := alice.describe().MediaDescriptions[0]
			got := fmt.Sprintf("m=%s %d %s %s", line.MediaName.Media, line.MediaName.Port.Value, strings.Join(line.MediaName.Protos, "/"), strings.Join(line.MediaName.Formats, " "))
			for _, a := range line.Attributes {
				got += ";" + a.Key
				if a.Value != "" && a.Key != "path" && a.Key != "file-transfer-id" {
					got += ":" + a.Value
				}
			}
			if got != c.want {
				t.Errorf("%s offers\n %s\nwant\n %s", c.stream.Type(), got, c.want)
			}
			end(alice)
		}
	})
}

// offered is the stream that bob has for an m-line, nil if it is refused.
func (p *talker) offered(line string) streams.MediaStream {
	d, err := callsdp.Parse([]byte("v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\nc=IN IP4 192.0.2.77\r\nt=0 0\r\n" + line))
	check(p.t, err)
	s, err := allStreams().NewFromSDP(p.env, d, 0)
	if _, invalid := errors.AsType[*streams.InvalidStreamError](err); err != nil && !invalid {
		p.t.Errorf("%s: %v", line, err)
	}
	return s
}

const chatLine = "m=message 2855 TCP/MSRP *\r\na=path:msrp://192.0.2.77:2855/x;tcp\r\na=accept-types:text/plain\r\n"

// TestMSRPOffers: an offer without a=setup connects, so we wait; an account that insists on TLS takes no plain offer, one
// that does not takes both.
func TestMSRPOffers(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, _, bob *talker) {
		for setup, want := range map[string]string{"": "passive", "active": "passive", "passive": "active", "actpass": "active"} {
			text := chatLine
			if setup != "" {
				text += "a=setup:" + setup + "\r\n"
			}
			bob.stream = bob.offered(text)
			check(t, bob.stream.Initialize(bob, streams.Incoming))
			if got, _ := bob.describe().MediaDescriptions[0].Attribute("setup"); got != want {
				t.Errorf("offer with setup %q is answered with %q, want %q", setup, got, want)
			}
			end(bob)
		}
		secure := strings.ReplaceAll(strings.ReplaceAll(chatLine, "TCP/", "TCP/TLS/"), "msrp:", "msrps:")
		for transport, plain := range map[string]bool{"": true, "tcp": true, "tls": false} {
			bob.env.MSRP.Transport = transport
			if got := bob.offered(chatLine) != nil; got != plain {
				t.Errorf("transport %q: plain offer taken: %t", transport, got)
			}
			if bob.offered(secure) == nil {
				t.Errorf("transport %q: offer of TLS refused", transport)
			}
		}
	})
}

// TestMSRPValidateUpdate: a re-INVITE may end the m-line, but not make another of it.
func TestMSRPValidateUpdate(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, _, bob *talker) {
		s := bob.offered(chatLine)
		for change, want := range map[string]bool{
			"": true, "2855 TCP>0 TCP": true, "message>application": false, "TCP/MSRP>TCP/TLS/MSRP": false, "MSRP *>MSRP 0": false,
			"text/plain>text/html": true,
		} {
			from, to, _ := strings.Cut(change, ">")
			d, err := callsdp.Parse([]byte("v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\nc=IN IP4 192.0.2.77\r\nt=0 0\r\n" + strings.Replace(chatLine, from, to, 1)))
			check(t, err)
			if got := s.ValidateUpdate(d, 0); got != want {
				t.Errorf("%q: %t", change, got)
			}
			if s.ValidateUpdate(d, 1) {
				t.Errorf("%q: there is no second line", change)
			}
		}
	})
}

// TestMSRPBounds: however slow the others are, a stream is initialised or has failed after 45 s, and has started or has
// failed after 15 s (streams.md 2.7).
func TestMSRPBounds(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, _ *talker) {
		alice.env.MSRP.RelayForOutbound = true
		alice.env.MSRP.FindRelay = func(ctx context.Context, _ bool) ([]msrp.Relay, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		alice.stream = streams.NewChatStream(alice.env)
		check(t, alice.stream.Initialize(alice, streams.Outgoing))
		time.Sleep(44 * time.Second)
		alice.expect()
		time.Sleep(time.Second + time.Millisecond)
		alice.expectLike("DidFail initialize: timed out: ")
		end(alice)
	})
	withTalkers(t, func(n *simnet.Network, alice, bob *talker) {
		listener, err := bob.host.ListenTCP("tcp", &net.TCPAddr{Port: 2855})
		check(t, err)
		defer listener.Close()
		alice.env.MSRP.Model = streams.ModelBonjour
		alice.stream = streams.NewChatStream(alice.env)
		check(t, alice.stream.Initialize(alice, streams.Outgoing))
		answer := alice.describe()
		for i, a := range answer.MediaDescriptions[0].Attributes {
			if a.Key == "path" {
				answer.MediaDescriptions[0].Attributes[i] = sdp.NewAttribute("path", "msrp://"+bob.host.Addr().String()+":2855/x;tcp")
			}
		}
		n.Cut("alice", "bob")
		check(t, alice.stream.Start(alice.describe(), answer, 0))
		time.Sleep(8 * time.Second)
		n.Heal("alice", "bob") // so that it connects, to somebody who does not answer
		time.Sleep(7 * time.Second)
		alice.expectLike("DidInitialize", "DidFail start: timed out: ")
		end(alice)
	})
}
