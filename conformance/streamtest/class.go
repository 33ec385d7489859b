package streamtest

import (
	"slices"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// classClauses are about the type and its registration (A).
var classClauses = []Clause{
	{1, "the type is a non-empty string, the same in the registry and of every stream", checkType},
	{2, "the priority never changes", checkPriority},
	{3, "a factory with priority 0 never shows up in the registry", checkNoPriority},
	{4, "registering twice leaves one entry", checkTwice},
	{5, "the registry lists by priority, and equal priorities in order of registration", checkOrder},
	{6, "of two types that accept an m-line the one with the higher priority gets it", checkHigher},
	{7, "HoldSupported is constant over the life of a stream", checkHoldSupported},
	{8, "a fresh stream is not on hold", checkFresh},
	{9, "OnHold is OnHoldByLocal or OnHoldByRemote, at any time", checkOnHold},
	{10, "making a stream posts nothing, opens no socket and starts no goroutine", checkMaking},
}

func checkType(w *world) {
	out, in := w.us.outgoing(), w.us.incoming(w.acceptable())
	w.doing("read the type of the factory, of an outgoing and of an incoming stream")
	types := []string{w.factory.Type, out.Type(), in.Type()}
	w.want(types[0] != "" && types[1] == types[0] && types[2] == types[0], "%q", types)
}

// registered is the entry of the fixture in a fresh registry.
func (w *world) registered() streams.Factory {
	f, err := w.f.factory()
	w.reach(err == nil, "%v", err)
	return f
}

func checkPriority(w *world) {
	before := w.registered().Priority
	s := w.connected().a
	w.us.end(s)
	w.doing("registered the factory before and after the life of a stream")
	after := w.registered().Priority
	w.want(before == after && before == w.factory.Priority, "priority %d, then %d", before, after)
}

func checkNoPriority(w *world) {
	var registry streams.Registry
	w.doing("registered the factory with priority 0")
	without := w.factory
	without.Priority = 0
	registry.Add(without)
	if w.factory.Priority == 0 {
		w.f.Register(&registry)
	}
	w.want(len(registry.Factories()) == 0, "it is listed")
	if w.factory.Priority < 0 {
		w.failf("the priority is %d: 0 is none, and a real one is positive", w.factory.Priority)
	}
}

func checkTwice(w *world) {
	var registry streams.Registry
	w.doing("called Register twice")
	w.f.Register(&registry)
	w.f.Register(&registry)
	w.want(len(registry.Factories()) == 1, "%d entries", len(registry.Factories()))
}

// dummy is a factory that takes every m-line.
func (w *world) dummy(name string, priority int) streams.Factory {
	return streams.Factory{Type: name, Priority: priority,
		New: w.factory.New,
		NewFromSDP: func(*streams.Environment, *sdp.SessionDescription, int) (streams.MediaStream, error) {
			return dummy{name: name}, nil
		}}
}

// dummy is a stream that only has a name.
type dummy struct {
	streams.MediaStream
	name string
}

// Type implements [streams.MediaStream].
func (d dummy) Type() string { return d.name }

func checkOrder(w *world) {
	p := w.factory.Priority
	var registry streams.Registry
	w.doing("registered a (priority %d), b (%d), the factory (%d) and c (%d)", p, p+4, p, p)
	registry.Add(w.dummy("a", p))
	registry.Add(w.dummy("b", p+4))
	w.f.Register(&registry)
	registry.Add(w.dummy("c", p))
	var order []string
	for _, f := range registry.Factories() {
		order = append(order, f.Type)
	}
	w.want(slices.Equal(order, []string{"b", "a", w.factory.Type, "c"}), "the order is %v", order)
}

func checkHigher(w *world) {
	for _, difference := range []int{1, -1} {
		priority := w.factory.Priority + difference
		if priority == 0 {
			priority = -1 // 0 would be none
		}
		var registry streams.Registry
		registry.Add(w.dummy("dummy", priority))
		w.f.Register(&registry)
		w.doing("offered the acceptable m-line to the factory (priority %d) and a dummy that takes everything (%d)", w.factory.Priority, priority)
		s, err := registry.NewFromSDP(w.us.env, w.acceptable(), 0)
		if err != nil {
			w.failf("error %v", err)
			continue
		}
		_, lost := s.(dummy)
		w.want(lost == (difference > 0), "a stream of type %s got it", s.Type())
	}
}

func checkHoldSupported(w *world) {
	a := w.us.outgoing()
	first := a.HoldSupported()
	same := func(when string) {
		w.doing("read HoldSupported %s", when)
		w.want(a.HoldSupported() == first, "%t, and %t at first", a.HoldSupported(), first)
	}
	w.us.initialized(a, streams.Outgoing)
	same("after initialisation")
	c := w.establish(a, w.peer)
	same("after the start")
	c.update(0)
	same("after an update")
	w.us.end(a)
	same("after the end")
}

func checkFresh(w *world) {
	w.doing("made streams and read the hold flags")
	for _, s := range []streams.MediaStream{w.us.outgoing(), w.us.incoming(w.acceptable())} {
		w.want(!s.OnHold() && !s.OnHoldByLocal() && !s.OnHoldByRemote(), "by local %t, by remote %t, on hold %t",
			s.OnHoldByLocal(), s.OnHoldByRemote(), s.OnHold())
	}
}

// consistent checks clause 9 now.
func consistent(w *world, s streams.MediaStream, when string) {
	w.doing("read the hold flags %s", when)
	w.want(s.OnHold() == (s.OnHoldByLocal() || s.OnHoldByRemote()), "by local %t, by remote %t, on hold %t",
		s.OnHoldByLocal(), s.OnHoldByRemote(), s.OnHold())
}

func checkOnHold(w *world) {
	a := w.us.outgoing()
	consistent(w, a, "of a fresh stream")
	w.us.inHandlers(a, func(name string) { consistent(w, a, "in the handler of "+name) })
	w.us.initialized(a, streams.Outgoing)
	c := w.establish(a, w.peer)
	consistent(w, a, "after the start")
	if a.HoldSupported() {
		for _, step := range holdWalk {
			c.hold(step)
			consistent(w, a, "after "+step.String())
		}
	}
	w.us.end(a)
	consistent(w, a, "after the end")
}

func checkMaking(w *world) {
	w.us.flush()
	tasks, sockets := goroutines(), w.us.net.opened()
	made := []streams.MediaStream{w.us.outgoing(), w.us.incoming(w.acceptable())}
	w.settle()
	w.doing("made an outgoing and an incoming stream, and waited a second")
	for _, s := range made {
		w.want(len(w.us.record.of(s)) == 0, "posted %v", w.us.record.names(s))
	}
	w.want(w.us.net.opened() == sockets, "%d sockets were opened", w.us.net.opened()-sockets)
	w.want(goroutines() <= tasks, "%d goroutines were started", goroutines()-tasks)
}
