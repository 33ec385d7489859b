package audio

import (
	"cmp"
	"slices"
)

// NoSlot stands for "no slot": the seed's null.
const NoSlot = -1

// Source gives sound to a mixer.
type Source interface {
	// ReadFrame fills frame with the next 20 ms and returns true, or returns
	// false for silence. It is called on every tick in which somebody listens,
	// on the goroutine of the device: it neither allocates nor blocks.
	ReadFrame(frame []int16) bool
}

// Sink takes sound from a mixer.
type Sink interface {
	// WriteFrame takes the next 20 ms, nil for silence, on every tick, after
	// all reads of that tick. The frame is only valid during the call. It is
	// called on the goroutine of the device: it neither allocates nor blocks.
	WriteFrame(frame []int16)
}

// Connection is a directed connection of two slots.
type Connection struct{ Source, Sink int }

func (c Connection) compare(other Connection) int {
	return cmp.Or(cmp.Compare(c.Source, other.Source), cmp.Compare(c.Sink, other.Sink))
}

// node is a slot. The first fields are guarded by the mixer's mutex and copied
// into edges; the others belong to the tick.
type node struct {
	slot   int
	source Source
	sink   Sink
	active bool // needs the clock
	volume int  // percent

	frame  []int16 // what was read in this tick
	sum    []int32
	mixed  []int16
	voices int // sources added to sum; with one, mixed is its copy
}

func newNode(slot, size int) *node {
	return &node{
		slot: slot, volume: 100,
		frame: make([]int16, size), sum: make([]int32, size), mixed: make([]int16, size),
	}
}

// graph is an unchanging picture of all slots and connections, in slot order.
type graph struct {
	device          *node
	input, output   int32 // gains of the device
	deviceListeners []*node
	speakers        []speaker
	sinks           []*node // without the device
}

// speaker is a source that somebody listens to.
type speaker struct {
	node      *node
	source    Source
	gain      int32
	listeners []*node
}

// rebuildLocked makes the graph of the next tick.
func (m *Mixer) rebuildLocked() {
	g := &graph{device: m.nodes[DeviceSlot], input: gainOf(m.inputVolume), output: gainOf(m.outVolume)}
	if m.muted {
		g.input = 0
	}
	listeners := map[int][]*node{}
	for _, c := range m.connectionsLocked() {
		if n := m.nodes[c.Sink]; n.sink != nil || c.Sink == DeviceSlot {
			listeners[c.Source] = append(listeners[c.Source], n)
		}
	}
	g.deviceListeners = listeners[DeviceSlot]
	for _, n := range m.sortedNodesLocked() {
		if n.source != nil && len(listeners[n.slot]) > 0 {
			g.speakers = append(g.speakers, speaker{n, n.source, gainOf(n.volume), listeners[n.slot]})
		}
		if n.sink != nil {
			g.sinks = append(g.sinks, n)
		}
	}
	m.graph.Store(g)
}

func (m *Mixer) sortedNodesLocked() []*node {
	list := make([]*node, 0, len(m.nodes))
	for _, n := range m.nodes {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b *node) int { return a.slot - b.slot })
	return list
}

// tick moves one frame along every connection: all reads first, then all
// writes.
func (m *Mixer) tick(in, out []int16) {
	g := m.graph.Load()
	g.capture(in)
	for i := range g.speakers {
		s := &g.speakers[i]
		if s.source.ReadFrame(s.node.frame) {
			amplify(s.node.frame, s.gain)
			spread(s.node.frame, s.listeners)
		}
	}
	for _, n := range g.sinks {
		n.sink.WriteFrame(n.take())
	}
	g.play(out)
}

func (g *graph) capture(in []int16) {
	if g.input == 0 || len(g.deviceListeners) == 0 {
		return
	}
	copy(g.device.frame, in)
	amplify(g.device.frame, g.input)
	spread(g.device.frame, g.deviceListeners)
}

func (g *graph) play(out []int16) {
	mixed := g.device.take()
	if mixed == nil {
		clear(out)
		return
	}
	copy(out, mixed)
	amplify(out, g.output)
}

func spread(frame []int16, listeners []*node) {
	for _, n := range listeners {
		n.add(frame)
	}
}

// add adds a frame to what the node will hear. The exact sum is saturated only
// in take.
func (n *node) add(frame []int16) {
	switch n.voices {
	case 0:
		copy(n.mixed, frame)
	case 1:
		for i, s := range frame {
			n.sum[i] = int32(n.mixed[i]) + int32(s)
		}
	default:
		for i, s := range frame {
			n.sum[i] += int32(s)
		}
	}
	n.voices++
}

// take returns the mixed frame and begins a new one; nil is silence.
func (n *node) take() []int16 {
	voices := n.voices
	n.voices = 0
	if voices == 0 {
		return nil
	}
	if voices > 1 {
		for i, v := range n.sum {
			n.mixed[i] = saturate(v)
		}
	}
	return n.mixed
}
