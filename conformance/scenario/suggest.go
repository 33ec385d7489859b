package scenario

import (
	"slices"
	"strconv"
	"strings"
)

// quote is text as messages show it.
func quote(text string) string {
	if len(text) > 80 {
		text = strings.ToValidUTF8(text[:80], "") + "…"
	}
	return strconv.Quote(text)
}

// didYouMean is " (did you mean X?)" when one of the known words is near
// enough, or the word is the last part of it, else "".
func didYouMean(word string, known []string) string {
	best, distance := "", len(word)/3+1
	for _, k := range known {
		if strings.EqualFold(k, word) || strings.HasSuffix(k, "."+word) {
			return " (did you mean " + k + "?)"
		}
		d := editDistance(word, k, distance)
		if strings.HasPrefix(k, word) && len(word) >= 4 {
			d = min(d, distance) // a beginning of it counts as near
		}
		if d < distance || d == distance && (best == "" || alike(word, k) > alike(word, best)) {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}

// alike is how many octets two different words have in common at their ends.
func alike(a, b string) int {
	from, to := 0, 0
	for from < min(len(a), len(b)) && a[from] == b[from] {
		from++
	}
	for to < min(len(a), len(b))-from && a[len(a)-1-to] == b[len(b)-1-to] {
		to++
	}
	return from + to
}

// oneOf lists words for "expected …": all when they are few, else nothing.
func oneOf(known []string) string {
	if len(known) == 0 || len(known) > 12 {
		return ""
	}
	return "; expected " + strings.Join(known, ", ")
}

// hint is didYouMean, or oneOf when nothing is near.
func hint(word string, known []string) string {
	if s := didYouMean(word, known); s != "" {
		return s
	}
	return oneOf(known)
}

// editDistance is the number of insertions, deletions, replacements and swaps
// of neighbours between two words; anything over limit is limit+1.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(a) > 200 {
		return limit + 1
	}
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return min(row[len(b)], limit+1)
}

// sortedKeys lists the keys of a map in alphabetical order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
