//go:build race

package streams

// RaceDetector tells that everything takes several times as long.
const RaceDetector = true
