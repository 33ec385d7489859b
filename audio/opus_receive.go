//go:build !(opus && cgo)

package audio

// newOpusEncoder is nil: this build has no encoder.
var newOpusEncoder func() Encoder
