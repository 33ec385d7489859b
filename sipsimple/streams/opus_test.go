//go:build opus && cgo

package streams_test

import (
	"slices"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

var opus = []string{"opus", "PCMU"}

// TestOpusCall: Opus is offered with events on its clock, carries sound both ways at
// any rate of the mixer, and keys.
func TestOpusCall(t *testing.T) {
	for _, o := range []options{
		{rate: 16000, codecs: opus}, {rate: 44100, codecs: opus}, {rate: 48000, codecs: opus, srtp: streams.EncryptionMandatory, sip: "tls"},
	} {
		withCall(t, o, func(_ *simnet.Network, alice, bob *party) {
			if codec := alice.audio().Codec(); codec != "opus" || bob.audio().Codec() != codec {
				t.Errorf("codecs %s and %s", codec, bob.audio().Codec())
			}
			var offered []string
			for _, c := range callsdp.Codecs(alice.media(true).MediaDescriptions[0]) {
				offered = append(offered, c.String())
			}
			if !slices.Equal(offered, []string{"opus/48000/2", "PCMU/8000", "telephone-event/8000", "telephone-event/48000"}) {
				t.Errorf("offered: %q", offered)
			}
			time.Sleep(300 * time.Millisecond)
			for _, pair := range [][2]*party{{alice, bob}, {bob, alice}} {
				if r := pair[0].hears(pair[1], time.Second); r.SNR < 30 || r.LongestGap > 0 {
					t.Errorf("%d Hz: %+v", o.rate, r)
				}
			}
			bob.take()
			for _, digit := range []string{"1", "1", "#"} {
				check(t, alice.audio().SendDTMF(digit))
			}
			time.Sleep(2 * time.Second)
			if log := bob.take(); !slices.Equal(log, []string{"AudioStreamGotDTMF 1", "AudioStreamGotDTMF 1", "AudioStreamGotDTMF #"}) {
				t.Errorf("%q", log)
			}
			if n := bob.audio().Totals().RX; n.Lost > 0 || n.Discarded > 0 || n.Unplayable > 0 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// TestOpusIsSilent: to a peer that takes discontinuous transmission hardly anything
// is sent while nobody speaks, and sound comes through again afterwards.
func TestOpusIsSilent(t *testing.T) {
	withCall(t, options{rate: 16000, codecs: opus}, func(_ *simnet.Network, alice, bob *party) {
		offer, err := bob.neg.SetLocalOffer(bob.media(true))
		check(t, err)
		line := offer.MediaDescriptions[0]
		line.WithValueAttribute("fmtp", callsdp.Codecs(line)[0].Format+" usedtx=1;useinbandfec=1")
		check(t, alice.neg.SetRemoteOffer(offer))
		answer, err := alice.neg.SetLocalAnswer(alice.media(false))
		check(t, err)
		check(t, bob.neg.SetRemoteAnswer(answer))
		alice.update()
		bob.update()

		alice.sound.Play()
		time.Sleep(time.Second)
		before := alice.audio().Totals().TX.Packets
		time.Sleep(5 * time.Second)
		if sent := alice.audio().Totals().TX.Packets - before; sent < 5 || sent > 60 {
			t.Errorf("%d packets in 5 s of silence", sent)
		}
		alice.sound.Play(440)
		time.Sleep(time.Second)
		if r := bob.hears(alice, time.Second); r.SNR < 25 {
			t.Errorf("after silence: %+v", r)
		}
	})
}
