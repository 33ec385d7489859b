package streams_test

import (
	"encoding/base64"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/srtp/v3"

	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/simnet"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestKeying is who speaks SRTP with whom, over which signalling.
func TestKeying(t *testing.T) {
	const off, optional, mandatory = streams.EncryptionDisabled, streams.EncryptionOptional, streams.EncryptionMandatory
	for _, test := range []struct {
		caller, callee streams.Encryption
		sip, want      string
	}{
		{off, off, "tls", "plain"},
		{optional, optional, "tls", "srtp"},
		{optional, optional, "udp", "plain"},
		{optional, off, "tls", "plain"},
		{off, optional, "tls", "plain"},
		{mandatory, mandatory, "tls", "srtp"},
		{mandatory, optional, "tls", "srtp"},
		{optional, mandatory, "tls", "srtp"},
		{mandatory, off, "tls", "refused"},
		{off, mandatory, "tls", "refused"},
		{mandatory, mandatory, "udp", "failed"},
		{off, mandatory, "udp", "refused"},
	} {
		inLab(t, func(n *simnet.Network) {
			alice := newParty(t, n, "alice", options{srtp: test.caller, sip: test.sip}, 440)
			bob := newParty(t, n, "bob", options{srtp: test.callee, sip: test.sip}, 880)
			defer alice.close()
			defer bob.close()
			if got := attempt(t, alice, bob); got != test.want {
				t.Errorf("%s calls %s over %s: %s, want %s", test.caller, test.callee, test.sip, got, test.want)
			}
		})
	}
}

// attempt is a call, and what became of it.
func attempt(t *testing.T, alice, bob *party) string {
	alice.stream = streams.NewAudioStream(alice.env)
	check(t, alice.stream.Initialize(alice.owner(), streams.Outgoing))
	if alice.audio().State() == streams.AudioEnded {
		return "failed"
	}
	offer, err := alice.neg.SetLocalOffer(alice.media(true))
	check(t, err)
	var registry streams.Registry
	streams.RegisterAudio(&registry)
	if _, err := registry.NewFromSDP(bob.env, offer, 0); err != nil {
		if _, ok := errors.AsType[*streams.InvalidStreamError](err); !ok {
			t.Error(err)
		}
		return "refused"
	}
	check(t, bob.neg.SetRemoteOffer(offer))
	bob.accept(offer)
	answer, err := bob.neg.SetLocalAnswer(bob.media(false))
	check(t, err)
	check(t, alice.neg.SetRemoteAnswer(answer))
	bob.start()
	alice.start()
	if r := bob.hears(alice, time.Second); r.SNR < 35 {
		t.Errorf("bob hears alice: %+v", r)
	}
	if alice.audio().SRTPActive() != bob.audio().SRTPActive() {
		t.Error("one end thinks the call is encrypted, the other does not")
	}
	if alice.audio().SRTPActive() {
		return "srtp"
	}
	return "plain"
}

func secureCall(t *testing.T, body func(n *simnet.Network, alice, bob *party)) {
	withCall(t, options{srtp: streams.EncryptionMandatory, sip: "tls"}, body)
}

// TestOfferOfSRTP is streams.md 5.5.
func TestOfferOfSRTP(t *testing.T) {
	for encryption, protocol := range map[streams.Encryption]string{
		streams.EncryptionMandatory: "RTP/SAVP", streams.EncryptionOptional: "RTP/AVP",
	} {
		inLab(t, func(n *simnet.Network) {
			alice := newParty(t, n, "alice", options{srtp: encryption, sip: "tls"})
			defer alice.close()
			alice.stream = streams.NewAudioStream(alice.env)
			check(t, alice.stream.Initialize(alice.owner(), streams.Outgoing))
			line := alice.media(true).MediaDescriptions[0]
			var lines []string
			for _, a := range line.Attributes {
				if a.Key == "crypto" {
					lines = append(lines, a.Value)
				}
			}
			if callsdp.Protocol(line) != protocol || len(lines) != 2 || len(lines[0]) != 2+23+8+40 ||
				!strings.HasPrefix(lines[0], "1 AES_CM_128_HMAC_SHA1_80 inline:") || !strings.HasPrefix(lines[1], "2 AES_CM_128_HMAC_SHA1_32 inline:") ||
				lines[0][33:] == lines[1][33:] {
				t.Errorf("%s: %s %q", encryption, callsdp.Protocol(line), lines)
			}
			if again := alice.media(true).MediaDescriptions[0]; !slices.Equal(again.Attributes, line.Attributes) {
				t.Error("the second offer differs")
			}
		})
	}
}

// TestEncryptedCall: nothing on the wire can be understood, hold and re-INVITE
// keep the keys, and reports come through.
func TestEncryptedCall(t *testing.T) {
	secureCall(t, func(n *simnet.Network, alice, bob *party) {
		var mu sync.Mutex
		var wire []byte
		n.Tap(func(p simnet.Packet) {
			mu.Lock()
			defer mu.Unlock()
			if p.From == "alice" && p.Src.Port()%2 == 0 {
				wire = append(wire, p.Data[12:172]...)
				if len(p.Data) != 12+160+10 {
					t.Errorf("a packet of %d octets", len(p.Data))
				}
			}
		})
		if r := bob.hears(alice, 10*time.Second); r.SNR < 35 || r.LongestGap > 0 {
			t.Errorf("bob hears alice: %+v", r)
		}
		mu.Lock()
		seen := slices.Clone(wire)
		mu.Unlock()
		var histogram [256]int
		for _, b := range seen {
			histogram[b]++
		}
		if most := slices.Max(histogram[:]); most > len(seen)/100 {
			t.Errorf("an octet value makes up %d of %d: that is no cipher", most, len(seen))
		}
		alice.stream.Hold()
		renegotiate(t, alice, bob)
		time.Sleep(time.Second)
		alice.stream.Unhold()
		renegotiate(t, alice, bob)
		bob.stream.Hold()
		renegotiate(t, bob, alice)
		bob.stream.Unhold()
		renegotiate(t, bob, alice)
		if r := bob.hears(alice, time.Second); r.SNR < 35 || r.LongestGap > 0 {
			t.Errorf("after holds bob hears alice: %+v", r)
		}
		time.Sleep(10 * time.Second)
		s := alice.audio().Totals()
		if s.RTT.Count == 0 || s.RX.Unauthentic != 0 || s.RX.MalformedControl != 0 || !alice.audio().SRTPActive() {
			t.Errorf("statistics %+v", s)
		}
	})
}

// TestDamagedSRTP is P33 and C07: one flipped bit in some packets costs those
// packets and nothing else, and each suite sounds as well as no suite.
func TestDamagedSRTP(t *testing.T) {
	secureCall(t, func(n *simnet.Network, alice, bob *party) {
		n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 10 * time.Millisecond, Corrupt: 0.05, Duplicate: 0.1})
		if r := bob.hears(alice, 30*time.Second); r.SNR < 15 {
			t.Errorf("bob hears alice: %+v", r)
		}
		s := bob.audio().Totals().RX
		if s.Unauthentic < 150 || s.Lost < 40 || s.Unplayable != 0 || s.Duplicate != 0 {
			t.Errorf("statistics %+v", s)
		}
		n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 10 * time.Millisecond, Corrupt: 1})
		time.Sleep(30 * time.Second)
		n.SetLink("alice", "bob", simnet.LinkConfig{Latency: 10 * time.Millisecond})
		if r := bob.hears(alice, 5*time.Second); r.SNR < 30 {
			t.Errorf("after half a minute of damage bob hears alice: %+v", r)
		}
		alice.take()
		expect(t, "alice", alice.take())
	})
}

// TestNoDowngrade is I28: an encrypted call plays no plain packet, and neither
// an offer nor an answer makes it a plain one.
func TestNoDowngrade(t *testing.T) {
	secureCall(t, func(n *simnet.Network, alice, bob *party) {
		time.Sleep(time.Second)
		offer, err := callsdp.Parse([]byte("v=0\r\no=- 1 9 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 " + alice.host.Addr().String() +
			"\r\nt=0 0\r\nm=audio 50000 RTP/AVP 0\r\n"))
		check(t, err)
		if bob.stream.ValidateUpdate(offer, 0) {
			t.Error("an offer of plain RTP is accepted")
		}
		for name, change := range map[string]func(string) string{
			"no key":      func(s string) string { return "" },
			"other suite": func(s string) string { return strings.ReplaceAll(s, "SHA1_80", "SHA1_32") },
			"zero key":    func(s string) string { return "1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("A", 40) },
			"same key":    func(s string) string { return s },
		} {
			again := alice.media(true)
			line := again.MediaDescriptions[0]
			for i := range line.Attributes {
				if line.Attributes[i].Key == "crypto" {
					line.Attributes[i].Value = change(line.Attributes[i].Value)
				}
			}
			if got := bob.stream.ValidateUpdate(again, 0); got != (name == "same key") {
				t.Errorf("offer with %s accepted: %t", name, got)
			}
		}
	})
}

// TestPlainPackets into an encrypted call are neither played nor answered.
func TestPlainPackets(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{srtp: streams.EncryptionOptional, sip: "tls"})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/8000\r\n"+
			"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "+sdesKey+"\r\n"))
		from, to := time.Now(), net.UDPAddrFromAddrPort(bob.audio().LocalRTPAddress())
		for i := range 50 {
			packet := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(i), SSRC: 7}, Payload: make([]byte, 170)}
			if i%10 == 0 {
				packet.PayloadType, packet.Timestamp = 97, uint32(i)
			}
			data, err := packet.Marshal()
			check(t, err)
			_, err = p.conn.WriteTo(data, to)
			check(t, err)
			time.Sleep(20 * time.Millisecond)
		}
		if r := hear.Measure(bob.sound.Heard(from, time.Now()), 8000, nil); !r.Silence {
			t.Errorf("bob hears plain packets: %+v", r)
		}
		if s := bob.audio().Totals().RX; s.Unauthentic != 50 || s.Packets != 0 || !bob.audio().SRTPActive() {
			t.Errorf("statistics %+v", s)
		}
		if got := bob.dialled(); got != "" {
			t.Errorf("bob got digits %s", got)
		}
	})
}

const sdesKey = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"

// TestKeyChange: a re-INVITE brings another key of the peer's (RFC 4568 section
// 7.1.4). From then on only that one opens packets; ours goes on, and so does
// what we send.
func TestKeyChange(t *testing.T) {
	const otherKey = "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{srtp: streams.EncryptionOptional, sip: "tls"})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		offer := func(key string) {
			bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "+key+"\r\n"))
		}
		seq := uint16(0)
		sends := func(key string) {
			raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "inline:"))
			check(t, err)
			sealer, err := srtp.CreateContext(raw[:16], raw[16:], srtp.ProtectionProfileAes128CmHmacSha1_80)
			check(t, err)
			for range 50 {
				header := rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: 160 * uint32(seq), SSRC: 7}
				seq++
				packet := rtp.Packet{Header: header, Payload: make([]byte, 160)}
				data, err := packet.Marshal()
				check(t, err)
				sealed, err := sealer.EncryptRTP(nil, data, &header)
				check(t, err)
				_, err = p.conn.WriteTo(sealed, net.UDPAddrFromAddrPort(bob.audio().LocalRTPAddress()))
				check(t, err)
				time.Sleep(20 * time.Millisecond)
			}
		}
		offer(sdesKey)
		sends(sdesKey)
		if s := bob.audio().Totals().RX; s.Packets != 50 || s.Unauthentic != 0 {
			t.Errorf("with the first key: %+v", s)
		}
		ours, got := bob.media(false).MediaDescriptions[0], p.got.Load()
		offer(otherKey)
		sends(otherKey)
		if s := bob.audio().Totals().RX; s.Packets != 100 || s.Unauthentic != 0 || s.Lost != 0 {
			t.Errorf("with the second key: %+v", s)
		}
		sends(sdesKey)
		if s := bob.audio().Totals().RX; s.Packets != 100 || s.Unauthentic != 50 {
			t.Errorf("the first key again: %+v", s)
		}
		if again := bob.media(false).MediaDescriptions[0]; attributeOf(again, "crypto") != attributeOf(ours, "crypto") {
			t.Errorf("our key has changed from %q to %q", attributeOf(ours, "crypto"), attributeOf(again, "crypto"))
		}
		if n := p.got.Load() - got; n < 95 || !bob.audio().SRTPActive() {
			t.Errorf("%d packets came since", n)
		}
		expect(t, "bob", bob.take(), "MediaStreamDidInitialize", "AudioPortDidChangeSlots", "MediaStreamDidStart")
	})
}

func attributeOf(line *sdp.MediaDescription, name string) string {
	value, _ := line.Attribute(name)
	return value
}

// TestCryptoLines: what is no usable key makes no encrypted call.
func TestCryptoLines(t *testing.T) {
	const key = sdesKey
	for lines, want := range map[string]string{
		"1 AES_CM_128_HMAC_SHA1_80 " + key:                                                                           "1 AES_CM_128_HMAC_SHA1_80",
		"7 AES_CM_128_HMAC_SHA1_32 " + key + "|2^20 WSH=64 -FOO":                                                     "7 AES_CM_128_HMAC_SHA1_32",
		"1 F8_128_HMAC_SHA1_80 " + key + "\n2 AES_CM_128_HMAC_SHA1_32 " + key + "\n3 AES_CM_128_HMAC_SHA1_80 " + key: "2 AES_CM_128_HMAC_SHA1_32",
		"1 AES_CM_128_HMAC_SHA1_80 " + key + "|2^20|1:4":                                                             "refused",
		"1 AES_CM_128_HMAC_SHA1_80 " + key + ";" + key:                                                               "refused",
		"1 AES_CM_128_HMAC_SHA1_80 " + key + " UNENCRYPTED_SRTP":                                                     "refused",
		"1 AES_CM_128_HMAC_SHA1_80 " + key + " UNAUTHENTICATED_SRTP":                                                 "refused",
		"1 AES_CM_128_HMAC_SHA1_80 inline:AAAA":                                                                      "refused",
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("A", 40):                                                "refused",
		"1 AES_CM_128_HMAC_SHA1_80 inline:%%%":                                                                       "refused",
		"1 AES_CM_128_HMAC_SHA1_80":                                                                                  "refused",
		"x AES_CM_128_HMAC_SHA1_80 " + key:                                                                           "refused",
		"":                                                                                                           "refused",
		"1 AES_CM_128_HMAC_SHA1_80 " + key + "\n1 AES_CM_128_HMAC_SHA1_32 " + key:                                    "refused",
	} {
		inLab(t, func(n *simnet.Network) {
			bob := newParty(t, n, "bob", options{srtp: streams.EncryptionOptional, sip: "tls"})
			defer bob.close()
			text := "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n"
			for line := range strings.SplitSeq(lines, "\n") {
				text += "a=crypto:" + line + "\r\n"
			}
			offer, err := callsdp.Parse([]byte(text))
			check(t, err)
			var registry streams.Registry
			streams.RegisterAudio(&registry)
			stream, err := registry.NewFromSDP(bob.env, offer, 0)
			if err != nil {
				if want != "refused" {
					t.Errorf("%q: %v", lines, err)
				}
				return
			}
			bob.stream = stream
			check(t, stream.Initialize(bob.owner(), streams.Incoming))
			answer, _ := bob.media(false).MediaDescriptions[0].Attribute("crypto")
			if got, _, _ := strings.Cut(answer, " inline:"); got != want {
				t.Errorf("%q: answered %q, want %q", lines, got, want)
			}
		})
	}
}

// TestKeyingGoesOn: what was negotiated first decides on later offers: the protocol stays, the answer has the tag of the
// offer, and after a plain answer there are no keys in ours.
func TestKeyingGoesOn(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		secure := options{srtp: streams.EncryptionOptional, sip: "tls"}
		bob, carol := newParty(t, n, "bob", secure), newParty(t, n, "carol", secure)
		defer bob.close()
		defer carol.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		line := func(protocol, tag string) string {
			return p.offer(t, "m=audio 4000 "+protocol+" 0\r\na=crypto:"+tag+" AES_CM_128_HMAC_SHA1_80 "+sdesKey+"\r\n")
		}
		bob.answered(t, line("RTP/AVP", "1"))
		bob.answered(t, line("RTP/AVP", "7"))
		if got := attributeOf(bob.media(false).MediaDescriptions[0], "crypto"); !strings.HasPrefix(got, "7 AES_CM_128_HMAC_SHA1_80 ") || !bob.audio().SRTPActive() {
			t.Errorf("an offer with tag 7 is answered with %q", got)
		}
		d, err := callsdp.Parse([]byte(line("RTP/SAVP", "1")))
		check(t, err)
		if bob.stream.ValidateUpdate(d, 0) {
			t.Error("another protocol is accepted")
		}
		carol.calls(t, p, "m=audio 4000 RTP/AVP 0\r\n")
		if got := attributeOf(carol.media(true).MediaDescriptions[0], "crypto"); got != "" || carol.audio().SRTPActive() {
			t.Errorf("after a plain answer carol offers %q", got)
		}
	})
}
