//go:build race

package storage_test

// raceDetector tells that everything takes several times as long.
const raceDetector = true
