package loopback

import (
	"net/netip"
	"sync"
)

// way is one direction of a connection, by its real addresses.
type way struct{ from, to netip.AddrPort }

// segments are the lengths of the writes into one direction of a connection that
// have not been read. A reader gets them one by one, each when the one before it has
// been digested, as from a network with a latency.
type segments struct {
	mu   sync.Mutex
	left []int // octets
}

func (s *segments) written(n int) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > 0 {
		s.left = append(s.left, n)
	}
}

// take returns how many of the octets that have come a reader gets, which are of one
// write: all if nobody has said so.
func (s *segments) take(octets int) (n int, ends bool) {
	if s == nil {
		return octets, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.left) == 0 {
		return octets, true
	}
	n = min(octets, s.left[0])
	if s.left[0] -= n; s.left[0] > 0 {
		return n, false
	}
	s.left = s.left[1:]
	return n, true
}

// segmentsOf is found by both ends, in whatever order they come; nil if an end may
// be somebody else.
func (n *Network) segmentsOf(w way) *segments {
	if n.direct {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.ways[w]
	if s == nil {
		s = &segments{}
		n.ways[w] = s
	}
	return s
}

func (n *Network) forgetWay(w way) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.ways, w)
}
