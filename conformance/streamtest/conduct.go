package streamtest

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// conductClauses are about notifications and concurrency (I).
var conductClauses = []Clause{
	{86, "the sender of every MediaStream notification is the stream itself", checkSender},
	{87, "every notification has a timestamp, and they do not decrease", checkTimestamps},
	{88, "two observers of a stream see the same", checkObservers},
	{89, "handlers may call any method of the stream, End too", checkHandlers},
	{90, "an observer that panics harms neither the others nor the stream", checkPanic},
	{91, "methods may be called by several goroutines at the same time", checkTogether},
	{92, "a stream never calls a signalling method of its owner", checkSignalling},
	{93, "a stream holds no reference to its owner after MediaStreamDidEnd", checkRelease},
	{94, "the failure of a stream does not influence another of the same session", checkNeighbour},
	{95, "a stream reads only what its owner offers: transport, addresses, account, identities", checkReads},
}

// life leads a stream through a whole life, with hold if it can.
func (w *world) life(a streams.MediaStream) *call {
	w.us.initialized(a, streams.Outgoing)
	c := w.establish(a, w.peer)
	if a.HoldSupported() {
		for _, s := range holdWalk {
			c.hold(s)
		}
	}
	w.us.end(a)
	w.peer.end(c.b)
	w.settle()
	w.doing("led a stream through its life")
	return c
}

// inHandlers calls look in the handler of everything that a stream posts.
func (p *side) inHandlers(s streams.MediaStream, look func(name string)) {
	p.env.Center.AddObserver(notification.ObserverFunc(func(n notification.Notification) { look(n.Name) }), notification.Filter{Sender: s})
}

func checkSender(w *world) {
	w.life(w.us.outgoing())
	for _, n := range w.us.record.list() {
		known := slices.ContainsFunc(w.us.streams, func(s streams.MediaStream) bool { return any(s) == n.sender })
		w.want(known || !strings.HasPrefix(n.name, "MediaStream"), "%s was posted by %T", n.name, n.sender)
	}
}

func checkTimestamps(w *world) {
	a := w.us.outgoing()
	w.life(a)
	var last time.Time
	for _, n := range w.us.record.of(a) {
		at, ok := n.fields["timestamp"].(time.Time)
		w.want(ok && !at.IsZero() && !at.Before(last), "%s has timestamp %v after %v", n.name, n.fields["timestamp"], last)
		last = at
	}
}

func checkObservers(w *world) {
	a := w.us.outgoing()
	second := &record{}
	w.us.env.Center.AddObserver(second, notification.Filter{Sender: a})
	w.life(a)
	one, two := w.us.record.of(a), second.list()
	w.want(len(one) == len(two), "one saw %v, the other %v", one, two)
	for i := range min(len(one), len(two)) {
		w.want(one[i].name == two[i].name && reflect.DeepEqual(one[i].fields, two[i].fields), "one saw %v, the other %v", one[i], two[i])
	}
}

func checkHandlers(w *world) {
	for _, name := range []string{"DidInitialize", "DidStart", "DidFail", "WillEnd"} {
		a := w.us.outgoing()
		var handled bool
		w.us.env.Center.AddObserver(notification.ObserverFunc(func(notification.Notification) {
			w.doing("called methods in the handler of MediaStream%s", name)
			handled = true
			w.try("LocalMedia", func() { _, _ = a.LocalMedia(true) })
			w.try("Hold", a.Hold)
			w.try("Unhold", a.Unhold)
			w.try("Deactivate", a.Deactivate)
			w.try("End", a.End)
		}), notification.Filter{Name: "MediaStream" + name, Sender: a})
		w.us.answered(a, streams.Outgoing)
		switch name {
		case "DidStart", "WillEnd":
			c := w.prepare(a, w.peer)
			_ = w.us.start(a, c.near, c.rem)
			c.answerStarts()
			w.until(startLimit, func() bool { return w.us.startedYet(a) })
		case "DidFail":
			_ = w.badStart(a)
		}
		if name == "WillEnd" {
			w.us.end(a)
		}
		w.us.flush()
		w.reach(handled || name == "DidFail", "MediaStream%s was not posted", name)
		w.settle()
	}
}

func checkPanic(w *world) {
	a := w.us.outgoing()
	after := &record{}
	w.us.inHandlers(a, func(string) { panic("an observer of the kit fails, on purpose") })
	w.us.env.Center.AddObserver(after, notification.Filter{Sender: a})
	c := w.life(a)
	w.doing("led a stream through its life, with an observer that panics at every notification")
	for _, name := range []string{"MediaStreamDidInitialize", "MediaStreamDidStart", "MediaStreamDidEnd"} {
		seen := slices.ContainsFunc(after.list(), func(n noted) bool { return n.name == name })
		w.want(seen, "the other observer did not see %s", name)
	}
	w.want(w.us.record.count(c.a, "DidFail") == 0, "posted %v", w.us.record.of(c.a))
}

func checkTogether(w *world) {
	c := w.connected()
	w.doing("called Hold, Unhold, Update, LocalMedia and Deactivate 100 times each at the same time, and End after half of it")
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() { w.try("Hold", c.a.Hold) })
		group.Go(func() { w.try("Update", func() { c.a.Update(c.near, c.rem, 0) }) })
		group.Go(func() { w.try("Unhold", c.a.Unhold) })
		group.Go(func() { w.try("LocalMedia", func() { _, _ = c.a.LocalMedia(i%2 == 0) }) })
		group.Go(func() { w.try("Deactivate", c.a.Deactivate) })
		group.Go(func() { _ = c.a.OnHold() && c.a.OnHoldByLocal() && c.a.OnHoldByRemote() })
		if i == 50 {
			group.Go(func() { w.try("End", c.a.End) })
		}
	}
	group.Wait()
	ok := w.until(patience, func() bool { return w.us.record.count(c.a, "DidEnd") > 0 })
	w.want(ok, "it did not end: %v", w.us.record.names(c.a))
}

func checkSignalling(w *world) {
	w.life(w.us.outgoing())
	_ = w.badStart(w.ready())
	w.doing("led streams through their lives, one of which fails")
	d := w.us.owner.side
	w.want(len(d.signalling) == 0, "it called %v", d.signalling)
}

func checkRelease(w *world) {
	a := w.us.outgoing()
	w.life(a)
	gone := weak.Make(w.us.owner)
	w.us.owner = nil
	w.doing("led a stream through its life, dropped the owner and collected garbage")
	for range 20 {
		runtime.GC()
		if gone.Value() == nil {
			break
		}
		time.Sleep(time.Second)
	}
	w.want(gone.Value() == nil, "the owner is still referred to")
	runtime.KeepAlive(a)
}

func checkNeighbour(w *world) {
	w.needsPath()
	w.needsPayload()
	c := w.connected()
	failing := w.ready()
	_ = w.badStart(failing)
	w.us.end(failing)
	w.doing("had a stream of the same session fail, and sent a unit over another")
	w.want(c.flows(1), "it did not come")
	w.want(w.us.record.count(c.a, "DidFail", "WillEnd") == 0, "posted %v", w.us.record.of(c.a))
}

func checkReads(w *world) {
	a := w.us.outgoing()
	w.life(a)
	d := w.us.owner.side
	w.want(len(d.reads) == 0, "it read %v", d.reads)
}
