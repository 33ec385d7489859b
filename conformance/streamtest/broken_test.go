package streamtest_test

import (
	"strconv"
	"sync"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/streamtest"
	"github.com/go-sipsimple/callflow/examples/thirdparty"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// broken is a good stream with a fault: every method can be replaced, and what it posts passes through a filter. The
// good stream inside posts to a centre of its own.
type broken struct {
	streams.MediaStream // the good one
	env                 *streams.Environment
	incoming            bool
	class               *class

	mu     sync.Mutex
	posted map[string]int

	typeName      func() string
	holdSupported func() bool
	onHold        func() bool
	byLocal       func() bool
	byRemote      func() bool
	initialize    func(streams.Session, streams.Direction) error
	localMedia    func(bool) (*sdp.MediaDescription, error)
	start         func(local, remote *sdp.SessionDescription, index int) error
	validate      func(*sdp.SessionDescription, int) bool
	update        func(local, remote *sdp.SessionDescription, index int)
	hold, unhold  func()
	deactivate    func()
	end           func()
	send          func(unit int) error
	path          func() map[string]any
	filter        func(notification.Data) bool // false: it is not posted
}

// class is what the streams of one fixture share.
type class struct {
	mu    sync.Mutex
	count int
	ended map[*streams.Environment]bool
	cache map[*sdp.SessionDescription]streams.MediaStream
}

func (c *class) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	return c.count
}

// breaker makes a fault in a stream.
type breaker func(b *broken)

// wrap puts a good stream of make into a broken one.
func wrap(c *class, env *streams.Environment, breaks breaker, make func(*streams.Environment) (streams.MediaStream, error)) (*broken, error) {
	inner := *env
	inner.Center = notification.NewCenter(env.Logger)
	good, err := make(&inner)
	if err != nil {
		return nil, err
	}
	b := &broken{MediaStream: good, env: env, class: c, posted: map[string]int{}}
	b.defaults()
	if breaks != nil {
		breaks(b)
	}
	inner.Center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		b.mu.Lock()
		b.posted[n.Name]++
		b.mu.Unlock()
		if b.filter == nil || b.filter(n.Data) {
			b.post(n.Data)
		}
	}))
	return b, nil
}

func (b *broken) post(data notification.Data) { b.env.Center.Post(b, data) }

// has tells how often the good stream has posted something.
func (b *broken) has(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.posted["MediaStream"+name] > 0
}

func (b *broken) defaults() {
	s := b.MediaStream
	b.typeName, b.holdSupported, b.onHold, b.byLocal, b.byRemote = s.Type, s.HoldSupported, s.OnHold, s.OnHoldByLocal, s.OnHoldByRemote
	b.initialize, b.localMedia, b.start, b.validate, b.update = s.Initialize, s.LocalMedia, s.Start, s.ValidateUpdate, s.Update
	b.hold, b.unhold, b.deactivate, b.end = s.Hold, s.Unhold, s.Deactivate, s.End
	b.path = func() map[string]any { return map[string]any{"started": present(true, b.has("DidStart"))} }
	b.send = func(unit int) error {
		if text, ok := s.(*thirdparty.TextStream); ok {
			return text.Send(strconv.Itoa(unit))
		}
		_, err := s.(*streams.ChatStream).SendMessage([]byte(strconv.Itoa(unit)), nil)
		return err
	}
}

func (b *broken) Type() string         { return b.typeName() }
func (b *broken) HoldSupported() bool  { return b.holdSupported() }
func (b *broken) OnHold() bool         { return b.onHold() }
func (b *broken) OnHoldByLocal() bool  { return b.byLocal() }
func (b *broken) OnHoldByRemote() bool { return b.byRemote() }
func (b *broken) Initialize(s streams.Session, d streams.Direction) error {
	return b.initialize(s, d)
}
func (b *broken) LocalMedia(forOffer bool) (*sdp.MediaDescription, error) {
	return b.localMedia(forOffer)
}
func (b *broken) Start(local, remote *sdp.SessionDescription, index int) error {
	return b.start(local, remote, index)
}
func (b *broken) ValidateUpdate(remote *sdp.SessionDescription, index int) bool {
	return b.validate(remote, index)
}
func (b *broken) Update(local, remote *sdp.SessionDescription, index int) {
	b.update(local, remote, index)
}
func (b *broken) Hold()       { b.hold() }
func (b *broken) Unhold()     { b.unhold() }
func (b *broken) Deactivate() { b.deactivate() }
func (b *broken) End()        { b.end() }

// fault is one deliberate mistake.
type fault struct {
	clause  int
	name    string
	stream  breaker                               // in a stream
	factory func(c *class, f *streams.Factory)    // in its factory
	fixture func(c *class, f *streamtest.Fixture) // in its registration or its settings
	chat    bool                                  // it is a chat stream that is broken, not a text stream
}

// fixtureOf is a fixture of streams with the fault.
func fixtureOf(f fault) streamtest.Fixture {
	c := &class{ended: map[*streams.Environment]bool{}, cache: map[*sdp.SessionDescription]streams.MediaStream{}}
	register, line := thirdparty.Register, "m=text 4000 RTP/AVP 98\na=rtpmap:98 t140/1000"
	if f.chat {
		register, line = streams.RegisterChat, message
	}
	var registry streams.Registry
	register(&registry)
	good := registry.Factories()[0]
	factory := good
	factory.New = func(env *streams.Environment) (streams.MediaStream, error) {
		return wrap(c, env, f.stream, good.New)
	}
	factory.NewFromSDP = func(env *streams.Environment, remote *sdp.SessionDescription, index int) (streams.MediaStream, error) {
		b, err := wrap(c, env, f.stream, func(inner *streams.Environment) (streams.MediaStream, error) {
			return good.NewFromSDP(inner, remote, index)
		})
		if err != nil {
			return nil, err
		}
		b.incoming = true
		return b, nil
	}
	if f.factory != nil {
		f.factory(c, &factory)
	}
	fixture := streamtest.Fixture{
		Register: func(r *streams.Registry) { r.Add(factory) }, Acceptable: line, Cases: 200, Cycles: 20,
		Payload: &streamtest.Payload{
			Send:  func(s streams.MediaStream, unit int) error { return s.(*broken).send(unit) },
			Watch: func(env *streams.Environment, s streams.MediaStream) func() []int { return observe(env, s, textOf) },
		},
		Path: func(s streams.MediaStream) map[string]any { return s.(*broken).path() },
	}
	if f.fixture != nil {
		f.fixture(c, &fixture)
	}
	return fixture
}

// textOf is the text that a notification brings.
func textOf(data notification.Data) string {
	if got, ok := data.(thirdparty.TextStreamGotText); ok {
		return got.Text
	}
	return chatText(data)
}
