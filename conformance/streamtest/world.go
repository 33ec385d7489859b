package streamtest

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing/synctest"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/simnet"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// world is that of one clause: a network, us and a peer.
type world struct {
	f       *Fixture
	clause  Clause
	factory streams.Factory
	net     *simnet.Network
	us      *side
	peer    *side
	more    []*side

	mu       sync.Mutex
	did      string
	failures []Failure
	stop     *stop
}

// side is one application.
type side struct {
	w       *world
	host    *simnet.Host
	net     *countingNet
	random  *source
	env     *streams.Environment
	record  *record
	owner   *owner
	pieces  map[streams.MediaStream]func() []int
	streams []streams.MediaStream
}

func (w *world) open() {
	w.net = simnet.New(1)
	factory, err := w.f.factory()
	w.reach(err == nil, "%v", err)
	w.factory = factory
	w.us = w.side("us", netip.MustParseAddr("192.0.2.10"))
	w.peer = w.side("peer", netip.MustParseAddr("192.0.2.77"))
}

// side makes an application on a host of its own.
func (w *world) side(name string, addr netip.Addr) *side {
	host, err := w.net.Host(name, addr)
	w.reach(err == nil, "host %s: %v", name, err)
	p := &side{w: w, host: host, net: &countingNet{Net: host}, record: &record{}, pieces: map[streams.MediaStream]func() []int{}}
	p.random = &source{from: rand.NewChaCha8([32]byte{byte(len(w.more))})}
	p.env = &streams.Environment{
		Net: p.net, Rand: p.random, Ports: &streams.PortRotation{}, RTP: streams.RTPSettings{Timeout: -1},
		Account: w.account(name),
	}
	if w.f.Prepare != nil {
		w.f.Prepare(p.env)
	}
	if p.env.Logger == nil {
		p.env.Logger = slog.New(slog.DiscardHandler)
	}
	p.env.Center = notification.NewCenter(p.env.Logger)
	p.env.Center.AddObserver(p.record)
	if p.env.Mixer == nil {
		p.env.Mixer, err = audio.NewMixer(audio.MixerConfig{Center: p.env.Center})
		w.reach(err == nil, "mixer: %v", err)
	}
	p.owner = &owner{side: p.ownerData(), account: p.env.Account}
	w.more = append(w.more, p)
	return p
}

func (w *world) close() {
	for _, p := range w.more {
		for _, s := range p.streams {
			w.try("End", s.End)
		}
	}
	time.Sleep(endLimit)
	for _, p := range w.more {
		if err := p.env.Mixer.Close(); err != nil {
			w.failf("mixer: %v", err)
		}
	}
	w.net.Close()
}

// doing says what is done next, for failures.
func (w *world) doing(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.did = fmt.Sprintf(format, args...)
}

// failf reports what came instead of what the clause says.
func (w *world) failf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.failures) < 10 {
		w.failures = append(w.failures, Failure{Clause: w.clause, Did: w.did, Came: fmt.Sprintf(format, args...)})
	}
}

// want is failf unless something is so.
func (w *world) want(ok bool, format string, args ...any) {
	if !ok {
		w.failf(format, args...)
	}
}

// try calls a method of a stream. A panic in it is a failure of whatever clause is being checked.
func (w *world) try(method string, f func()) {
	defer func() {
		if value := recover(); value != nil {
			if s, ok := value.(*stop); ok {
				panic(s)
			}
			w.failf("%s panicked: %v", method, value)
		}
	}()
	f()
}

// settle lets everything happen that is going to in a second.
func (w *world) settle() {
	time.Sleep(quiet)
	synctest.Wait()
}

// until waits for something, in steps of a millisecond at first, and tells whether it happened.
func (w *world) until(limit time.Duration, happened func() bool) bool {
	synctest.Wait()
	for end, step := time.Now().Add(limit), time.Millisecond; ; step = min(2*step, 100*time.Millisecond) {
		if happened() {
			return true
		}
		if !time.Now().Before(end) {
			return false
		}
		time.Sleep(min(step, max(1, time.Until(end))))
		synctest.Wait()
	}
}

// elapsed is how long a call takes, in virtual time: how long it waits.
func (w *world) elapsed(method string, f func()) time.Duration {
	began := time.Now()
	w.try(method, f)
	return time.Since(began)
}

// description is one of the side's with m-lines.
func (p *side) description(lines ...*sdp.MediaDescription) *sdp.SessionDescription {
	d := callsdp.NewSession("streamtest", p.host.Addr(), 1)
	for _, line := range lines {
		d.MediaDescriptions = append(d.MediaDescriptions, callsdp.CloneLine(line))
	}
	return d
}
