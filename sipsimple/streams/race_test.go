//go:build race

package streams_test

// raceDetector tells that everything takes several times as long.
const raceDetector = true
