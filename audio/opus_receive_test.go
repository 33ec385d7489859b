//go:build !(opus && cgo)

package audio_test

import (
	"testing"

	"github.com/go-sipsimple/callflow/audio"
)

// TestOpusCannotBeSent: this build has no encoder, and says so.
func TestOpusCannotBeSent(t *testing.T) {
	if codec, ok := audio.LookupCodec("opus", 48000); !ok || codec.Sendable() {
		t.Errorf("codec %+v", codec)
	}
}
