package streamtest

import (
	"net/netip"

	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// updateClauses are about ValidateUpdate and Update (F).
var updateClauses = []Clause{
	{50, "ValidateUpdate posts nothing and changes nothing", checkValidate},
	{51, "media keeps flowing after ValidateUpdate has returned false", checkRefusedUpdate},
	{52, "Update with unchanged descriptions posts nothing and does not interrupt media", checkSameUpdate},
	{53, "Update never posts MediaStreamDidInitialize or MediaStreamDidStart", checkUpdatePosts},
	{54, "after Update with a new remote port data goes there, and no longer to the old one", checkNewPort},
	{55, "after Update with a new remote address data goes there, and no longer to the old one", checkNewAddress},
	{56, "a failing Update is reported by MediaStreamDidFail, and End releases everything", checkBadUpdate},
	{57, "Update before MediaStreamDidStart does not lose the start", checkEarlyUpdate},
}

// incompatible is what the peer cannot turn the stream into.
func (c *call) incompatible() *sdp.SessionDescription {
	d := callsdp.Clone(c.rem)
	d.MediaDescriptions[0].MediaName.Media = "x-other"
	d.MediaDescriptions[0].MediaName.Protos = []string{"NONSENSE", "X"}
	return d
}

// gist is our m-line and its direction.
func (c *call) gist() string {
	line := c.w.us.media(c.a, true)
	return line.MediaName.String() + " " + callsdp.Direction(line, nil).String()
}

func checkValidate(w *world) {
	c := w.connected()
	w.settle()
	for _, d := range []*sdp.SessionDescription{c.rem, c.incompatible()} {
		posted, line := len(w.us.record.of(c.a)), c.gist()
		flags := [3]bool{c.a.OnHold(), c.a.OnHoldByLocal(), c.a.OnHoldByRemote()}
		w.doing("ValidateUpdate with\n%s", text(d.MediaDescriptions[0]))
		w.try("ValidateUpdate", func() { c.a.ValidateUpdate(d, 0) })
		w.settle()
		names := w.us.record.names(c.a)
		w.want(len(names) == posted, "posted %v", names[posted:])
		w.want(flags == [3]bool{c.a.OnHold(), c.a.OnHoldByLocal(), c.a.OnHoldByRemote()}, "the hold flags have changed")
		w.want(c.gist() == line, "the description was %s and is %s", line, c.gist())
	}
}

func checkRefusedUpdate(w *world) {
	w.needsPath()
	w.needsPayload()
	c := w.connected()
	w.doing("ValidateUpdate with another media type and protocol, then sent a unit")
	valid := false
	w.try("ValidateUpdate", func() { valid = c.a.ValidateUpdate(c.incompatible(), 0) })
	w.applies(!valid, "ValidateUpdate never returns false")
	w.want(c.flows(1), "the unit did not come")
}

func checkSameUpdate(w *world) {
	c := w.connected()
	w.settle()
	posted := len(w.us.record.holds(c.a))
	for i := range 10 {
		before := len(w.us.record.of(c.a))
		w.doing("Update %d of 10 with unchanged descriptions", i+1)
		w.try("Update", func() { c.a.Update(c.near, c.rem, 0) })
		w.us.flush()
		names := w.us.record.names(c.a)
		w.want(len(names) == before, "posted %v", names[before:])
		if w.f.Payload != nil && !w.f.Hollow {
			w.want(c.flows(i+1), "unit %d sent after it was lost", i+1)
		}
	}
	w.want(len(w.us.record.holds(c.a)) == posted, "the hold state has changed")
}

func checkUpdatePosts(w *world) {
	c := w.connected()
	before := w.us.record.count(c.a, "DidInitialize", "DidStart")
	walk := []step{{}, {direction: callsdp.RecvOnly}, {direction: callsdp.SendRecv}}
	if !c.a.HoldSupported() {
		walk = walk[:1]
	}
	for _, s := range walk {
		c.hold(s)
		w.doing("Update %v", s)
		w.want(w.us.record.count(c.a, "DidInitialize", "DidStart") == before, "posted %v", w.us.record.names(c.a))
	}
}

// moves checks that data follows the peer to another side.
func (w *world) moves(to *side) {
	w.needsPath()
	w.applies(!w.connectionOriented(), "the media path is a connection")
	w.needsPayload()
	c := w.connected()
	w.reach(c.flows(1), "nothing flows before the move")
	moved := &call{w: w, a: c.a, far: to}
	moved.b = to.initialized(to.incoming(c.near), streams.Incoming)
	moved.near, moved.rem = agreed(w, callsdp.Clone(c.near), callsdp.AnswerTo(c.near, to.description(to.media(moved.b, false))))
	moved.answerStarts()
	w.doing("Update from %v to %v, then sent a unit", destination(c.rem), destination(moved.rem))
	w.try("Update", func() { c.a.Update(moved.near, moved.rem, 0) })
	w.settle()
	w.want(moved.flows(2), "it did not come to the new place")
	w.want(!c.far.got(c.b, 2), "it came to the old place")
}

func destination(d *sdp.SessionDescription) netip.AddrPort {
	addr, _ := callsdp.MediaAddrPort(d.MediaDescriptions[0], d)
	return addr
}

func checkNewPort(w *world) { w.moves(w.peer) }

// checkNewAddress moves to a peer elsewhere, which has the same port if the rotation of ports is the same.
func checkNewAddress(w *world) { w.moves(w.at("elsewhere", "192.0.2.78")) }

func checkBadUpdate(w *world) {
	w.needsPath()
	w.applies(!w.connectionOriented(), "the connection stays, whatever an update says")
	w.us.flush()
	tasks := goroutines()
	c := w.connected()
	w.doing("Update with descriptions that have no m-line, then End")
	empty := w.us.description()
	w.try("Update", func() { c.a.Update(empty, empty, 0) })
	w.settle()
	w.want(w.us.record.count(c.a, "DidFail") == 1, "posted %v", w.us.record.names(c.a))
	w.us.end(c.a)
	w.peer.end(c.b)
	w.settle()
	w.want(w.us.net.open() == 0, "%d sockets are still open", w.us.net.open())
	w.want(goroutines() <= tasks, "%d goroutines still run", goroutines()-tasks)
}

func checkEarlyUpdate(w *world) {
	c := w.prepare(w.ready(), w.peer)
	w.doing("Start, and Update at once")
	w.reach(w.us.start(c.a, c.near, c.rem) == nil, "Start returned an error")
	w.try("Update", func() { c.a.Update(c.near, c.rem, 0) })
	c.answerStarts()
	w.until(startLimit, func() bool { return w.us.startedYet(c.a) })
	w.want(w.us.record.count(c.a, "DidStart") > 0, "posted %v", w.us.record.names(c.a))
}
