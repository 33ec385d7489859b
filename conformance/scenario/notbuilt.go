package scenario

import (
	"path"
	"strings"
)

// notBuilt lists what the language has and the laboratory does not play yet:
// "kind word", a word may be a pattern. Whoever builds something deletes its
// entry and runs
//
//	go test ./conformance/scenario ./conformance/schema -update
var notBuilt = []string{
	"key peers",

	"knob ice", "codec opus",
}

// isNotBuilt tells whether a word of some kind is in the table.
func isNotBuilt(kind, word string) bool {
	for _, entry := range notBuilt {
		rest, ok := strings.CutPrefix(entry, kind+" ")
		if !ok {
			continue
		}
		if hit, err := path.Match(rest, word); rest == word || err == nil && hit {
			return true
		}
	}
	return false
}

// refused reports a word that is not built yet, and tells that it did.
func (r *reporter) refused(n *node, kind, word string) bool {
	if !isNotBuilt(kind, word) {
		return false
	}
	r.inside(n, word, "%s %s: not built yet", kind, quote(word))
	return true
}
