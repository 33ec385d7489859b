//go:build race

package play_test

// share is the part of the cases that is enough where everything takes several
// times as long: every share-th.
const share = 10
