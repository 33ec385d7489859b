package streamtest_test

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/examples/thirdparty"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

type notificationData = notification.Data

// startFaults are mistakes of Start: clauses 41 to 49.
var startFaults = []fault{
	{clause: 41, name: "it starts twice", stream: func(b *broken) {
		b.filter = before("MediaStreamDidStart", func() { b.post(streams.MediaStreamDidStart{}) })
	}},
	{clause: 42, name: "it waits for a peer that is not there", stream: func(b *broken) {
		b.start = func(local, remote *sdp.SessionDescription, index int) error {
			if addr, _ := callsdp.SessionAddress(remote); addr.IsValid() && addr.String() == "192.0.2.99" {
				return nil
			}
			return b.MediaStream.Start(local, remote, index)
		}
	}},
	{clause: 43, name: "Start of a fresh stream is fine", stream: func(b *broken) {
		b.start = func(local, remote *sdp.SessionDescription, index int) error {
			err := b.MediaStream.Start(local, remote, index)
			if !b.has("DidInitialize") {
				return nil
			}
			return err
		}
	}},
	{clause: 44, name: "a second Start is fine", stream: func(b *broken) {
		b.start = func(local, remote *sdp.SessionDescription, index int) error {
			err := b.MediaStream.Start(local, remote, index)
			if b.has("DidStart") && !b.has("DidEnd") {
				return nil
			}
			return err
		}
	}},
	{clause: 45, name: "Unhold starts it", stream: func(b *broken) {
		b.unhold = func() {
			if b.has("DidInitialize") && !b.has("DidStart") && !b.has("DidFail") {
				b.post(streams.MediaStreamDidStart{})
			}
			b.MediaStream.Unhold()
		}
	}},
	{clause: 46, name: "a bad description is an error", stream: func(b *broken) {
		b.start = func(local, remote *sdp.SessionDescription, index int) error {
			err := b.MediaStream.Start(local, remote, index)
			if len(remote.MediaDescriptions[index].Attributes) == 0 {
				return errors.New("bad description")
			}
			return err
		}
	}},
	{clause: 47, name: "incoming streams are dumb", stream: func(b *broken) {
		send := b.send
		b.send = func(unit int) error {
			if b.incoming {
				return nil
			}
			return send(unit)
		}
	}},
	{clause: 48, name: "it delivers what comes before the start", factory: func(c *class, f *streams.Factory) {
		good := f.New
		f.New = func(env *streams.Environment) (streams.MediaStream, error) {
			eager := *env
			made := &eagerNet{Net: env.Net}
			eager.Net = made
			s, err := good(&eager)
			made.b, _ = s.(*broken)
			return s, err
		}
	}},
	{clause: 49, name: "the path is known a moment later", stream: func(b *broken) {
		var mu sync.Mutex
		var when time.Time
		b.filter = func(data notificationData) bool {
			mu.Lock()
			defer mu.Unlock()
			if data.NotificationName() == "MediaStreamDidStart" {
				when = time.Now()
			}
			return true
		}
		b.path = func() map[string]any {
			mu.Lock()
			defer mu.Unlock()
			return map[string]any{"remote": present(true, time.Since(when) > 0)}
		}
	}},
}

// eagerNet shows what comes to a stream before it has started.
type eagerNet struct {
	transport.Net
	b *broken
}

// ListenPacket implements [transport.Net].
func (n *eagerNet) ListenPacket(network, address string) (net.PacketConn, error) {
	conn, err := n.Net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return eagerConn{conn, n.b}, nil
}

type eagerConn struct {
	net.PacketConn
	b *broken
}

// ReadFrom implements [net.PacketConn].
func (c eagerConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(p)
	if err == nil && n > 12 && !c.b.has("DidStart") {
		c.b.post(thirdparty.TextStreamGotText{Text: string(p[12:n])})
	}
	return n, from, err
}

// updateFaults are mistakes of ValidateUpdate and Update: clauses 50 to 57.
var updateFaults = []fault{
	{clause: 50, name: "ValidateUpdate tells", stream: func(b *broken) {
		b.validate = func(remote *sdp.SessionDescription, index int) bool {
			ok := b.MediaStream.ValidateUpdate(remote, index)
			if ok {
				b.post(strange{})
			}
			return ok
		}
	}},
	{clause: 51, name: "a refused update stops the media", stream: func(b *broken) {
		send, silent := b.send, false
		b.validate = func(remote *sdp.SessionDescription, index int) bool {
			ok := b.MediaStream.ValidateUpdate(remote, index)
			silent = silent || !ok
			return ok
		}
		b.send = func(unit int) error {
			if silent {
				return nil
			}
			return send(unit)
		}
	}},
	{clause: 52, name: "an update loses a unit", stream: func(b *broken) {
		var mu sync.Mutex
		send, lose, last := b.send, false, ""
		b.update = func(local, remote *sdp.SessionDescription, index int) {
			b.MediaStream.Update(local, remote, index)
			mu.Lock()
			defer mu.Unlock()
			lose, last = string(callsdp.Marshal(remote)) == last, string(callsdp.Marshal(remote))
		}
		b.send = func(unit int) error {
			mu.Lock()
			defer mu.Unlock()
			if lose {
				lose = false
				return nil
			}
			return send(unit)
		}
	}},
	{clause: 53, name: "an update starts again", stream: func(b *broken) {
		b.update = func(local, remote *sdp.SessionDescription, index int) {
			b.MediaStream.Update(local, remote, index)
			if index < len(local.MediaDescriptions) && callsdp.Direction(local.MediaDescriptions[index], nil) == callsdp.RecvOnly {
				b.post(streams.MediaStreamDidStart{})
			}
		}
	}},
	{clause: 54, name: "an update does not see a new port", stream: ignoring(func(old, now string) bool { return port(old) != port(now) && host(old) == host(now) })},
	{clause: 55, name: "an update does not see a new address", stream: ignoring(func(old, now string) bool { return host(old) != host(now) })},
	{clause: 56, name: "a failing update is kept secret", stream: func(b *broken) {
		b.filter = func(data notificationData) bool {
			_, failed := data.(streams.MediaStreamDidFail)
			return !failed || !b.has("DidStart")
		}
	}},
	{clause: 57, name: "an update cancels the start", stream: func(b *broken) {
		var mu sync.Mutex
		var starting *time.Timer
		b.start = func(local, remote *sdp.SessionDescription, index int) error {
			mu.Lock()
			defer mu.Unlock()
			if starting != nil || !b.has("DidInitialize") || b.has("DidEnd") || b.has("DidFail") {
				return b.MediaStream.Start(local, remote, index)
			}
			starting = time.AfterFunc(10*time.Millisecond, func() { _ = b.MediaStream.Start(local, remote, index) })
			return nil
		}
		b.update = func(local, remote *sdp.SessionDescription, index int) {
			mu.Lock()
			defer mu.Unlock()
			if starting != nil && !b.has("DidStart") && !b.has("DidFail") {
				starting.Stop()
			}
			b.MediaStream.Update(local, remote, index)
		}
	}},
}

func destinationOf(d *sdp.SessionDescription) string {
	if len(d.MediaDescriptions) == 0 {
		return ""
	}
	addr, _ := callsdp.MediaAddrPort(d.MediaDescriptions[0], d)
	return addr.String()
}

func host(addr string) string { h, _, _ := net.SplitHostPort(addr); return h }
func port(addr string) string { _, p, _ := net.SplitHostPort(addr); return p }

// ignoring ignores updates that move the peer.
func ignoring(moved func(old, now string) bool) breaker {
	return func(b *broken) {
		var mu sync.Mutex
		old := ""
		b.start = func(local, remote *sdp.SessionDescription, index int) error {
			mu.Lock()
			old = destinationOf(remote)
			mu.Unlock()
			return b.MediaStream.Start(local, remote, index)
		}
		b.update = func(local, remote *sdp.SessionDescription, index int) {
			mu.Lock()
			defer mu.Unlock()
			if now := destinationOf(remote); now != "" && moved(old, now) {
				return
			}
			b.MediaStream.Update(local, remote, index)
		}
	}
}

// holdFaults are mistakes of hold: clauses 58 to 69.
var holdFaults = []fault{
	{clause: 58, name: "it cannot be held, and says so when it is", stream: func(b *broken) {
		never := func() bool { return false }
		b.holdSupported, b.onHold, b.byLocal, b.byRemote = never, never, never, never
		b.hold, b.unhold = func() { b.post(strange{}) }, func() {}
	}},
	{clause: 59, name: "an offer does not tell of a hold", stream: func(b *broken) {
		var mu sync.Mutex
		late := false
		b.hold = func() {
			mu.Lock()
			late = b.has("DidStart")
			mu.Unlock()
			b.MediaStream.Hold()
		}
		b.localMedia = func(forOffer bool) (*sdp.MediaDescription, error) {
			line, err := b.MediaStream.LocalMedia(forOffer)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && forOffer && late && callsdp.Direction(line, nil) == callsdp.SendOnly {
				callsdp.SetDirection(line, callsdp.SendRecv)
			}
			return line, err
		}
	}},
	{clause: 60, name: "a second hold is the end of the first", stream: func(b *broken) {
		var mu sync.Mutex
		held := false
		b.hold = func() {
			mu.Lock()
			defer mu.Unlock()
			if held = !held; held {
				b.MediaStream.Hold()
			} else {
				b.MediaStream.Unhold()
			}
		}
		b.unhold = func() { mu.Lock(); held = false; b.MediaStream.Unhold(); mu.Unlock() }
	}},
	{clause: 61, name: "a hold cannot be taken back before it is offered", stream: func(b *broken) {
		b.unhold = func() {
			if b.MediaStream.OnHoldByLocal() {
				b.MediaStream.Unhold()
			}
		}
	}},
	{clause: 62, name: "Hold sets the flag", stream: func(b *broken) {
		var mu sync.Mutex
		wish := false
		set := func(on bool) { mu.Lock(); wish = on; mu.Unlock() }
		b.hold = func() { set(b.has("DidStart")); b.MediaStream.Hold() }
		b.unhold = func() { set(false); b.MediaStream.Unhold() }
		b.byLocal = func() bool { mu.Lock(); defer mu.Unlock(); return wish || b.MediaStream.OnHoldByLocal() }
		b.onHold = func() bool { return b.byLocal() || b.MediaStream.OnHoldByRemote() }
	}},
	{clause: 63, name: "local hold is for ever", stream: func(b *broken) {
		b.byLocal = forever(b.MediaStream.OnHoldByLocal)
		b.onHold = func() bool { return b.byLocal() || b.MediaStream.OnHoldByRemote() }
	}},
	{clause: 64, name: "remote hold is for ever", stream: func(b *broken) {
		b.byRemote = forever(b.MediaStream.OnHoldByRemote)
		b.onHold = func() bool { return b.byRemote() || b.MediaStream.OnHoldByLocal() }
	}},
	{clause: 65, name: "every change is told twice", stream: func(b *broken) {
		b.filter = func(data notificationData) bool {
			if _, hold := data.(thirdparty.TextStreamDidChangeHoldState); hold {
				b.post(data)
			}
			return true
		}
	}},
	{clause: 66, name: "inactive is a hold of ours", stream: func(b *broken) {
		var mu sync.Mutex
		inactive := false
		b.update = func(local, remote *sdp.SessionDescription, index int) {
			mu.Lock()
			inactive = index < len(local.MediaDescriptions) && callsdp.Direction(local.MediaDescriptions[index], nil) == callsdp.Inactive
			mu.Unlock()
			b.MediaStream.Update(local, remote, index)
		}
		b.byLocal = func() bool { mu.Lock(); defer mu.Unlock(); return inactive || b.MediaStream.OnHoldByLocal() }
		b.onHold = func() bool { return b.byLocal() || b.MediaStream.OnHoldByRemote() }
	}},
	{clause: 67, name: "media flows until the hold is offered", stream: func(b *broken) {
		var mu sync.Mutex
		wish := false
		b.hold = func() { mu.Lock(); wish = true; mu.Unlock() }
		b.unhold = func() { mu.Lock(); wish = false; mu.Unlock() }
		b.localMedia = func(forOffer bool) (*sdp.MediaDescription, error) {
			mu.Lock()
			if wish {
				b.MediaStream.Hold()
			} else {
				b.MediaStream.Unhold()
			}
			mu.Unlock()
			return b.MediaStream.LocalMedia(forOffer)
		}
	}},
	{clause: 68, name: "an early hold is forgotten", stream: func(b *broken) {
		b.hold = func() {
			if b.has("DidStart") {
				b.MediaStream.Hold()
			}
		}
	}},
	{clause: 69, name: "a fresh stream cannot be held", stream: func(b *broken) {
		b.hold = func() {
			if !b.has("DidInitialize") && !b.has("DidFail") {
				panic("there is nothing to hold")
			}
			b.MediaStream.Hold()
		}
	}},
}

// forever stays true.
func forever(flag func() bool) func() bool {
	var mu sync.Mutex
	once := false
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		once = once || flag()
		return once
	}
}
