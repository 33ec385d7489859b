//go:build !(opus && cgo)

package streams_test

import (
	"testing"

	"github.com/go-sipsimple/callflow/simnet"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// TestOpusIsNotOffered: this build cannot send it, so that no offer and no answer of
// ours has it, wherever it is in the settings.
func TestOpusIsNotOffered(t *testing.T) {
	o := options{rate: 48000, codecs: []string{"opus", "PCMU"}}
	withCall(t, o, func(_ *simnet.Network, alice, bob *party) {
		for _, p := range []*party{alice, bob} {
			for _, c := range callsdp.Codecs(p.media(true).MediaDescriptions[0]) {
				if c.Is("opus") {
					t.Errorf("%s offers %s", p.host.Name(), c)
				}
			}
			if codec := p.audio().Codec(); codec != "PCMU" {
				t.Errorf("%s speaks %s", p.host.Name(), codec)
			}
		}
	})
}
