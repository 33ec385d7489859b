package streamtest

import (
	"time"
)

// lateClauses are about what comes after the end (H, the second half).
var lateClauses = []Clause{
	{80, "nothing is posted after MediaStreamDidEnd", checkQuiet},
	{81, "all sockets and goroutines are gone 2 s after MediaStreamDidEnd", checkLeaks},
	{82, "End works without Deactivate", checkPlainEnd},
	{83, "after MediaStreamDidFail, End posts MediaStreamWillEnd and MediaStreamDidEnd if MediaStreamDidInitialize was posted, else nothing", checkEndOfFailed},
	{84, "MediaStreamDidFail is posted once at most", checkFailOnce},
	{85, "Update, LocalMedia and Start after End neither panic nor post", checkAfterEnd},
}

func checkQuiet(w *world) {
	c := w.connected()
	w.us.end(c.a)
	before := len(w.us.record.of(c.a))
	w.doing("waited 35 s after MediaStreamDidEnd")
	time.Sleep(35 * time.Second)
	w.settle()
	names := w.us.record.names(c.a)
	w.want(len(names) == before, "posted %v", names[before:])
}

func checkLeaks(w *world) {
	w.us.flush()
	tasks := goroutines()
	slots := w.us.env.Mixer.UsedSlotCount()
	for range w.f.cycles() {
		c := w.connected()
		w.us.end(c.a)
		w.peer.end(c.b)
	}
	time.Sleep(2 * time.Second)
	w.settle()
	w.doing("made, started and ended %d streams", w.f.cycles())
	w.want(w.us.net.open() == 0, "%d sockets are still open", w.us.net.open())
	w.want(goroutines() <= tasks, "%d goroutines still run", goroutines()-tasks)
	w.want(w.us.env.Mixer.UsedSlotCount() <= slots, "%d slots of the mixer are still in use", w.us.env.Mixer.UsedSlotCount()-slots)
}

func checkPlainEnd(w *world) {
	c := w.connected()
	w.doing("End without Deactivate")
	w.try("End", c.a.End)
	ok := w.until(patience, func() bool { return w.us.record.count(c.a, "DidEnd") > 0 })
	w.want(ok, "posted %v", w.us.record.names(c.a))
}

func checkEndOfFailed(w *world) {
	tried := false
	late := w.ready()
	_ = w.badStart(late)
	if w.us.record.count(late, "DidFail") > 0 {
		tried = true
		w.doing("End of a stream that had posted %v", w.us.record.names(late))
		w.us.end(late)
		got := w.us.record.endings(late)
		w.want(len(got) == 2, "posted %v", got)
	}
	p, early := w.starved()
	if p.record.count(early, "DidFail") > 0 && p.record.count(early, "DidInitialize") == 0 {
		tried = true
		w.doing("End of a stream whose initialisation had failed")
		w.try("Deactivate", early.Deactivate)
		w.try("End", early.End)
		time.Sleep(endLimit)
		w.settle()
		got := p.record.endings(early)
		w.want(len(got) == 0, "posted %v", got)
	}
	w.applies(tried, "the stream cannot be made to fail")
}

func checkFailOnce(w *world) {
	s := w.ready()
	good := w.acceptable()
	_ = w.badStart(s)
	w.applies(w.us.record.count(s, "DidFail") > 0, "the stream cannot be made to fail")
	w.doing("Start that fails, then Update with a description that has no m-line, Start again, and End")
	empty := w.us.description()
	w.try("Update", func() { s.Update(empty, empty, 0) })
	_ = w.us.start(s, good, good)
	w.settle()
	w.us.end(s)
	w.settle()
	w.want(w.us.record.count(s, "DidFail") == 1, "posted %v", w.us.record.names(s))
}

func checkAfterEnd(w *world) {
	c := w.connected()
	w.us.end(c.a)
	w.settle()
	before := len(w.us.record.of(c.a))
	w.doing("Update, LocalMedia and Start after End")
	w.try("Update", func() { c.a.Update(c.near, c.rem, 0) })
	w.try("LocalMedia", func() { _, _ = c.a.LocalMedia(true) })
	w.try("Start", func() { _ = c.a.Start(c.near, c.rem, 0) })
	w.settle()
	names := w.us.record.names(c.a)
	w.want(len(names) == before, "posted %v", names[before:])
}
