package msrp

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestIndexEndLine compares with the plain search, wherever the end-line is and whatever is around it.
func TestIndexEndLine(t *testing.T) {
	endLine := []byte("-------a786hjs2")
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 90), 0, 6).Draw(t, "parts") {
			switch {
			case n > 60:
				b = append(b, endLine[:min(n-60, len(endLine))]...)
			case n > 50:
				b = append(b, bytes.Repeat([]byte("-"), n-50)...)
			default:
				b = append(b, bytes.Repeat([]byte("x"), n)...)
			}
		}
		if got, want := indexEndLine(b, endLine), bytes.Index(b, endLine); got != want {
			t.Fatalf("%d instead of %d in %q", got, want, b)
		}
	})
}
