package resolver

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// byOrder sorts NAPTR records by order and preference (RFC 3403 section 4.1).
func byOrder(list []record) []record {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.weight, b.weight))
	})
	return list
}

// bySelection orders SRV records: priorities ascend; within one, draw decides by weight (RFC 2782, page 3), or without
// draw the heavier comes first. draw(n) is a number from 0 to n.
func bySelection(list []record, draw func(n uint32) uint32) []record {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(b.weight, a.weight))
	})
	if draw == nil {
		return list
	}
	ordered := make([]record, 0, len(list))
	for len(list) > 0 {
		same := 1
		for same < len(list) && list[same].priority == list[0].priority {
			same++
		}
		ordered = append(ordered, drawLots(list[:same], draw)...)
		list = list[same:]
	}
	return ordered
}

// drawLots draws one record after another. Those of weight 0 stand first, so that they have a small chance only.
func drawLots(list []record, draw func(n uint32) uint32) []record {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b record) int { return cmp.Compare(min(a.weight, 1), min(b.weight, 1)) })
	var drawn []record
	for len(list) > 1 {
		sum := uint32(0)
		for _, r := range list {
			sum += uint32(r.weight)
		}
		lot, running, i := draw(sum), uint32(0), 0
		for ; i < len(list)-1; i++ {
			if running += uint32(list[i].weight); running >= lot {
				break
			}
		}
		drawn = append(drawn, list[i])
		list = slices.Delete(list, i, i+1)
	}
	return append(drawn, list...)
}

// lots is how this resolver draws; nil if it does not.
func (r *Resolver) lots() func(n uint32) uint32 {
	if r.cfg.Deterministic {
		return nil
	}
	return func(n uint32) uint32 {
		var b [8]byte
		r.random(b[:])
		return uint32(binary.BigEndian.Uint64(b[:]) % (uint64(n) + 1))
	}
}
