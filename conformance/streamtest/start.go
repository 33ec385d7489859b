package streamtest

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// startClauses are about Start (E).
var startClauses = []Clause{
	{41, "after Start exactly one of MediaStreamDidStart and MediaStreamDidFail is posted", checkStart},
	{42, "the answer to Start comes within 15 s, also when the peer never completes the path", checkStartLimit},
	{43, "Start before MediaStreamDidInitialize is refused with an error and posts nothing", checkEarlyStart},
	{44, "a second Start is refused with an error and posts nothing", checkSecondStart},
	{45, "MediaStreamDidStart is never posted without MediaStreamDidInitialize and Start before it", checkNoStart},
	{46, "Start reports problems of the descriptions by MediaStreamDidFail, not by an error", checkBadStart},
	{47, "data flows in both directions after MediaStreamDidStart", checkFlow},
	{48, "payload that comes before Start is neither delivered nor fatal", checkEarlyPayload},
	{49, "attributes that describe the path are readable in the handler of MediaStreamDidStart", checkPath},
}

func checkStart(w *world) {
	c := w.prepare(w.ready(), w.peer)
	w.doing("Start")
	_ = w.us.start(c.a, c.near, c.rem) // the error is clause 46
	c.answerStarts()
	w.until(patience, func() bool { return w.us.startedYet(c.a) })
	w.settle()
	w.want(w.us.record.count(c.a, "DidStart", "DidFail") == 1, "posted %v", w.us.record.names(c.a))
}

// nobody is where nobody is.
const nobody = "192.0.2.99"

func checkStartLimit(w *world) {
	s := w.ready()
	w.doing("Start with a peer that opens nothing")
	offer := w.us.description(w.us.media(s, true))
	local, remote := agreed(w, offer, w.offer(nobody, w.f.Acceptable))
	began := time.Now()
	_ = w.us.start(s, local, remote)
	w.until(patience, func() bool { return w.us.startedYet(s) })
	w.want(time.Since(began) <= startLimit && w.us.startedYet(s), "%v after %v", w.us.record.names(s), time.Since(began))
}

func checkEarlyStart(w *world) {
	s := w.us.outgoing()
	d := w.acceptable()
	w.doing("Start of a fresh stream")
	w.us.refused(s, "Start", func() error { return s.Start(d, d, 0) })
}

func checkSecondStart(w *world) {
	c := w.connected()
	w.doing("Start a second time")
	w.us.refused(c.a, "Start", func() error { return c.a.Start(c.near, c.rem, 0) })
}

func checkNoStart(w *world) {
	s := w.ready()
	c := w.prepare(s, w.peer)
	w.doing("Hold, Unhold, Update and End of a stream that was initialised and not started")
	w.try("Hold", s.Hold)
	w.try("Unhold", s.Unhold)
	w.try("Update", func() { s.Update(c.near, c.rem, 0) })
	w.settle()
	w.us.end(s)
	w.settle()
	w.want(w.us.record.count(s, "DidStart") == 0, "posted %v", w.us.record.names(s))
	fresh := w.us.outgoing()
	w.doing("Update and End of a fresh stream")
	w.try("Update", func() { fresh.Update(c.near, c.rem, 0) })
	w.try("End", fresh.End)
	w.settle()
	w.want(w.us.record.count(fresh, "DidStart") == 0, "posted %v", w.us.record.names(fresh))
}

// badStart starts a stream with a remote description that lacks what is mandatory, and waits for the answer.
func (w *world) badStart(s streams.MediaStream) error {
	local := w.us.description(w.us.media(s, true))
	remote := w.acceptable()
	line := remote.MediaDescriptions[0]
	line.Attributes, line.MediaName.Formats, line.ConnectionInformation, remote.ConnectionInformation = nil, []string{"127"}, nil, nil
	w.doing("Start with a remote m-line that has no address and no attributes, and an unknown format")
	err := w.us.start(s, local, remote)
	w.until(startLimit, func() bool { return w.us.startedYet(s) })
	return err
}

func checkBadStart(w *world) {
	s := w.ready()
	err := w.badStart(s)
	w.want(err == nil, "Start returned error %v", err)
	w.want(w.us.startedYet(s), "posted %v", w.us.record.names(s))
}

func checkFlow(w *world) {
	w.needsPath()
	w.needsPayload()
	c := w.connected()
	w.doing("sent a unit to the peer")
	w.want(c.flows(1), "it did not come within %v", payloadLimit)
	if w.f.Payload.OneWay {
		return
	}
	w.doing("had the peer send a unit to us")
	w.want(c.sends(c.far, c.b, w.us, c.a, 2), "it did not come within %v", payloadLimit)
}

func checkEarlyPayload(w *world) {
	w.needsPath()
	w.needsPayload()
	w.applies(!w.f.Payload.OneWay, "only who offers sends")
	c := w.prepare(w.ready(), w.peer)
	c.answerStarts()
	w.settle()
	_ = w.f.Payload.Send(c.b, 1) // over a connection it cannot be sent yet
	w.settle()
	w.doing("had the peer send a unit before Start, and started")
	w.want(len(w.us.pieces[c.a]()) == 0, "units %v were delivered before Start", w.us.pieces[c.a]())
	_ = w.us.start(c.a, c.near, c.rem)
	w.until(patience, func() bool { return w.us.startedYet(c.a) && w.peer.startedYet(c.b) })
	w.want(w.us.record.count(c.a, "DidFail") == 0, "posted %v", w.us.record.of(c.a))
	w.reach(w.us.record.count(c.a, "DidStart") > 0, "not started")
	w.want(c.flows(2), "nothing flows after the start")
}

func checkPath(w *world) {
	w.needsPath()
	w.applies(w.f.Path != nil, "the fixture has no Path")
	a, handled := w.us.outgoing(), false
	w.us.env.Center.AddObserver(notification.ObserverFunc(func(notification.Notification) {
		handled = true
		w.doing("read the attributes of the path in the handler of MediaStreamDidStart")
		for name, value := range w.f.Path(a) {
			w.want(value != nil, "%s is nil", name)
		}
	}), notification.Filter{Name: "MediaStreamDidStart", Sender: a})
	w.us.initialized(a, streams.Outgoing)
	w.establish(a, w.peer)
	w.us.flush()
	w.reach(handled, "MediaStreamDidStart was not posted")
}
