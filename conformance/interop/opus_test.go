//go:build opus && cgo

package interop

import (
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestBaresipOpus has calls with Opus in either direction: what we code baresip hears
// and codes again.
func TestBaresipOpus(t *testing.T) {
	for name, theirs := range map[string]bool{"we call": false, "they call": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startBaresip(t, echo, "audio_codecs=opus/48000/2")
			p := newParty(t, 600, streams.RTPSettings{Codecs: []string{"opus"}})
			if theirs {
				b.tell("dial", p.uri())
			} else {
				p.call(b.uri(), b.port)
			}
			call, stream := p.stands()
			if stream.Codec() != "opus" {
				t.Errorf("codec %s", stream.Codec())
			}
			p.ear.hears(p.tone)
			call.End()
			p.ended(sipsimple.Local)
			b.await("CALL_CLOSED")
		})
	}
}
