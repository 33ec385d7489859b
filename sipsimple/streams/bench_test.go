package streams_test

import (
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/simnet"
)

// BenchmarkCall is a call of 60 s, both directions measured.
func BenchmarkCall(b *testing.B) {
	for b.Loop() {
		withCall(b, options{}, func(_ *simnet.Network, alice, bob *party) {
			from := time.Now().Add(200 * time.Millisecond)
			time.Sleep(time.Minute)
			for _, pair := range [][2]*party{{alice, bob}, {bob, alice}} {
				heard := pair[0].sound.Heard(from, time.Now())
				if r := hear.Measure(heard, 8000, pair[1].plays); r.SNR < 35 {
					b.Fatalf("%+v", r)
				}
			}
		})
	}
}
