package streams_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/internal/cputime"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// BenchmarkCall is a call of 60 s, both directions measured.
func BenchmarkCall(b *testing.B) {
	for name, o := range map[string]options{
		"plain": {}, "srtp": {srtp: streams.EncryptionMandatory, sip: "tls"}, "G722": {rate: 16000, codecs: []string{"G722"}},
	} {
		b.Run(name, func(b *testing.B) {
			defer cputime.Report(b)()
			for b.Loop() {
				withCall(b, o, func(_ *simnet.Network, alice, bob *party) {
					from := time.Now().Add(200 * time.Millisecond)
					time.Sleep(time.Minute)
					for _, pair := range [][2]*party{{alice, bob}, {bob, alice}} {
						heard := pair[0].sound.Heard(from, time.Now())
						if r := hear.Measure(heard, pair[0].sound.SampleRate(), pair[1].plays); r.SNR < 35 {
							b.Fatalf("%+v", r)
						}
					}
				})
			}
		})
	}
}

// BenchmarkHundredCalls is 100 calls of 60 s in one bubble. Target: 1 s.
func BenchmarkHundredCalls(b *testing.B) {
	defer cputime.Report(b)()
	for b.Loop() {
		inLab(b, func(n *simnet.Network) {
			var parties []*party
			o := options{sounds: &simnet.SoundClock{}}
			for i := range 100 {
				alice := newParty(b, n, fmt.Sprint("alice", i), o, 440)
				bob := newParty(b, n, fmt.Sprint("bob", i), o, 880)
				establish(b, alice, bob)
				parties = append(parties, alice, bob)
			}
			time.Sleep(time.Minute)
			for _, p := range parties {
				if s := p.audio().Totals().RX; s.Packets < 2995 {
					b.Errorf("%+v", s)
				}
				p.close()
			}
		})
	}
}
