package sipsimple

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// world is a machine with everything around it faked. Everything that the
// machine does is a line of log.
type world struct {
	machine *machine
	attrs   attributes
	log     []string
	queue   []event // what streams and soon have posted and the machine has not heard of
	pending []command

	streams  map[string]*fakeStream
	watched  map[streams.MediaStream]bool
	timers   map[timer]time.Duration
	noRoute  map[string]bool // addresses that cannot be reached
	inv      *fakeInvitation
	limit    time.Duration
	posted   []notification.Data
	states   []State
	finished bool
	clock    time.Duration  // since the beginning
	chance   uint32         // less one, what is drawn
	request  int            // number of the last request to a focus
	asked    map[int]string // how far each one is, for the property test
	wishes   int            // calls about participants that were taken
	focus    bool           // the peer is one
}

func newWorld() *world {
	w := &world{
		streams: map[string]*fakeStream{}, watched: map[streams.MediaStream]bool{}, timers: map[timer]time.Duration{},
		noRoute: map[string]bool{}, asked: map[int]string{}, limit: DefaultInviteTimeout,
	}
	w.attrs.values = attributeValues{state: Null, account: &account.Account{ID: "alice@alice.test"}}
	w.machine = new(newMachine(&w.attrs, w))
	w.states = []State{Null}
	return w
}

func (w *world) logf(format string, args ...any) {
	w.noteState()
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

// noteState logs a change of state where it shows first.
func (w *world) noteState() {
	if state := w.attrs.get().state; state != w.states[len(w.states)-1] {
		w.states = append(w.states, state)
		w.log = append(w.log, "state "+string(state))
	}
}

// command does what Session.command does.
func (w *world) command(c command) error {
	if err := c.claim(w.machine); err != nil {
		w.logf("%v", err)
		return err
	}
	w.noteState()
	w.pending = append(w.pending, c)
	return nil
}

// feed does what Session.handle does, and then lets the streams speak.
func (w *world) feed(e event) {
	w.runPending()
	if e != nil {
		if w.inv != nil {
			w.inv.track(e)
		}
		w.step(e)
	}
	for len(w.queue) > 0 {
		next := w.queue[0]
		w.queue = w.queue[1:]
		if s, ok := next.(streamEvent); !ok || w.watched[s.stream] {
			w.runPending()
			w.step(next)
		}
	}
	w.noteState()
}

func (w *world) runPending() {
	for len(w.pending) > 0 {
		c := w.pending[0]
		w.pending = w.pending[1:]
		w.step(c)
	}
}

// step does what Session.perform does.
func (w *world) step(e event) {
	if !w.try(func() { w.machine.handle(e) }) {
		w.logf("crash")
		w.machine.crash()
	}
}

// surroundings

func (w *world) notify(data notification.Data) {
	w.posted = append(w.posted, data)
	w.logf("%s", describeData(data))
}

func (w *world) startTimer(t timer, d time.Duration) {
	if w.timers[t] != d {
		w.logf("timer %s %v", t, d)
	}
	w.timers[t] = d
}

func (w *world) stopTimer(t timer) { delete(w.timers, t) }

func (w *world) now() time.Time {
	return time.Date(2012, 4, 19, 17, 1, 0, 0, time.UTC).Add(w.clock)
}
func (w *world) owner() streams.Session        { return nil }
func (w *world) watch(s streams.MediaStream)   { w.watched[s] = true }
func (w *world) unwatch(s streams.MediaStream) { delete(w.watched, s) }
func (w *world) settings() settings            { return settings{inviteTimeout: w.limit, userAgent: "test"} }
func (w *world) random() uint32                { return w.chance + 1 }
func (w *world) streamsFor(offer *psdp.SessionDescription, indexes []int) []streams.MediaStream {
	var list []streams.MediaStream
	for _, i := range indexes {
		if name, _ := offer.MediaDescriptions[i].Attribute("name"); name != "" {
			s := w.stream(name)
			s.index = i
			list = append(list, s)
		}
	}
	return list
}
func (w *world) opened() error { return nil }
func (w *world) closed()       { w.finished = true }

func (w *world) placeCall(call transferCall) {
	w.inv.calling = true
	w.logf("call %s", call.target.URI.String())
}
func (w *world) soon(e event)     { w.queue = append(w.queue, e) }
func (w *world) replace(*Session) { w.logf("replace") }

func (w *world) findRoutes(uri sip.Uri, request int) {
	w.request, w.asked[request] = request, "look-up"
	w.logf("look up %s", uri.String())
}
func (w *world) try(f func()) (ok bool) {
	defer func() {
		if cause := recover(); cause != nil && cause != fault { // of the test itself
			panic(cause)
		}
	}()
	f()
	return true
}

// fault is what panics that a test plans.
const fault = "a fault"

func (w *world) subscribe(p core.SubscriptionParams, request int) subscription {
	w.request, w.asked[request] = request, "out"
	if p.Refer != nil {
		w.logf("REFER %s via %s: %s", p.To.URI.String(), p.Route.Address, p.Refer.ReferTo)
	} else {
		w.logf("SUBSCRIBE %s via %s for %v, %v", p.To.URI.String(), p.Route.Address, p.Expires, p.Timeout)
	}
	return fakeSubscription{w, request}
}

// fakeSubscription logs what it is asked to do.
type fakeSubscription struct {
	world   *world
	request int
}

func (s fakeSubscription) Refresh() { s.world.logf("refresh") }
func (s fakeSubscription) Close() {
	delete(s.world.asked, s.request)
	s.world.logf("unsubscribe")
}

func (w *world) newInvitation(core.OutgoingParams) invitation {
	w.inv = &fakeInvitation{world: w}
	return w.inv
}

func (w *world) addressFacing(route core.Route) (netip.Addr, error) {
	if strings.HasPrefix(route.Address, "late-") {
		w.logf("look up %s", route.Address)
		return netip.Addr{}, errLookingUp
	}
	if w.noRoute[route.Address] {
		return netip.Addr{}, errors.New("could not get outgoing IP address")
	}
	return netip.MustParseAddr("192.0.2.1"), nil
}

// fakeInvitation logs what it is asked to do.
type fakeInvitation struct {
	world *world
	offer []byte // the last description of ours

	// What may come from the peer next, for the property test (property_test.go).
	out, provisional, withdrawn bool // an INVITE or re-INVITE of ours is open
	in                          bool // one of the peer's is not answered
	ackDue, refused             bool // it is answered 200, or refused
	dialog, bye                 bool // the dialog is confirmed, our BYE is out
	invites, received           int  // of ours, of the peer

	refer, referred, calling, notified bool // transfers
}

func (i *fakeInvitation) Invite(a core.Attempt) {
	i.offer = a.SDP
	i.sent()
	i.world.logf("INVITE %s %s", a.Route, describeSDP(a.SDP))
}
func (i *fakeInvitation) sent() {
	i.out, i.provisional, i.withdrawn = true, false, false
	i.invites++
}
func (i *fakeInvitation) Reinvite(body []byte) {
	i.offer = body
	i.sent()
	i.world.logf("re-INVITE %s", describeSDP(body))
}
func (i *fakeInvitation) Acknowledge(body []byte) { i.world.logf("ACK%s", describeSDP(body)) }
func (i *fakeInvitation) Cancel(string) {
	i.withdrawn = true
	i.world.logf("CANCEL")
}
func (i *fakeInvitation) Close() {}
func (i *fakeInvitation) Bye(code int, text string) {
	i.bye = true
	if text != "" {
		i.world.logf("BYE %d %q", code, text)
		return
	}
	i.world.logf("BYE")
}
func (i *fakeInvitation) Progress(code int, _ string, _ []byte) { i.world.logf("%d", code) }
func (i *fakeInvitation) Accept(a core.Answer) {
	i.offer = a.SDP
	i.in, i.ackDue, i.dialog = false, true, true
	i.world.logf("200 %s", describeSDP(a.SDP))
}
func (i *fakeInvitation) Reject(code int, phrase string, headers ...sip.Header) {
	i.in, i.refused = false, true
	line := fmt.Sprintf("%d %s", code, phrase)
	for _, h := range headers {
		line += fmt.Sprintf(" (%s: %s)", h.Name(), h.Value())
	}
	i.world.logf("%s", line)
}
func (i *fakeInvitation) Refer(target core.Address, replaces *core.DialogID) {
	i.refer = true
	i.world.logf("REFER %s %v", target.URI.String(), replaces)
}
func (i *fakeInvitation) NotifyRefer(code int, phrase string, final bool) {
	if final {
		i.referred, i.notified = false, true
	}
	i.world.logf("NOTIFY %d %s %v", code, phrase, final)
}
func (i *fakeInvitation) Dialog() core.DialogID { return core.DialogID{CallID: "call"} }
func (i *fakeInvitation) Local() core.Address   { return core.Address{} }
func (i *fakeInvitation) Remote() core.Address  { return core.Address{} }
func (i *fakeInvitation) PeerAgent() string     { return "peer" }
func (i *fakeInvitation) PeerFocus() bool       { return i.world.focus }

// answerTo makes the peer's answer to an offer of ours. Lines named off are
// refused.
func answerTo(body []byte, off ...int) []byte {
	offer, err := sdp.Parse(body)
	if err != nil {
		panic(err)
	}
	for i, line := range offer.MediaDescriptions {
		if slices.Contains(off, i) {
			offer.MediaDescriptions[i] = sdp.RefusedLine(line)
		} else if direction := sdp.Direction(line, offer); direction != sdp.SendRecv {
			sdp.SetDirection(line, sdp.Reverse(direction))
		}
	}
	return sdp.Marshal(offer)
}

// describeSDP is one word for each m-line.
func describeSDP(body []byte) string {
	if body == nil {
		return ""
	}
	d, err := sdp.Parse(body)
	if err != nil {
		return err.Error()
	}
	var words []string
	for _, line := range d.MediaDescriptions {
		word := line.MediaName.Media
		if direction := sdp.Direction(line, d); direction != sdp.SendRecv {
			word += "=" + direction.String()
		}
		if !sdp.Alive(line) {
			word += "=0"
		}
		words = append(words, word)
	}
	return "(" + strings.Join(words, " ") + ")"
}

// describeData is a notification in one line: its name without SIPSession and
// its fields in the order of their declaration.
func describeData(data notification.Data) string {
	values := notification.DataFields(data)
	words := []string{strings.TrimPrefix(data.NotificationName(), "SIPSession")}
	for _, f := range notification.FieldsOf(data) {
		value, ok := values[f.Name]
		switch {
		case !ok || f.Name == "redirect_identities" && value == nil:
		case value == nil:
			words = append(words, "null")
		default:
			words = append(words, fmt.Sprint(value))
		}
	}
	return strings.Join(words, " | ")
}
