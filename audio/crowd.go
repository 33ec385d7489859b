package audio

import "encoding/binary"

// A crowd is a set of slots that all hear the same sources, each without itself:
// the members of a large bridge. Their sources are summed up once, and each
// takes its own part off again, so that a bridge of n costs n additions instead
// of n times n. The sums are exact, so nobody hears a difference.
type crowd struct {
	sources []int // slots, sorted
	sum     []int32
	voices  int // in this tick
}

// Below these sizes adding one by one is cheaper.
const (
	minCrowdSources = 4
	minCrowdEars    = 4
)

// ear is a slot that hears something.
type ear struct {
	node   *node
	sink   Sink
	crowd  *crowd // nil: it hears its sources one by one
	inside bool   // its own source is part of the crowd
}

// attentive are the nodes that hear enough to be in a crowd, none if they are too
// few.
func attentive(nodes []*node) []*node {
	var list []*node
	for _, n := range nodes {
		if n.listening() && len(n.hears) >= minCrowdSources-1 {
			list = append(list, n)
		}
	}
	if len(list) < minCrowdEars {
		return nil
	}
	return list
}

// seat finds the crowds and tells every node which one it is in. It wants to
// know every node's audience.
func (g *graph) seat(nodes []*node, size int) {
	type candidate struct {
		sources []int
		ears    []*node
	}
	candidates := map[string]*candidate{}
	var order []*candidate
	var key []byte
	for _, n := range attentive(nodes) {
		sources := make([]int, len(n.hears))
		for i, source := range n.hears {
			sources[i] = source.slot
		}
		if n.audience > 0 && (n.source != nil || n.slot == DeviceSlot) {
			sources = with(sources, n.slot)
		}
		key = key[:0]
		for _, s := range sources {
			key = binary.AppendUvarint(key, uint64(s))
		}
		c := candidates[string(key)]
		if c == nil {
			c = &candidate{sources: sources}
			candidates[string(key)] = c
			order = append(order, c)
		}
		c.ears = append(c.ears, n)
	}
	for _, c := range order {
		if len(c.sources) < minCrowdSources || len(c.ears) < minCrowdEars {
			continue
		}
		found := &crowd{sources: c.sources, sum: make([]int32, size)}
		g.crowds = append(g.crowds, found)
		for _, n := range c.ears {
			n.seat = found
		}
	}
}

// with is a sorted list with one more element, or the list itself if it has it
// already, which only a slot connected to itself has: that is no crowd.
func with(list []int, slot int) []int {
	at := 0
	for at < len(list) && list[at] < slot {
		at++
	}
	if at < len(list) && list[at] == slot {
		return append(append([]int{-1}, list...), slot) // like nobody else
	}
	longer := make([]int, 0, len(list)+1)
	return append(append(append(longer, list[:at]...), slot), list[at:]...)
}

func (g *graph) crowdsOf(source int) []*crowd {
	var list []*crowd
	for _, c := range g.crowds {
		for _, s := range c.sources {
			if s == source {
				list = append(list, c)
				break
			}
		}
	}
	return list
}

func (c *crowd) add(frame []int16) {
	sum := c.sum[:len(frame)]
	if c.voices == 0 {
		for i, s := range frame {
			sum[i] = int32(s)
		}
	} else {
		for i, s := range frame {
			sum[i] += int32(s)
		}
	}
	c.voices++
}

// take returns what the ear hears in this tick; nil is silence.
func (e *ear) take() []int16 {
	if e.crowd == nil {
		return e.node.take()
	}
	own := e.inside && e.node.spoke
	voices, mixed := e.crowd.voices, e.node.mixed
	if own {
		voices--
	}
	if voices == 0 {
		return nil
	}
	sum := e.crowd.sum[:len(mixed)]
	if own {
		frame := e.node.frame[:len(mixed)]
		for i := range mixed {
			mixed[i] = saturate(sum[i] - int32(frame[i]))
		}
		return mixed
	}
	for i := range mixed {
		mixed[i] = saturate(sum[i])
	}
	return mixed
}
