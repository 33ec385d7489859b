package streams_test

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/relay"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// withCertificate gives a party a certificate that it has made itself.
func (p *talker) withCertificate() {
	public, private, err := ed25519.GenerateKey(nil)
	check(p.t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(int64(p.name[0])), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	check(p.t, err)
	p.env.MSRP.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}}
}

// TestChatOverTLS: certificates are told by their fingerprints.
func TestChatOverTLS(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		alice.withCertificate()
		bob.withCertificate()
		alice.stream = streams.NewChatStream(alice.env)
		join(alice, bob, nil)
		alice.say("secret")
		time.Sleep(time.Second)
		alice.expect("DidInitialize", "DidStart", "DidSendMessage", "DidDeliverMessage")
		line, _ := alice.stream.LocalMedia(true)
		path, _ := line.Attribute("path")
		_, fingerprint := line.Attribute("fingerprint")
		if !strings.HasPrefix(path, "msrps://") || !fingerprint || strings.Join(line.MediaName.Protos, "/") != "TCP/TLS/MSRP" {
			t.Errorf("%s", line.MediaName)
		}
		end(alice, bob)
	})
}

// TestThroughRelay: one or both sides behind a relay, chat and file.
func TestThroughRelay(t *testing.T) {
	for _, both := range []bool{false, true} {
		withTalkers(t, func(n *simnet.Network, alice, bob *talker) {
			host, err := n.Host("relay", netip.Addr{})
			check(t, err)
			server, err := relay.New(relay.Config{
				Net: host, Addr: netip.AddrPortFrom(host.Addr(), 0), Rand: rand.NewChaCha8([32]byte{}), Users: map[string]string{"u": "p"},
			})
			check(t, err)
			defer server.Close()
			use := &msrp.Relay{Host: host.Addr().String(), Username: "u", Password: "p"}
			alice.env.MSRP.Relay, alice.env.MSRP.RelayForOutbound = use, true
			if both {
				bob.env.MSRP.Relay = use
			}
			alice.stream = streams.NewChatStream(alice.env)
			join(alice, bob, nil)
			alice.say("hello")
			bob.say("hello yourself")
			time.Sleep(2 * time.Second)
			alice.expect("DidInitialize", "DidStart", "DidSendMessage", `GotMessage "hello yourself" from sip:bob@example.test`, "DidDeliverMessage")
			bob.take()
			end(alice, bob)
			alice.expect("WillEnd", "DidEnd")
			if counts := server.Counts(); counts.Forwarded == 0 || counts.Refused > 0 {
				t.Errorf("%+v", counts)
			}
		})
	}
}

// TestRelayFails: no relay, and one that does not want us.
func TestRelayFails(t *testing.T) {
	withTalkers(t, func(n *simnet.Network, alice, bob *talker) {
		alice.env.MSRP = streams.MSRPSettings{Relay: &msrp.Relay{Host: bob.host.Addr().String()}, RelayForOutbound: true}
		alice.stream = streams.NewChatStream(alice.env)
		check(t, alice.stream.Initialize(alice, streams.Outgoing))
		time.Sleep(time.Minute)
		alice.expectLike("DidFail initialize: connecting to msrp://")
		end(alice)
		alice.expect()
	})
	withTalkers(t, func(_ *simnet.Network, alice, _ *talker) {
		alice.env.MSRP = streams.MSRPSettings{Model: streams.ModelRelay, RelayForOutbound: true}
		alice.stream = streams.NewChatStream(alice.env)
		check(t, alice.stream.Initialize(alice, streams.Outgoing))
		time.Sleep(time.Second)
		alice.expect("DidFail initialize: there is no MSRP relay")
		end(alice)
	})
}

// TestEndWhileStarting: nothing more is posted, nothing is left.
func TestEndWhileStarting(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		alice.stream = streams.NewChatStream(alice.env)
		check(t, alice.stream.Initialize(alice, streams.Outgoing))
		offer := alice.describe()
		var err error
		bob.stream, err = allStreams().NewFromSDP(bob.env, offer, 0)
		check(t, err)
		check(t, bob.stream.Initialize(bob, streams.Incoming))
		check(t, alice.stream.Start(offer, bob.describe(), 0))
		time.Sleep(3 * time.Second)
		end(alice)
		alice.expect("DidInitialize", "WillEnd", "DidEnd")
		check(t, bob.stream.Start(bob.describe(), offer, 0))
		time.Sleep(20 * time.Second)
		bob.expectLike("DidInitialize", "DidFail start: connecting to")
		end(bob)
	})
}

// TestNobodyComes: the start fails in time.
func TestNobodyComes(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		alice.stream = streams.NewChatStream(alice.env)
		check(t, alice.stream.Initialize(alice, streams.Outgoing))
		offer := alice.describe()
		var err error
		bob.stream, err = allStreams().NewFromSDP(bob.env, offer, 0)
		check(t, err)
		check(t, bob.stream.Initialize(bob, streams.Incoming))
		check(t, alice.stream.Start(offer, bob.describe(), 0))
		time.Sleep(15 * time.Second)
		alice.expectLike("DidInitialize", "DidFail start: timed out: ")
		end(alice, bob)
		alice.expect("WillEnd", "DidEnd")
	})
}
