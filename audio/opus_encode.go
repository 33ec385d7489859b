//go:build opus && cgo

package audio

import "github.com/go-sipsimple/callflow/audio/libopus"

// newOpusEncoder makes encoders of 40 kbit/s, which are [Tunable].
var newOpusEncoder = func() Encoder { return libopus.NewEncoder() }
