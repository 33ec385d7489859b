package streamtest_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/streamtest"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// strange is a notification that no stream should post where the faults post it.
type strange struct{}

func (strange) NotificationName() string { return "BrokenStreamDidSomething" }

// reregister changes what a fixture registers.
func reregister(change func(c *class, r *streams.Registry, f streams.Factory)) func(*class, *streamtest.Fixture) {
	return func(c *class, fixture *streamtest.Fixture) {
		var registry streams.Registry
		fixture.Register(&registry)
		factory := registry.Factories()[0]
		fixture.Register = func(r *streams.Registry) { change(c, r, factory) }
	}
}

// fromSDP changes NewFromSDP of a factory.
func fromSDP(change func(c *class, good streams.Factory, env *streams.Environment, d *sdp.SessionDescription, i int) (streams.MediaStream, error)) func(*class, *streams.Factory) {
	return func(c *class, f *streams.Factory) {
		good := *f
		f.NewFromSDP = func(env *streams.Environment, d *sdp.SessionDescription, i int) (streams.MediaStream, error) {
			return change(c, good, env, d, i)
		}
	}
}

// madeFaults are mistakes of factories and of fresh streams: clauses 1 to 18.
var madeFaults = []fault{
	{clause: 1, name: "an incoming stream has another type", stream: func(b *broken) {
		b.typeName = func() string { return map[bool]string{true: "text-in", false: "text"}[b.incoming] }
	}},
	{clause: 2, name: "the priority grows with every life", stream: func(b *broken) {
		b.end = func() { b.class.next(); b.MediaStream.End() }
	}, fixture: reregister(func(c *class, r *streams.Registry, f streams.Factory) {
		c.mu.Lock()
		f.Priority += c.count
		c.mu.Unlock()
		r.Add(f)
	})},
	{clause: 3, name: "the priority is negative, which is neither none nor one", fixture: reregister(func(_ *class, r *streams.Registry, f streams.Factory) {
		f.Priority = -3
		r.Add(f)
	})},
	{clause: 4, name: "it registers under another name when it is there already", fixture: reregister(func(_ *class, r *streams.Registry, f streams.Factory) {
		if _, there := r.Lookup(f.Type); there {
			f.Type += "-again"
		}
		r.Add(f)
	})},
	{clause: 5, name: "it pushes itself in front of its equals", fixture: reregister(func(_ *class, r *streams.Registry, f streams.Factory) {
		if _, there := r.Lookup("a"); there {
			f.Priority++
		}
		r.Add(f)
	})},
	{clause: 6, name: "it leaves its m-lines to others if there are any", fixture: reregister(func(_ *class, r *streams.Registry, f streams.Factory) {
		if _, there := r.Lookup("dummy"); there {
			f.NewFromSDP = func(*streams.Environment, *sdp.SessionDescription, int) (streams.MediaStream, error) {
				return nil, streams.ErrUnknownStream
			}
		}
		r.Add(f)
	})},
	{clause: 7, name: "hold is no longer supported after the end", stream: func(b *broken) {
		b.holdSupported = func() bool { return !b.has("DidEnd") }
	}},
	{clause: 8, name: "a fresh stream is on hold", stream: func(b *broken) {
		b.byLocal = func() bool { return !b.has("DidInitialize") || b.MediaStream.OnHoldByLocal() }
		b.onHold = func() bool { return b.byLocal() || b.MediaStream.OnHoldByRemote() }
	}},
	{clause: 9, name: "on hold forgets the remote side", stream: func(b *broken) {
		b.onHold = b.MediaStream.OnHoldByLocal
	}},
	{clause: 10, name: "a fresh stream has a socket", stream: func(b *broken) {
		conn, err := b.env.Net.ListenPacket("udp", ":0")
		b.end = func() {
			b.MediaStream.End()
			if err == nil {
				_ = conn.Close()
			}
		}
	}},
	{clause: 11, name: "m-lines of others are invalid", factory: fromSDP(func(_ *class, good streams.Factory, env *streams.Environment, d *sdp.SessionDescription, i int) (streams.MediaStream, error) {
		s, err := good.NewFromSDP(env, d, i)
		if errors.Is(err, streams.ErrUnknownStream) && i < len(d.MediaDescriptions) {
			err = &streams.InvalidStreamError{Reason: "not text"}
		}
		return s, err
	})},
	{clause: 12, name: "a strange protocol is somebody else's", factory: fromSDP(func(_ *class, good streams.Factory, env *streams.Environment, d *sdp.SessionDescription, i int) (streams.MediaStream, error) {
		if i < len(d.MediaDescriptions) && slices.Contains(d.MediaDescriptions[i].MediaName.Protos, "NONSENSE") {
			return nil, streams.ErrUnknownStream
		}
		return good.NewFromSDP(env, d, i)
	})},
	{clause: 13, name: "strange formats are taken", factory: fromSDP(func(_ *class, good streams.Factory, env *streams.Environment, d *sdp.SessionDescription, i int) (streams.MediaStream, error) {
		s, err := good.NewFromSDP(env, d, i)
		if err != nil && strings.Contains(err.Error(), "t140") {
			return good.New(env)
		}
		return s, err
	})},
	{clause: 14, name: "a long value is too much", factory: fromSDP(func(_ *class, good streams.Factory, env *streams.Environment, d *sdp.SessionDescription, i int) (streams.MediaStream, error) {
		if i < len(d.MediaDescriptions) {
			for _, a := range d.MediaDescriptions[i].Attributes {
				_ = [200]byte{}[len(a.Value)%1000]
			}
		}
		return good.NewFromSDP(env, d, i)
	})},
	{clause: 15, name: "the first m-line decides", factory: fromSDP(func(_ *class, good streams.Factory, env *streams.Environment, d *sdp.SessionDescription, _ int) (streams.MediaStream, error) {
		return good.NewFromSDP(env, d, 0)
	})},
	{clause: 16, name: "it writes into the offer", factory: fromSDP(func(_ *class, good streams.Factory, env *streams.Environment, d *sdp.SessionDescription, i int) (streams.MediaStream, error) {
		s, err := good.NewFromSDP(env, d, i)
		if err == nil {
			d.MediaDescriptions[i].Attributes = append(d.MediaDescriptions[i].Attributes, sdp.NewAttribute("x-seen", ""))
		}
		return s, err
	})},
	{clause: 17, name: "one offer, one stream", factory: fromSDP(func(c *class, good streams.Factory, env *streams.Environment, d *sdp.SessionDescription, i int) (streams.MediaStream, error) {
		c.mu.Lock()
		known := c.cache[d]
		c.mu.Unlock()
		if known != nil {
			return known, nil
		}
		s, err := good.NewFromSDP(env, d, i)
		if err == nil && len(d.MediaDescriptions) == 1 {
			c.mu.Lock()
			c.cache[d] = s
			c.mu.Unlock()
		}
		return s, err
	})},
	{clause: 18, name: "its later offers are not to its own taste", stream: func(b *broken) {
		b.localMedia = func(forOffer bool) (*sdp.MediaDescription, error) {
			line, err := b.MediaStream.LocalMedia(forOffer)
			if err == nil && forOffer && b.has("DidStart") {
				line.Attributes = append(line.Attributes, sdp.NewAttribute("x-later", ""))
			}
			return line, err
		}
	}, factory: fromSDP(func(_ *class, good streams.Factory, env *streams.Environment, d *sdp.SessionDescription, i int) (streams.MediaStream, error) {
		if i < len(d.MediaDescriptions) {
			if _, later := d.MediaDescriptions[i].Attribute("x-later"); later {
				return nil, &streams.InvalidStreamError{Reason: "no"}
			}
		}
		return good.NewFromSDP(env, d, i)
	})},
}

// initializeFaults are mistakes of Initialize: clauses 19 to 28.
var initializeFaults = []fault{
	{clause: 19, name: "it is initialised twice", stream: func(b *broken) {
		b.filter = before("MediaStreamDidInitialize", func() { b.post(streams.MediaStreamDidInitialize{}) })
	}},
	{clause: 20, name: "it takes its time", stream: func(b *broken) {
		var mu sync.Mutex
		busy := false
		b.initialize = func(s streams.Session, d streams.Direction) error {
			mu.Lock()
			defer mu.Unlock()
			if busy {
				return errors.New("busy")
			}
			busy = true
			time.AfterFunc(6*time.Second, func() { _ = b.MediaStream.Initialize(s, d) })
			return nil
		}
		b.end = func() {
			mu.Lock()
			busy = true
			mu.Unlock()
			b.MediaStream.End()
		}
	}},
	{clause: 21, name: "Initialize waits", stream: func(b *broken) {
		b.initialize = func(s streams.Session, d streams.Direction) error {
			time.Sleep(200 * time.Millisecond)
			return b.MediaStream.Initialize(s, d)
		}
	}},
	{clause: 22, name: "incoming streams fail", stream: func(b *broken) {
		b.initialize = func(s streams.Session, d streams.Direction) error {
			if d == streams.Incoming {
				b.post(streams.MediaStreamDidFail{Reason: "it only offers"})
				return nil
			}
			return b.MediaStream.Initialize(s, d)
		}
	}},
	{clause: 23, name: "a second Initialize is fine", stream: func(b *broken) {
		b.initialize = func(s streams.Session, d streams.Direction) error {
			err := b.MediaStream.Initialize(s, d)
			if b.has("DidInitialize") && !b.has("WillEnd") {
				return nil
			}
			return err
		}
	}},
	{clause: 24, name: "LocalMedia is not ready yet", stream: func(b *broken) {
		var mu sync.Mutex
		var when time.Time
		b.filter = func(data notificationData) bool {
			if data.NotificationName() == "MediaStreamDidInitialize" {
				mu.Lock()
				when = time.Now()
				mu.Unlock()
			}
			return true
		}
		b.localMedia = func(forOffer bool) (*sdp.MediaDescription, error) {
			mu.Lock()
			defer mu.Unlock()
			if time.Since(when) == 0 && !b.has("DidStart") {
				return nil, errors.New("not yet")
			}
			return b.MediaStream.LocalMedia(forOffer)
		}
	}},
	{clause: 25, name: "it fails without a word", stream: func(b *broken) {
		b.filter = func(data notificationData) bool {
			if _, failed := data.(streams.MediaStreamDidFail); failed {
				b.post(streams.MediaStreamDidFail{})
				return false
			}
			return true
		}
	}},
	{clause: 26, name: "the 15th stream has the port of another", stream: func(b *broken) {
		n := b.class.next()
		b.localMedia = func(forOffer bool) (*sdp.MediaDescription, error) {
			line, err := b.MediaStream.LocalMedia(forOffer)
			if err == nil && n%15 == 0 {
				line.MediaName.Port.Value--
			}
			return line, err
		}
	}},
	{clause: 27, name: "initialisation goes on after the end", stream: func(b *broken) {
		b.filter = func(data notificationData) bool {
			if data.NotificationName() != "MediaStreamDidInitialize" {
				return true
			}
			time.AfterFunc(30*time.Millisecond, func() { b.post(data) })
			return false
		}
	}},
	{clause: 28, name: "Initialize after End is fine", stream: func(b *broken) {
		b.initialize = func(s streams.Session, d streams.Direction) error {
			err := b.MediaStream.Initialize(s, d)
			if b.has("DidEnd") {
				return nil
			}
			return err
		}
	}},
}

// mediaFaults are mistakes of LocalMedia: clauses 29 to 40.
var mediaFaults = []fault{
	{clause: 29, name: "a fresh stream has an m-line", stream: func(b *broken) {
		b.localMedia = func(forOffer bool) (*sdp.MediaDescription, error) {
			line, err := b.MediaStream.LocalMedia(forOffer)
			if err != nil && !b.has("DidInitialize") && !b.has("DidFail") {
				return &sdp.MediaDescription{}, nil
			}
			return line, err
		}
	}},
	{clause: 30, name: "an answer has no formats", stream: lateAnswer(func(_ *broken, line *sdp.MediaDescription) { line.MediaName.Formats = nil })},
	{clause: 31, name: "an answer has port 0", stream: lateAnswer(func(b *broken, line *sdp.MediaDescription) {
		if b.incoming {
			line.MediaName.Port.Value = 0
		}
	})},
	{clause: 32, name: "an answer has a port that nobody listens to", stream: lateAnswer(func(_ *broken, line *sdp.MediaDescription) { line.MediaName.Port.Value -= 1000 })},
	{clause: 33, name: "no two descriptions are equal", stream: media(func(b *broken, line *sdp.MediaDescription, _ bool) {
		line.Attributes = append(line.Attributes, sdp.NewAttribute("x-count", time.Duration(b.class.next()).String()))
	})},
	{clause: 34, name: "it hands out its own description", stream: func(b *broken) {
		lines := map[bool]*sdp.MediaDescription{}
		var mu sync.Mutex
		b.localMedia = func(forOffer bool) (*sdp.MediaDescription, error) {
			mu.Lock()
			defer mu.Unlock()
			line, err := b.MediaStream.LocalMedia(forOffer)
			if err != nil || b.has("DidStart") {
				return line, err
			}
			if lines[forOffer] == nil {
				lines[forOffer] = line
			}
			return lines[forOffer], nil
		}
	}},
	{clause: 35, name: "it answers with a protocol of its own", stream: earlyAnswer(func(line *sdp.MediaDescription) {
		line.MediaName.Protos = []string{"RTP", "AVPF"}
	})},
	{clause: 36, name: "it answers with a format of its own", stream: earlyAnswer(func(line *sdp.MediaDescription) {
		line.MediaName.Formats = append(line.MediaName.Formats, "77")
	})},
	{clause: 37, name: "it answers sendonly with sendonly", stream: earlyAnswer(func(line *sdp.MediaDescription) {
		if callsdp.Direction(line, nil) == callsdp.RecvOnly {
			callsdp.SetDirection(line, callsdp.SendOnly)
		}
	})},
	{clause: 38, name: "it says the direction twice", stream: lateAnswer(func(_ *broken, line *sdp.MediaDescription) {
		line.Attributes = append(line.Attributes, sdp.NewPropertyAttribute("sendrecv"))
	})},
	{clause: 39, name: "nothing to say after Deactivate", stream: func(b *broken) {
		var mu sync.Mutex
		off := false
		b.deactivate = func() { mu.Lock(); off = true; mu.Unlock() }
		b.localMedia = func(forOffer bool) (*sdp.MediaDescription, error) {
			mu.Lock()
			defer mu.Unlock()
			if off {
				return nil, errors.New("deactivated")
			}
			return b.MediaStream.LocalMedia(forOffer)
		}
	}},
	{clause: 40, name: "later offers have another port", stream: media(func(b *broken, line *sdp.MediaDescription, forOffer bool) {
		if forOffer && b.has("DidStart") {
			line.MediaName.Port.Value += 2
		}
	})},
}

// media changes descriptions.
func media(change func(b *broken, line *sdp.MediaDescription, forOffer bool)) breaker {
	return func(b *broken) {
		b.localMedia = func(forOffer bool) (*sdp.MediaDescription, error) {
			line, err := b.MediaStream.LocalMedia(forOffer)
			if err == nil {
				change(b, line, forOffer)
			}
			return line, err
		}
	}
}

// lateAnswer changes answers of a stream that has started.
func lateAnswer(change func(b *broken, line *sdp.MediaDescription)) breaker {
	return media(func(b *broken, line *sdp.MediaDescription, forOffer bool) {
		if !forOffer && b.has("DidStart") {
			change(b, line)
		}
	})
}

// earlyAnswer changes the answer to the offer that made a stream.
func earlyAnswer(change func(line *sdp.MediaDescription)) breaker {
	return media(func(b *broken, line *sdp.MediaDescription, forOffer bool) {
		if !forOffer && b.incoming && !b.has("DidStart") {
			change(line)
		}
	})
}

// before does something before a notification of a name is posted.
func before(name string, do func()) func(notificationData) bool {
	return func(data notificationData) bool {
		if data.NotificationName() == name {
			do()
		}
		return true
	}
}
