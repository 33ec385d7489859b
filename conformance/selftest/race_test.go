//go:build race

package selftest_test

const slowness = 8 // under the race detector
