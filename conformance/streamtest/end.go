package streamtest

import (
	"slices"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// endClauses are about Deactivate and End (H).
var endClauses = []Clause{
	{70, "Deactivate posts nothing, returns within 10 ms and may be repeated", checkDeactivate},
	{71, "after Deactivate, a peer that closes its side makes no MediaStreamDidFail", checkPeerCloses},
	{72, "without Deactivate, a peer that closes the connection makes one MediaStreamDidFail", checkPeerLeaves},
	{73, "MediaStreamWillEnd and MediaStreamDidEnd are posted once at most, in this order", checkEndOrder},
	{74, "a stream that has started posts both when it ends", checkEndPosts},
	{75, "End before Initialize posts nothing", checkFreshEnd},
	{76, "End may be repeated", checkEndAgain},
	{77, "End may be called by many at the same time", checkEndTogether},
	{78, "End is legal in any state and returns within 100 ms", checkEndAnywhere},
	{79, "MediaStreamDidEnd comes within 5 s, also if the peer is silent", checkEndLimit},
}

func checkDeactivate(w *world) {
	c := w.connected()
	w.settle()
	before := len(w.us.record.of(c.a))
	for i := range 3 {
		w.doing("Deactivate, time %d", i+1)
		took := w.elapsed("Deactivate", c.a.Deactivate)
		w.want(took <= 10*time.Millisecond, "it took %v", took)
	}
	w.settle()
	names := w.us.record.names(c.a)
	w.want(len(names) == before, "posted %v", names[before:])
}

func checkPeerCloses(w *world) {
	w.needsPath()
	c := w.connected()
	w.doing("Deactivate, then the peer ended")
	w.try("Deactivate", c.a.Deactivate)
	w.peer.end(c.b)
	w.settle()
	w.want(w.us.record.count(c.a, "DidFail") == 0, "posted %v", w.us.record.of(c.a))
}

func checkPeerLeaves(w *world) {
	w.needsPath()
	w.applies(w.connectionOriented(), "there is no connection to close")
	c := w.connected()
	w.doing("the peer ended, without Deactivate")
	w.peer.end(c.b)
	w.settle()
	w.want(w.us.record.count(c.a, "DidFail") == 1, "posted %v", w.us.record.names(c.a))
}

// endings lists which of the two were posted, in order.
func (r *record) endings(s streams.MediaStream) []string {
	return slices.DeleteFunc(r.names(s), func(name string) bool { return name != "WillEnd" && name != "DidEnd" })
}

func checkEndOrder(w *world) {
	for _, s := range []streams.MediaStream{w.connected().a, w.ready(), w.us.outgoing()} {
		w.doing("Deactivate and End of a stream that had posted %v", w.us.record.names(s))
		w.try("Deactivate", s.Deactivate)
		w.try("End", s.End)
		time.Sleep(endLimit)
		w.settle()
		got := w.us.record.endings(s)
		will, did := w.us.record.count(s, "WillEnd"), w.us.record.count(s, "DidEnd")
		w.want(will <= 1 && did <= 1 && (len(got) < 2 || got[0] == "WillEnd"), "posted %v", got)
	}
}

func checkEndPosts(w *world) {
	c := w.connected()
	w.doing("Deactivate and End of a started stream")
	w.us.end(c.a)
	w.want(w.us.record.count(c.a, "WillEnd") > 0 && w.us.record.count(c.a, "DidEnd") > 0, "posted %v", w.us.record.names(c.a))
}

func checkFreshEnd(w *world) {
	s := w.us.outgoing()
	w.doing("End of a fresh stream")
	w.try("End", s.End)
	w.settle()
	w.want(len(w.us.record.of(s)) == 0, "posted %v", w.us.record.names(s))
}

func checkEndAgain(w *world) {
	c := w.connected()
	w.us.end(c.a)
	w.settle()
	before := len(w.us.record.of(c.a))
	w.doing("End three more times after MediaStreamDidEnd")
	for range 3 {
		w.try("End", c.a.End)
	}
	w.settle()
	names := w.us.record.names(c.a)
	w.want(len(names) == before, "posted %v", names[before:])
}

func checkEndTogether(w *world) {
	c := w.connected()
	w.try("Deactivate", c.a.Deactivate)
	w.doing("End by 10 goroutines at the same time")
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() { w.try("End", c.a.End) })
	}
	group.Wait()
	w.until(patience, func() bool { return w.us.record.count(c.a, "DidEnd") > 0 })
	w.settle()
	got := w.us.record.endings(c.a)
	w.want(w.us.record.count(c.a, "WillEnd") <= 1 && w.us.record.count(c.a, "DidEnd") <= 1, "posted %v", got)
}

func checkEndAnywhere(w *world) {
	w.everywhere(func(s streams.MediaStream, state string) {
		w.try("Deactivate", s.Deactivate)
		w.doing("End %s", state)
		took := w.elapsed("End", s.End)
		w.want(took <= atOnce, "it took %v", took)
	})
}

func checkEndLimit(w *world) {
	c := w.connected()
	w.net.Cut("us", "peer")
	w.net.Cut("peer", "us")
	if w.f.Payload != nil {
		_ = w.f.Payload.Send(c.a, 1) // something to wait for
	}
	w.doing("End while the network is cut")
	began := time.Now()
	w.us.end(c.a)
	w.want(w.us.record.count(c.a, "DidEnd") > 0 && time.Since(began) <= endLimit, "%v after %v", w.us.record.endings(c.a), time.Since(began))
}
