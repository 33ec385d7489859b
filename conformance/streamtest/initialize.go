package streamtest

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// initializeClauses are about Initialize (C).
var initializeClauses = []Clause{
	{19, "after Initialize exactly one of MediaStreamDidInitialize and MediaStreamDidFail is posted", checkInitialize},
	{20, "the answer to Initialize comes within 5 s", checkInitLimit},
	{21, "Initialize returns within 100 ms, whoever does not answer", checkInitReturns},
	{22, "both directions can be initialised", checkDirections},
	{23, "a second Initialize is refused with an error and posts nothing", checkSecondInitialize},
	{24, "LocalMedia works in the handler of MediaStreamDidInitialize", checkMediaInHandler},
	{25, "MediaStreamDidFail has a reason", checkReason},
	{26, "streams never advertise the same port", checkPorts},
	{27, "End during initialisation prevents MediaStreamDidInitialize and MediaStreamDidStart for good", checkEarlyEnd},
	{28, "Initialize after End is refused with an error and posts nothing", checkInitializeAfterEnd},
}

// answered initialises a stream and waits for the answer, however late.
func (p *side) answered(s streams.MediaStream, d streams.Direction) {
	p.w.doing("Initialize(%s)", d)
	if err := p.initialize(s, d); err != nil {
		p.w.reach(false, "Initialize: %v", err)
	}
	p.w.until(patience, func() bool { return p.record.count(s, "DidInitialize", "DidFail") > 0 })
}

func checkInitialize(w *world) {
	s := w.us.outgoing()
	w.us.answered(s, streams.Outgoing)
	w.settle()
	w.want(w.us.record.count(s, "DidInitialize", "DidFail") == 1, "posted %v", w.us.record.names(s))
}

func checkInitLimit(w *world) {
	s := w.us.outgoing()
	began := time.Now()
	w.us.answered(s, streams.Outgoing)
	took := time.Since(began)
	w.want(took <= initLimit && w.us.record.count(s, "DidInitialize", "DidFail") > 0, "%v after %v", w.us.record.names(s), took)
}

func checkInitReturns(w *world) {
	sides := []*side{w.us}
	if w.f.Slow != nil {
		slow := w.at("slow", "192.0.2.20")
		w.f.Slow(slow.env)
		sides = append(sides, slow)
	}
	for _, p := range sides {
		s := p.outgoing()
		w.doing("Initialize on host %s", p.host.Name())
		took := w.elapsed("Initialize", func() { _ = p.initialize(s, streams.Outgoing) })
		w.want(took <= atOnce, "it took %v", took)
	}
}

func checkDirections(w *world) {
	for _, d := range []streams.Direction{streams.Outgoing, streams.Incoming} {
		s := w.us.outgoing
		if d == streams.Incoming {
			s = func() streams.MediaStream { return w.us.incoming(w.acceptable()) }
		}
		made := s()
		w.us.answered(made, d)
		w.want(w.us.record.count(made, "DidInitialize") > 0, "posted %v", w.us.record.of(made))
	}
}

// refused calls a method that must return an error and post nothing.
func (p *side) refused(s streams.MediaStream, method string, call func() error) {
	p.w.settle()
	before := len(p.record.of(s))
	var err error
	p.w.try(method, func() { err = call() })
	p.w.settle()
	p.w.want(err != nil, "%s returned no error", method)
	after := p.record.names(s)
	p.w.want(len(after) == before, "posted %v", after[min(before, len(after)):])
}

func checkSecondInitialize(w *world) {
	s := w.ready()
	w.doing("Initialize a second time")
	w.us.refused(s, "Initialize", func() error { return s.Initialize(w.us.owner, streams.Outgoing) })
}

func checkMediaInHandler(w *world) {
	for _, s := range []streams.MediaStream{w.us.outgoing(), w.us.incoming(w.acceptable())} {
		w.us.env.Center.AddObserver(notification.ObserverFunc(func(notification.Notification) {
			w.doing("LocalMedia in the handler of MediaStreamDidInitialize")
			line, err := s.LocalMedia(true)
			w.want(err == nil && line != nil, "error %v", err)
		}), notification.Filter{Name: "MediaStreamDidInitialize", Sender: s})
	}
	for i, d := range []streams.Direction{streams.Outgoing, streams.Incoming} {
		w.us.initialized(w.us.streams[i], d)
	}
}

// starved is a stream whose initialisation fails because it gets neither sockets nor random numbers,
// unless it needs none.
func (w *world) starved() (*side, streams.MediaStream) {
	p := w.at("starved", "192.0.2.30")
	s := p.outgoing()
	p.net.setRefuse(true)
	p.random.dryUp()
	p.answered(s, streams.Outgoing)
	w.doing("Initialize where no socket can be opened and no random number be had")
	return p, s
}

// source is one of random numbers, for several goroutines at a time. It can run dry.
type source struct {
	mu   sync.Mutex
	from io.Reader
	dry  bool
}

// Read implements [io.Reader].
func (s *source) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dry {
		return 0, errRefused
	}
	return s.from.Read(p)
}

func (s *source) dryUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dry = true
}

func checkReason(w *world) {
	p, s := w.starved()
	w.applies(p.record.count(s, "DidFail") > 0, "initialisation cannot be made to fail")
	for _, n := range p.record.of(s) {
		if n.name == "MediaStreamDidFail" {
			reason, _ := n.fields["reason"].(string)
			w.want(reason != "", "the reason is empty: %v", n)
		}
	}
}

func checkPorts(w *world) {
	const many = 20
	var all []streams.MediaStream
	for range many {
		s := w.us.outgoing()
		all = append(all, s)
		w.reach(w.us.initialize(s, streams.Outgoing) == nil, "Initialize returned an error")
	}
	w.until(patience, func() bool { return w.us.record.count(all[many-1], "DidInitialize", "DidFail") > 0 })
	w.doing("initialised %d streams at the same time and compared their ports", many)
	ports := map[int]bool{}
	for _, s := range all {
		line := w.us.media(s, true)
		port := line.MediaName.Port.Value
		if setup, _ := line.Attribute("setup"); setup == "active" {
			w.applies(false, "it connects, and advertises a placeholder")
		}
		w.want(!ports[port], "port %d twice", port)
		ports[port] = true
	}
}

func checkEarlyEnd(w *world) {
	sides := []*side{w.us}
	if w.f.Slow != nil {
		slow := w.at("slow", "192.0.2.20")
		w.f.Slow(slow.env)
		sides = append(sides, slow)
	}
	for _, p := range sides {
		for delay := range 6 {
			s := p.outgoing()
			w.reach(p.initialize(s, streams.Outgoing) == nil, "Initialize returned an error")
			time.Sleep(time.Duration(delay) * 10 * time.Millisecond)
			w.doing("End %d ms after Initialize on host %s", 10*delay, p.host.Name())
			w.try("Deactivate", s.Deactivate)
			w.try("End", s.End)
			p.flush()
			before := p.record.names(s)
			time.Sleep(initLimit)
			w.settle()
			after := p.record.names(s)
			for _, name := range after[len(before):] {
				w.want(name != "DidInitialize" && name != "DidStart", "posted %s after the end: %s", name, fmt.Sprint(after))
			}
		}
	}
}

func checkInitializeAfterEnd(w *world) {
	for _, s := range []streams.MediaStream{w.ready(), w.us.outgoing()} {
		w.try("Deactivate", s.Deactivate)
		w.try("End", s.End)
		w.until(endLimit, func() bool { return w.us.record.count(s, "DidEnd") > 0 })
		w.doing("Initialize after End")
		w.us.refused(s, "Initialize", func() error { return s.Initialize(w.us.owner, streams.Outgoing) })
	}
}
