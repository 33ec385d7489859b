// Package idtest tests identifiers that nobody may foresee.
package idtest

import "testing"

// Unpredictable wants hexadecimal identifiers of 64 bits at least, that never repeat and
// have every digit in every place equally often.
func Unpredictable(t testing.TB, name string, draw func() string) {
	t.Helper()
	const samples = 100_000
	seen, counts := make(map[string]bool, samples), map[int]*[256]int{}
	for range samples {
		id := draw()
		if len(id) < 16 || seen[id] {
			t.Fatalf("%s %q is short, or was there before", name, id)
		}
		seen[id] = true
		for i := range len(id) {
			if counts[i] == nil {
				counts[i] = new([256]int)
			}
			counts[i][id[i]]++
		}
	}
	for place, count := range counts {
		for _, digit := range "0123456789abcdef" {
			if n := count[digit]; n < samples/16*9/10 || n > samples/16*11/10 { // eight standard deviations
				t.Errorf("%s: in place %d there is %d times %q, want %d", name, place, n, digit, samples/16)
			}
		}
	}
}
