//go:build race

package conformance_test

// raceDetector tells that everything takes several times as long.
const raceDetector = true
