package samples

import (
	"slices"
	"testing"
)

// TestEqual: a difference is seen wherever it is, of any length.
func TestEqual(t *testing.T) {
	for n := range 2*block + 2 {
		a := make([]int16, n)
		if !Equal(a, slices.Clone(a)) || Equal(a, make([]int16, n+1)) {
			t.Errorf("%d samples: not told from one more, or not equal to themselves", n)
		}
		for i := range a {
			b := slices.Clone(a)
			b[i] = 1
			if Equal(a, b) {
				t.Errorf("%d samples: a difference in number %d is not seen", n, i)
			}
		}
	}
}
