package audio

import (
	"slices"
	"time"
)

// slotRest is how long a released slot is not given to anybody else, so that a
// late notification about it cannot connect the wrong port.
const slotRest = 100 * time.Millisecond

// slots are those of a mixer. With the last port goes the memory of the others.
type slots struct {
	nodes    []*node   // by slot, that of the device first
	released []release // the oldest first, those that still rest and perhaps some more
}

// release is when a slot was given back.
type release struct {
	slot int
	at   time.Time
}

// at is the node of a slot, nil if it is not in use.
func (s *slots) at(slot int) *node {
	if i, found := slices.BinarySearchFunc(s.nodes, slot, (*node).compare); found {
		return s.nodes[i]
	}
	return nil
}

func (s *slots) insert(n *node) {
	i, _ := slices.BinarySearchFunc(s.nodes, n.slot, (*node).compare)
	s.nodes = slices.Insert(s.nodes, i, n)
}

// remove takes out a slot and who hears it. It is false if the slot is not in use.
func (s *slots) remove(slot int) bool {
	i, found := slices.BinarySearchFunc(s.nodes, slot, (*node).compare)
	if !found {
		return false
	}
	s.nodes = fitting(slices.Delete(s.nodes, i, i+1))
	for _, n := range s.nodes {
		n.disconnect(slot)
	}
	s.wake()
	s.released = append(s.released, release{slot, time.Now()})
	return true
}

// wake forgets the slots that have rested.
func (s *slots) wake() {
	now := time.Now()
	for len(s.released) > 0 && now.Sub(s.released[0].at) >= slotRest {
		s.released = s.released[1:]
	}
	s.released = fitting(s.released)
}

// free is the first slot from 1 to last that nobody has, 0 if there is none.
func (s *slots) free(last int) int {
	s.wake()
	used := s.nodes[1:]
	for slot := 1; slot <= last; slot++ {
		switch {
		case len(used) > 0 && used[0].slot == slot:
			used = used[1:]
		case !slices.ContainsFunc(s.released, func(r release) bool { return r.slot == slot }):
			return slot
		}
	}
	return 0
}

// fitting is the list in less memory, if it has far too much.
func fitting[T any](list []T) []T {
	if !isSpacious(cap(list), len(list)) {
		return list
	}
	return slices.Clone(list)
}

// isSpacious tells room that is far too much for n.
func isSpacious(room, n int) bool { return room > 4*n+64 }
