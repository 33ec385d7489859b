package play

import (
	"maps"
	"regexp"
	"slices"

	"github.com/go-sipsimple/callflow/conformance/match"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// regexpOf matches whatever contains a text.
func regexpOf(text string) match.Matcher {
	return match.Regexp{Regexp: regexp.MustCompile(regexp.QuoteMeta(text))}
}
