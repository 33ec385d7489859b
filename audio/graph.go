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
	active bool    // needs the clock
	volume int     // percent
	hears  []*node // sources connected to it, in slot order

	listeners []*node // of the graph that is being built
	audience  int     // how many there will be
	seat      *crowd  // in that graph

	frame  []int16 // what was read in this tick
	spoke  bool    // something was
	sum    []int32 // of a node that hears more than one; made before that is so
	mixed  []int16
	voices int // sources added to sum; with one, mixed is its copy
}

func newNode(slot, size int) *node {
	buffer := make([]int16, 2*size)
	return &node{slot: slot, volume: 100, frame: buffer[:size:size], mixed: buffer[size:]}
}

func (n *node) compare(slot int) int { return n.slot - slot }

// connect and disconnect change what the node hears, and tell whether they did.
func (n *node) connect(source *node) bool {
	at, found := slices.BinarySearchFunc(n.hears, source.slot, (*node).compare)
	if found {
		return false
	}
	n.hears = slices.Insert(n.hears, at, source)
	if len(n.hears) > 1 && n.sum == nil {
		n.sum = make([]int32, len(n.mixed))
	}
	return true
}

func (n *node) disconnect(source int) bool {
	at, found := slices.BinarySearchFunc(n.hears, source, (*node).compare)
	if found {
		n.hears = fitting(slices.Delete(n.hears, at, at+1))
	}
	return found
}

// listening says whether what the node hears goes anywhere.
func (n *node) listening() bool { return n.sink != nil || n.slot == DeviceSlot }

// graph is an unchanging picture of all slots and connections, in slot order.
type graph struct {
	device        *node
	input, output int32   // gains of the device
	microphone    speaker // without a source
	loudspeaker   ear
	speakers      []speaker
	ears          []ear // without the device
	crowds        []*crowd
	listeners     []*node // those of all speakers: their lists are parts of this one
}

// speaker is a source that somebody listens to.
type speaker struct {
	node      *node
	source    Source
	gain      int32
	listeners []*node  // who hear it one by one
	crowds    []*crowd // that hear it
}

// rebuildLocked makes the graph of the next tick.
func (m *Mixer) rebuildLocked() {
	g := m.spare
	if g == nil {
		g = &graph{}
	}
	g.device, g.input, g.output = m.slots.nodes[0], gainOf(m.inputVolume), gainOf(m.outVolume)
	if m.muted {
		g.input = 0
	}
	for _, n := range m.slots.nodes {
		n.seat = nil
	}
	countAudience(m.slots.nodes)
	g.seat(m.slots.nodes, m.FrameSize())
	g.listen(m.slots.nodes)
	for _, n := range m.slots.nodes {
		e := ear{node: n, sink: n.sink, crowd: n.seat}
		e.inside = e.crowd != nil && slices.Contains(e.crowd.sources, n.slot)
		s := speaker{n, n.source, gainOf(n.volume), n.listeners, g.crowdsOf(n.slot)}
		switch {
		case n.slot == DeviceSlot:
			g.microphone, g.loudspeaker = s, e
			continue
		case n.sink != nil:
			g.ears = append(g.ears, e)
		}
		if n.source != nil && len(s.listeners)+len(s.crowds) > 0 {
			g.speakers = append(g.speakers, s)
		}
	}
	m.spare = nil
	if old := m.graph.Swap(g); old != nil && m.ticking.Load() == 0 { // else a tick may be at work on it
		m.spare = old.emptied()
	}
}

// emptied is the graph without anything but the room for its lists. Nobody may
// use it any more.
func (g *graph) emptied() *graph {
	clear(g.speakers) // what they lead to shall not be kept
	clear(g.ears)
	clear(g.listeners)
	*g = graph{speakers: g.speakers, ears: g.ears, listeners: g.listeners}
	return g
}

// roomFor is an empty list with room for n, which is that of a list of before
// unless it has too little or far too much.
func roomFor[T any](before []T, n int) []T {
	if n > cap(before) || isSpacious(cap(before), n) {
		return make([]T, 0, n+n/4) // some more, for the next ones
	}
	return before[:0]
}

// countAudience counts with every node who hears it one by one, and all of them.
func countAudience(nodes []*node) (total int) {
	for _, n := range nodes {
		n.audience = 0
	}
	for _, n := range nodes {
		if n.seat != nil || !n.listening() {
			continue
		}
		total += len(n.hears)
		for _, source := range n.hears {
			source.audience++
		}
	}
	return total
}

// listen notes with every node who hears it one by one, and makes room for the
// lists of the graph.
func (g *graph) listen(nodes []*node) {
	total := countAudience(nodes)
	g.listeners = roomFor(g.listeners, total)[:total]
	room, ears, speakers := g.listeners, 0, 0
	for _, n := range nodes {
		n.listeners, room = room[:0:n.audience], room[n.audience:]
		if n.sink != nil {
			ears++
		}
		if n.source != nil {
			speakers++
		}
	}
	g.ears, g.speakers = roomFor(g.ears, ears), roomFor(g.speakers, speakers)
	for _, n := range nodes {
		if n.seat != nil || !n.listening() {
			continue
		}
		for _, source := range n.hears {
			source.listeners = append(source.listeners, n)
		}
	}
}

// tick moves one frame along every connection: all reads first, then all
// writes.
func (m *Mixer) tick(in, out []int16) {
	m.ticking.Add(1) // before there is a graph to work on
	defer m.ticking.Add(-1)
	g := m.graph.Load()
	g.capture(in)
	for i := range g.speakers {
		s := &g.speakers[i]
		if s.node.spoke = s.source.ReadFrame(s.node.frame); s.node.spoke {
			s.speak()
		}
	}
	for i := range g.ears {
		e := &g.ears[i]
		e.sink.WriteFrame(e.take())
	}
	g.play(out)
	for _, c := range g.crowds {
		c.voices = 0
	}
}

func (g *graph) capture(in []int16) {
	g.device.spoke = g.input != 0 && len(g.microphone.listeners)+len(g.microphone.crowds) > 0
	if g.device.spoke {
		copy(g.device.frame, in)
		g.microphone.gain = g.input
		g.microphone.speak()
	}
}

func (g *graph) play(out []int16) {
	mixed := g.loudspeaker.take()
	if mixed == nil {
		clear(out)
		return
	}
	copy(out, mixed)
	amplify(out, g.output)
}

// speak lets everybody hear the frame that was read.
func (s *speaker) speak() {
	amplify(s.node.frame, s.gain)
	for _, n := range s.listeners {
		n.add(s.node.frame)
	}
	for _, c := range s.crowds {
		c.add(s.node.frame)
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
