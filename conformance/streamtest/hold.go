package streamtest

import (
	"fmt"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// holdClauses are about hold (G).
var holdClauses = []Clause{
	{58, "without hold support, Hold and Unhold change neither flags nor offers nor media, and post nothing", checkNoHold},
	{59, "the first offer after Hold does not receive", checkHoldOffer},
	{60, "Hold twice is Hold once", checkHoldTwice},
	{61, "Hold and Unhold before an offer cancel out", checkHoldUnhold},
	{62, "OnHoldByLocal changes in Start or Update, never in Hold itself", checkHoldFlag},
	{63, "an agreed sendonly sets local hold, sendrecv clears it", checkLocalHold},
	{64, "an agreed recvonly sets remote hold, sendrecv clears it", checkRemoteHold},
	{65, "every change of a flag gives one hold-state notification with originator and value, after the change", checkHoldPosts},
	{66, "inactive keeps a local hold that there was, and does not make one", checkInactive},
	{67, "no local media reaches the peer while we hold, from 100 ms after Hold on", checkHoldSilence},
	{68, "a Hold before Start is remembered: the next offer holds, and no local media leaves", checkEarlyHold},
	{69, "Hold and Unhold are legal in any state", checkHoldAnywhere},
}

// step is one renegotiation: a wish of ours first, if there is one, then an agreement on a direction, seen from us.
type step struct {
	wish      string        // "", "Hold", "Unhold"
	direction sdp.Direction // 0: as the stream offers
}

// String is the step in a sentence.
func (s step) String() string {
	direction := "as offered"
	if s.direction != 0 {
		direction = s.direction.String()
	}
	if s.wish == "" {
		return "an agreement " + direction
	}
	return s.wish + " and an agreement " + direction
}

// holdWalk goes through all directions.
var holdWalk = []step{
	{"", callsdp.RecvOnly}, {"", callsdp.SendRecv}, {"Hold", callsdp.SendOnly}, {"", callsdp.Inactive}, {"Unhold", callsdp.RecvOnly},
	{"", callsdp.SendRecv},
}

// hold does a step. The remote answer is written by the kit: the peer of a step is not asked.
func (c *call) hold(s step) {
	switch s.wish {
	case "Hold":
		c.w.try("Hold", c.a.Hold)
	case "Unhold":
		c.w.try("Unhold", c.a.Unhold)
	}
	local := c.offer(s.direction)
	remote := callsdp.Clone(c.rem)
	if s.direction != 0 {
		callsdp.SetDirection(remote.MediaDescriptions[0], callsdp.Reverse(s.direction))
	}
	c.w.try("Update", func() { c.a.Update(local, remote, 0) })
	c.w.us.flush()
}

// holdable is an established call of a stream with hold.
func (w *world) holdable() *call {
	c := w.connected()
	w.applies(c.a.HoldSupported(), "the stream does not support hold")
	w.settle()
	return c
}

func checkNoHold(w *world) {
	c := w.connected()
	w.applies(!c.a.HoldSupported(), "the stream supports hold")
	w.settle()
	before, posted := c.gist(), len(w.us.record.of(c.a))
	for _, wish := range []string{"Hold", "Unhold"} {
		w.doing("%s and an update", wish)
		c.hold(step{wish: wish})
		w.want(!c.a.OnHold() && !c.a.OnHoldByLocal() && !c.a.OnHoldByRemote(), "it is on hold")
		w.want(c.gist() == before, "the offer was %s and is %s", before, c.gist())
		names := w.us.record.names(c.a)
		w.want(len(names) == posted, "posted %v", names[posted:])
		if w.f.Payload != nil && !w.f.Hollow {
			w.want(c.flows(posted+len(wish)), "nothing flows")
			posted = len(w.us.record.of(c.a)) // a unit may be told of
		}
	}
}

// wished is the direction of the next offer.
func (c *call) wished() sdp.Direction { return callsdp.Direction(c.w.us.media(c.a, true), nil) }

func checkHoldOffer(w *world) {
	c := w.holdable()
	w.doing("Hold, and read the next offer")
	w.try("Hold", c.a.Hold)
	w.want(!callsdp.Receives(c.wished()), "the direction is %v", c.wished())
}

func checkHoldTwice(w *world) {
	c := w.holdable()
	w.try("Hold", c.a.Hold)
	once := c.wished()
	w.doing("Hold a second time, and compared the offers")
	w.try("Hold", c.a.Hold)
	w.us.flush()
	w.want(c.wished() == once, "first %v, then %v", once, c.wished())
}

func checkHoldUnhold(w *world) {
	c := w.holdable()
	before := c.wished()
	w.doing("Hold and Unhold, and compared the offers")
	w.try("Hold", c.a.Hold)
	w.try("Unhold", c.a.Unhold)
	w.want(c.wished() == before, "first %v, then %v", before, c.wished())
}

func checkHoldFlag(w *world) {
	c := w.holdable()
	w.doing("Hold, and read OnHoldByLocal")
	w.try("Hold", c.a.Hold)
	w.settle()
	w.want(!c.a.OnHoldByLocal(), "it is true")
}

func checkLocalHold(w *world) {
	c := w.holdable()
	for _, s := range []step{{"Hold", callsdp.SendOnly}, {"Unhold", callsdp.SendRecv}} {
		c.hold(s)
		w.doing("%v", s)
		w.want(c.a.OnHoldByLocal() == (s.wish == "Hold"), "on hold by local is %t", c.a.OnHoldByLocal())
	}
}

func checkRemoteHold(w *world) {
	c := w.holdable()
	for _, s := range []step{{"", callsdp.RecvOnly}, {"", callsdp.SendRecv}} {
		c.hold(s)
		w.doing("%v", s)
		w.want(c.a.OnHoldByRemote() == (s.direction == callsdp.RecvOnly), "on hold by remote is %t", c.a.OnHoldByRemote())
	}
}

func checkHoldPosts(w *world) {
	c := w.holdable()
	first := len(w.us.record.holds(c.a))
	w.us.env.Center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		if on, ok := n.Fields()["on_hold"].(bool); ok && on {
			flag := c.a.OnHoldByLocal()
			if n.Fields()["originator"] == "remote" {
				flag = c.a.OnHoldByRemote()
			}
			w.want(flag, "%s %v is posted before the flag is set", n.Name, n.Fields())
		}
	}), notification.Filter{Sender: c.a})
	for i, s := range []struct {
		step
		originator string
		on         bool
	}{
		{step{"Hold", callsdp.SendOnly}, "local", true}, {step{"Unhold", callsdp.SendRecv}, "local", false},
		{step{"", callsdp.RecvOnly}, "remote", true}, {step{"", callsdp.SendRecv}, "remote", false},
	} {
		w.doing("%v", s.step)
		c.hold(s.step)
		posted := w.us.record.holds(c.a)
		if len(posted) != first+i+1 {
			w.failf("%d notifications of %v", len(posted)-first-i, posted[min(first, len(posted)):])
			return
		}
		last := posted[len(posted)-1].fields
		w.want(last["originator"] == s.originator && last["on_hold"] == s.on, "posted %v", posted[len(posted)-1])
	}
}

func checkInactive(w *world) {
	c := w.holdable()
	w.doing("a local hold, then inactive")
	c.hold(step{"Hold", callsdp.SendOnly})
	c.hold(step{"", callsdp.Inactive})
	w.want(c.a.OnHoldByLocal(), "local hold is gone")
	c = w.connected()
	w.settle()
	w.doing("inactive, without a wish of ours")
	c.hold(step{"", callsdp.Inactive})
	w.want(!c.a.OnHoldByLocal(), "it is on hold by local")
}

func checkHoldSilence(w *world) {
	w.needsPath()
	w.needsPayload()
	c := w.holdable()
	w.reach(c.flows(1), "nothing flows before the hold")
	w.doing("Hold, and sent a unit 100 ms later")
	w.try("Hold", c.a.Hold)
	time.Sleep(atOnce)
	w.want(!c.flows(2), "the peer got it")
}

func checkEarlyHold(w *world) {
	a := w.ready()
	w.applies(a.HoldSupported(), "the stream does not support hold")
	c := w.prepare(a, w.peer)
	w.doing("Hold before Start, then started")
	w.try("Hold", a.Hold)
	w.reach(w.us.start(c.a, c.near, c.rem) == nil, "Start returned an error")
	c.answerStarts()
	w.until(patience, func() bool { return w.us.startedYet(c.a) && c.far.startedYet(c.b) })
	w.reach(w.us.record.count(c.a, "DidStart") > 0, "not started")
	w.want(!callsdp.Receives(c.wished()), "the next offer is %v", c.wished())
	if w.f.Payload != nil && !w.f.Hollow {
		w.want(!c.flows(1), "the peer got a unit")
	}
}

func checkHoldAnywhere(w *world) {
	w.everywhere(func(s streams.MediaStream, state string) {
		for _, wish := range []string{"Hold", "Unhold"} {
			w.doing("%s %s", wish, state)
			call := s.Hold
			if wish == "Unhold" {
				call = s.Unhold
			}
			took := w.elapsed(wish, call)
			w.want(took <= atOnce, "it took %v", took)
		}
	})
}

// everywhere calls do with streams in all states.
func (w *world) everywhere(do func(s streams.MediaStream, state string)) {
	do(w.us.outgoing(), "before Initialize")
	s := w.us.outgoing()
	w.reach(w.us.initialize(s, streams.Outgoing) == nil, "Initialize returned an error")
	do(s, "during initialisation")
	do(w.ready(), "after initialisation")
	c := w.prepare(w.ready(), w.peer)
	w.reach(w.us.start(c.a, c.near, c.rem) == nil, "Start returned an error")
	do(c.a, "during the start")
	do(w.connected().a, "after the start")
	failed := w.ready()
	_ = w.badStart(failed)
	do(failed, fmt.Sprintf("after %v", w.us.record.names(failed)))
	ended := w.connected().a
	w.us.end(ended)
	do(ended, "after the end")
}
