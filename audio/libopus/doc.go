// Package libopus codes speech with the reference implementation of Opus (RFC
// 6716), a C library. It needs cgo, the library (Debian: libopus-dev) and the build
// tag opus:
//
//	go build -tags opus ./cmd/callflow
//
// Without them the package is empty: then Opus is not offered, as it could not be
// sent (audio.Codec.Sendable). Whoever needs an encoder asks package audio for it.
package libopus
