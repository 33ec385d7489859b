// Package contract checks that an implementation of streams.MediaStream keeps
// the rules that sessions rely on. Authors of streams run it in their tests:
//
//	func TestContract(t *testing.T) {
//		contract.Run(t, contract.Fixture{
//			Factory:    myFactory,
//			Acceptable: "m=audio 4000 RTP/AVP 0",
//			Unusable:   []string{"m=audio 4000 RTP/XYZ 0"},
//		})
//	}
//
// Every clause is a subtest in virtual time on a network of its own. The clauses
// have the numbers of the specification; those that need a peer which completes
// a media path are left to the tests of the stream.
package contract

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// Fixture is what the kit needs of an implementation.
type Fixture struct {
	Factory streams.Factory
	// Acceptable is an m-line with its attributes, one a line, that the factory
	// takes, both as an offer and as the answer to an offer of its own.
	Acceptable string
	// Unusable are m-lines of its kind that it must refuse.
	Unusable []string
	// Peer, if not nil, runs at 192.0.2.77 while a clause is checked, and completes the media path of Acceptable. What it
	// returns stops it.
	Peer func(t *testing.T, host *simnet.Host) (stop func())
	// Slow is how long Initialize and Start may take; 0 means a second.
	Slow time.Duration
}

// clause is one rule.
type clause struct {
	numbers string
	title   string
	check   func(r *run)
}

// Run checks all clauses.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	if f.Slow == 0 {
		f.Slow = time.Second
	}
	for _, c := range slices.Concat(makingClauses, lifeClauses, holdClauses) {
		t.Run(c.numbers+" "+c.title, func(t *testing.T) {
			err := simnet.Bubble(func() {
				r := newRun(t, f)
				defer r.close()
				c.check(r)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// run is the world of one clause.
type run struct {
	t   *testing.T
	f   Fixture
	net *simnet.Network
	env *streams.Environment

	mu  sync.Mutex
	log []notification.Notification

	stopPeer func()
}

func newRun(t *testing.T, f Fixture) *run {
	r := &run{t: t, f: f, net: simnet.New(1)}
	host, err := r.net.Host("us", netip.Addr{})
	r.must(err)
	center := notification.NewCenter(nil)
	center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.log = append(r.log, n)
	}))
	mixer, err := audio.NewMixer(audio.MixerConfig{Center: center})
	r.must(err)
	r.env = &streams.Environment{
		Center: center, Net: host, Rand: rand.NewChaCha8([32]byte{1}), Mixer: mixer, Ports: &streams.PortRotation{},
		RTP: streams.RTPSettings{Timeout: -1},
	}
	if f.Peer != nil {
		peer, err := r.net.Host("peer", netip.MustParseAddr("192.0.2.77"))
		r.must(err)
		r.stopPeer = f.Peer(t, peer)
	}
	return r
}

func (r *run) close() {
	if r.stopPeer != nil {
		r.stopPeer()
	}
	r.must(r.env.Mixer.Close())
	r.net.Close()
}

func (r *run) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Error(err)
	}
}

func (r *run) want(ok bool, format string, args ...any) {
	r.t.Helper()
	if !ok {
		r.t.Errorf(format, args...)
	}
}

// settle lets everything happen that is going to.
func (r *run) settle() {
	time.Sleep(r.f.Slow)
	r.must(r.env.Center.Flush(context.Background()))
}

// posted lists the MediaStream notifications of a stream so far.
func (r *run) posted(s streams.MediaStream) []string {
	r.must(r.env.Center.Flush(context.Background()))
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, n := range r.log {
		if n.Sender == any(s) && strings.HasPrefix(n.Name, "MediaStream") {
			names = append(names, n.Name)
		}
	}
	return names
}

// expect compares all MediaStream notifications of a stream, without their
// prefix.
func (r *run) expect(s streams.MediaStream, names ...string) {
	r.t.Helper()
	for i, name := range names {
		names[i] = "MediaStream" + name
	}
	got := r.posted(s)
	r.want(slices.Equal(got, names), "posted %v, want %v", got, names)
}

func (r *run) expectIllegal(what string, err error) {
	r.t.Helper()
	r.want(err != nil, "%s returned no error", what)
}

// owner is the session of the streams: it offers what a stream may read.
type owner struct{}

func (owner) Transport() string         { return "udp" }
func (owner) LocalIP() netip.Addr       { return netip.MustParseAddr("192.0.2.1") }
func (owner) Account() *account.Account { return nil }

// outgoing makes a stream to offer.
func (r *run) outgoing() streams.MediaStream {
	s, err := r.f.Factory.New(r.env)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// incoming makes a stream from an offer.
func (r *run) incoming() streams.MediaStream {
	s, err := r.f.Factory.NewFromSDP(r.env, r.remote(r.f.Acceptable), 0)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// remote is a description of the peer's with the given m-lines.
func (r *run) remote(lines ...string) *sdp.SessionDescription {
	text := "v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\nc=IN IP4 192.0.2.77\r\nt=0 0\r\n"
	for _, line := range lines {
		text += strings.ReplaceAll(strings.TrimSpace(line), "\n", "\r\n") + "\r\n"
	}
	d, err := callsdp.Parse([]byte(text))
	if err != nil {
		r.t.Fatal(fmt.Errorf("m-line of the fixture: %w", err))
	}
	return d
}

// local is a description of ours.
func (r *run) local(line *sdp.MediaDescription) *sdp.SessionDescription {
	d := callsdp.NewSession("contract", owner{}.LocalIP(), 1)
	d.MediaDescriptions = []*sdp.MediaDescription{line}
	return d
}

func (r *run) media(s streams.MediaStream, forOffer bool) *sdp.MediaDescription {
	line, err := s.LocalMedia(forOffer)
	if err != nil {
		r.t.Fatal(err)
	}
	return line
}

// agree is the active pair of an offer of ours in a direction and the
// acceptable answer; direction 0 leaves it as the stream writes it.
func (r *run) agree(s streams.MediaStream, direction sdp.Direction) (local, remote *sdp.SessionDescription) {
	local, remote = r.local(r.media(s, true)), r.remote(r.f.Acceptable)
	if direction != 0 {
		callsdp.SetDirection(local.MediaDescriptions[0], direction)
		callsdp.SetDirection(remote.MediaDescriptions[0], callsdp.Reverse(direction))
	}
	n := callsdp.NewNegotiation(1)
	_, err := n.SetLocalOffer(local)
	r.must(err)
	r.must(n.SetRemoteAnswer(remote))
	return n.Active()
}

// initialized is an outgoing stream after MediaStreamDidInitialize.
func (r *run) initialized() streams.MediaStream {
	s := r.outgoing()
	r.must(s.Initialize(owner{}, streams.Outgoing))
	r.settle()
	return s
}

// started is an outgoing stream after MediaStreamDidStart.
func (r *run) started() streams.MediaStream {
	s := r.initialized()
	local, remote := r.agree(s, 0)
	r.must(s.Start(local, remote, 0))
	r.settle()
	return s
}
