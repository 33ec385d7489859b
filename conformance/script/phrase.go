package script

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// phraseOf is the standard phrase of a code, "Unknown" for one without.
func phraseOf(code string) string {
	n, _ := strconv.Atoi(code)
	return cmp.Or(core.Phrase(n), "Unknown")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
