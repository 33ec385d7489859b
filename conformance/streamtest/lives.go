package streamtest

import (
	"context"
	"net/netip"
	"strings"
	"testing/synctest"
	"time"

	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// watch takes note of a new stream.
func (p *side) watch(s streams.MediaStream, err error) streams.MediaStream {
	p.w.reach(err == nil && s != nil, "no stream was made: %v", err)
	p.streams = append(p.streams, s)
	if p.w.f.Payload != nil {
		p.pieces[s] = p.w.f.Payload.Watch(p.env, s)
	}
	return s
}

// outgoing makes a stream to offer.
func (p *side) outgoing() (s streams.MediaStream) {
	p.w.try("New", func() { s = p.watch(p.w.factory.New(p.env)) })
	p.w.reach(s != nil, "no stream was made")
	return s
}

// incoming makes a stream of an offer.
func (p *side) incoming(offer *sdp.SessionDescription) (s streams.MediaStream) {
	p.w.try("NewFromSDP", func() { s = p.watch(p.w.factory.NewFromSDP(p.env, offer, 0)) })
	p.w.reach(s != nil, "no stream was made")
	return s
}

// offer is a description of somebody at an address with m-lines of a fixture.
func (w *world) offer(addr string, lines ...string) *sdp.SessionDescription {
	text := "v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\nc=IN IP4 " + addr + "\r\nt=0 0\r\n"
	for _, line := range lines {
		text += strings.ReplaceAll(strings.TrimSpace(line), "\n", "\r\n") + "\r\n"
	}
	d, err := callsdp.Parse([]byte(text))
	w.reach(err == nil && len(d.MediaDescriptions) == len(lines), "m-line of the fixture: %v", err)
	return d
}

// acceptable is an offer of the peer's.
func (w *world) acceptable() *sdp.SessionDescription {
	return w.offer(w.peer.host.Addr().String(), w.f.Acceptable)
}

func (p *side) initialize(s streams.MediaStream, d streams.Direction) error {
	var err error
	p.w.try("Initialize", func() { err = s.Initialize(p.owner, d) })
	return err
}

// initialized waits for MediaStreamDidInitialize of a stream.
func (p *side) initialized(s streams.MediaStream, d streams.Direction) streams.MediaStream {
	err := p.initialize(s, d)
	p.w.reach(err == nil, "Initialize: %v", err)
	ok := p.w.until(patience, func() bool { return p.record.count(s, "DidInitialize", "DidFail") > 0 })
	p.w.reach(ok && p.record.count(s, "DidFail") == 0, "%s stream is not initialised: %v", d, p.record.names(s))
	return s
}

// ready is an outgoing stream after MediaStreamDidInitialize.
func (w *world) ready() streams.MediaStream {
	return w.us.initialized(w.us.outgoing(), streams.Outgoing)
}

// media is a copy of the m-line of a stream.
func (p *side) media(s streams.MediaStream, forOffer bool) *sdp.MediaDescription {
	var line *sdp.MediaDescription
	var err error
	p.w.try("LocalMedia", func() { line, err = s.LocalMedia(forOffer) })
	p.w.reach(err == nil && line != nil, "LocalMedia(%t): %v", forOffer, err)
	return callsdp.CloneLine(line)
}

// start calls Start, without waiting.
func (p *side) start(s streams.MediaStream, local, remote *sdp.SessionDescription) error {
	var err error
	p.w.try("Start", func() { err = s.Start(local, remote, 0) })
	return err
}

func (p *side) startedYet(s streams.MediaStream) bool {
	return p.record.count(s, "DidStart", "DidFail") > 0
}

// call is an established pair of streams.
type call struct {
	w         *world
	a, b      streams.MediaStream // ours and the peer's
	far       *side
	near, rem *sdp.SessionDescription // active, as we see it
}

// negotiate agrees on what a offers and b answers; direction 0 leaves the offer as it is.
func (c *call) negotiate(direction sdp.Direction) {
	w := c.w
	offer, answer := c.offer(direction), (*sdp.SessionDescription)(nil)
	ours := c.far.description(c.far.media(c.b, false))
	answer = callsdp.AnswerTo(offer, ours)
	w.reach(callsdp.AnyAlive(answer), "the answer refuses the offer")
	c.near, c.rem = agreed(w, offer, answer)
}

// offer is a new offer of ours.
func (c *call) offer(direction sdp.Direction) *sdp.SessionDescription {
	offer := c.w.us.description(c.w.us.media(c.a, true))
	if direction != 0 {
		callsdp.SetDirection(offer.MediaDescriptions[0], direction)
	}
	return offer
}

// agreed is the active pair of an offer and its answer.
func agreed(w *world, offer, answer *sdp.SessionDescription) (local, remote *sdp.SessionDescription) {
	n := callsdp.NewNegotiation(1)
	_, err := n.SetLocalOffer(offer)
	w.reach(err == nil, "offer: %v", err)
	err = n.SetRemoteAnswer(answer)
	w.reach(err == nil, "answer: %v", err)
	return n.Active()
}

// prepare initialises two streams and negotiates; nothing is started.
func (w *world) prepare(a streams.MediaStream, far *side) *call {
	c := &call{w: w, a: a, far: far}
	c.b = far.initialized(far.incoming(c.offer(0)), streams.Incoming)
	c.negotiate(0)
	return c
}

// establish is prepare, and starts both.
func (w *world) establish(a streams.MediaStream, far *side) *call {
	c := w.prepare(a, far)
	w.reach(w.us.start(c.a, c.near, c.rem) == nil, "Start returned an error")
	c.answerStarts()
	w.reach(c.w.until(patience, func() bool { return w.us.startedYet(c.a) && far.startedYet(c.b) }), "not started")
	w.reach(w.us.record.count(c.a, "DidFail") == 0 && far.record.count(c.b, "DidFail") == 0, "not started: %v, %v",
		w.us.record.names(c.a), far.record.names(c.b))
	return c
}

func (c *call) answerStarts() {
	err := c.far.start(c.b, c.rem, c.near)
	c.w.reach(err == nil, "the peer's Start: %v", err)
}

// connected is an established call.
func (w *world) connected() *call { return w.establish(w.ready(), w.peer) }

// update renegotiates: ours is updated, and the peer's after it.
func (c *call) update(direction sdp.Direction) {
	c.negotiate(direction)
	c.w.try("Update", func() { c.a.Update(c.near, c.rem, 0) })
	c.w.try("Update", func() { c.b.Update(c.rem, c.near, 0) })
	c.w.settle()
}

// end ends a stream as a session does, and waits.
func (p *side) end(s streams.MediaStream) bool {
	p.w.try("Deactivate", s.Deactivate)
	p.w.try("End", s.End)
	return p.w.until(patience, func() bool { return p.record.count(s, "DidEnd") > 0 })
}

// sends has a stream of this side send a unit, and tells whether it came to one of the other.
func (c *call) sends(from *side, s streams.MediaStream, to *side, r streams.MediaStream, unit int) bool {
	if err := c.w.f.Payload.Send(s, unit); err != nil {
		return false
	}
	return c.w.until(payloadLimit, func() bool { return to.got(r, unit) })
}

// flows tells whether a unit gets to the peer.
func (c *call) flows(unit int) bool { return c.sends(c.w.us, c.a, c.far, c.b, unit) }

// got tells whether a unit has come to a stream.
func (p *side) got(s streams.MediaStream, unit int) bool {
	for _, u := range p.pieces[s]() {
		if u == unit {
			return true
		}
	}
	return false
}

// needsPayload ends the check of a clause that cannot be seen without payload.
func (w *world) needsPayload() {
	w.applies(w.f.Payload != nil, "the fixture has no Payload")
}

// needsPath ends it for stand-ins.
func (w *world) needsPath() { w.applies(!w.f.Hollow, "the stream is a stand-in and moves no media") }

// connectionOriented tells streams over TCP from those over UDP.
func (w *world) connectionOriented() bool {
	return strings.HasPrefix(w.acceptable().MediaDescriptions[0].MediaName.Protos[0], "TCP")
}

// flush waits until everything posted was delivered.
func (p *side) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := p.env.Center.Flush(ctx); err != nil {
		p.w.failf("notifications are not delivered: %v", err)
	}
	synctest.Wait()
}

// at is another side at an address.
func (w *world) at(name, addr string) *side { return w.side(name, netip.MustParseAddr(addr)) }
