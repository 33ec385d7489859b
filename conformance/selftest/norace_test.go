//go:build !race

package selftest_test

const slowness = 1
