package msrp

import "slices"

// Spans is a set of octet positions, kept as ranges. Its zero value is empty.
type Spans struct{ list []span }

type span struct{ first, last int64 }

// Add puts first to last into the set; nothing if last is before first.
func (s *Spans) Add(first, last int64) {
	if last < first {
		return
	}
	n := len(s.list)
	if n > 0 && s.list[n-1].last == first-1 { // in order: the rule
		s.list[n-1].last = last
		return
	}
	from, _ := slices.BinarySearchFunc(s.list, first-1, func(e span, at int64) int { return compare(e.last, at) })
	to := from
	for to < n && s.list[to].first <= last+1 {
		first, last = min(first, s.list[to].first), max(last, s.list[to].last)
		to++
	}
	s.list = slices.Replace(s.list, from, to, span{first, last})
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Covers tells whether all of first to last are in the set.
func (s *Spans) Covers(first, last int64) bool {
	if last < first {
		return true
	}
	for _, e := range s.list {
		if e.first <= first && last <= e.last {
			return true
		}
	}
	return false
}

// Pieces is the number of ranges that do not touch.
func (s *Spans) Pieces() int { return len(s.list) }

// Prefix is how many positions from 1 on are in the set without a gap.
func (s *Spans) Prefix() int64 {
	if len(s.list) == 0 || s.list[0].first > 1 {
		return 0
	}
	return s.list[0].last
}
