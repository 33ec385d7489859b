package streams_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// owner is a session as streams see it.
type owner struct {
	ip        netip.Addr
	transport string
}

func (o owner) Transport() string       { return cmp.Or(o.transport, "udp") }
func (o owner) LocalIP() netip.Addr     { return o.ip }
func (owner) Account() *account.Account { return nil }

// party is one end: a host with a sound device and a log of notifications.
type party struct {
	t      testing.TB
	host   labHost
	sound  *simnet.Sound
	mixer  *audio.Mixer
	env    *streams.Environment
	neg    *callsdp.Negotiation
	stream streams.MediaStream
	plays  []float64
	sip    string // transport

	mu  sync.Mutex
	log []string
}

type options struct {
	rate    int
	timeout time.Duration
	codecs  []string
	ports   [2]int
	srtp    streams.Encryption
	sip     string                           // transport of the signalling; "": udp
	sounds  *simnet.SoundClock               // nil: each device has its own
	device  func(*simnet.Sound) audio.Device // nil: the sound itself
	ice     bool
}

func newParty(t testing.TB, n *simnet.Network, name string, o options, plays ...float64) *party {
	host, err := n.Host(name, netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	return newPartyAt(t, host, name, o, plays...)
}

// labHost is a host of the simulated network or of one of real sockets.
type labHost interface {
	transport.Net
	Addr() netip.Addr
	Name() string
}

func newPartyAt(t testing.TB, host labHost, name string, o options, plays ...float64) *party {
	p := &party{t: t, host: host, sound: simnet.NewSound(plays), plays: plays, sip: o.sip, neg: callsdp.NewNegotiation(1)}
	if o.sounds != nil {
		p.sound = o.sounds.NewSound(plays)
	}
	center := notification.NewCenter(nil)
	center.AddObserver(notification.ObserverFunc(p.note))
	device := audio.Device(p.sound)
	if o.device != nil {
		device = o.device(p.sound)
	}
	var err error
	p.mixer, err = audio.NewMixer(audio.MixerConfig{Device: device, SampleRate: o.rate, Center: center})
	if err != nil {
		t.Fatal(err)
	}
	p.env = &streams.Environment{
		Center: center, Net: host, Rand: rand.NewChaCha8([32]byte{byte(len(name)), name[0]}), Mixer: p.mixer,
		RTP: streams.RTPSettings{
			Timeout: o.timeout, Codecs: o.codecs, PortMin: o.ports[0], PortMax: o.ports[1], SRTPEncryption: o.srtp,
		},
		Ports: &streams.PortRotation{}, NAT: streams.NATSettings{UseICE: o.ice},
	}
	return p
}

func (p *party) note(n notification.Notification) {
	if _, ok := n.Sender.(*audio.AudioDevice); ok {
		return
	}
	text := n.Name
	switch data := n.Data.(type) {
	case streams.AudioStreamDidChangeHoldState:
		text += " " + data.Originator
		if data.OnHold {
			text += " on"
		} else {
			text += " off"
		}
	case streams.AudioStreamGotDTMF:
		text += " " + data.Digit
	case streams.AudioStreamICENegotiationStateDidChange:
		text = data.State
	case streams.AudioStreamICENegotiationDidFail:
		text += ": " + data.Reason
	case streams.MediaStreamDidFail:
		text += ": " + data.Reason
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, text)
}

// take returns what was posted since the last call.
func (p *party) take() []string {
	_ = p.env.Center.Flush(context.Background())
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.log
	p.log = nil
	return log
}

func (p *party) audio() *streams.AudioStream { return p.stream.(*streams.AudioStream) }

func (p *party) close() {
	if p.stream != nil {
		p.stream.End()
	}
	_ = p.mixer.Close()
}

func (p *party) owner() owner { return owner{p.host.Addr(), p.sip} }

// describe is a description with one m-line.
func (p *party) describe(line *sdp.MediaDescription) *sdp.SessionDescription {
	d := callsdp.NewSession("lab", p.host.Addr(), 1)
	d.MediaDescriptions = []*sdp.MediaDescription{line}
	return d
}

func (p *party) media(forOffer bool) *sdp.SessionDescription {
	line, err := p.stream.LocalMedia(forOffer)
	if err != nil {
		p.t.Error(err)
		return p.describe(&sdp.MediaDescription{})
	}
	return p.describe(line)
}

// negotiate runs one offer and answer between the streams of two parties.
func negotiate(t testing.TB, a, b *party) {
	offer, err := a.neg.SetLocalOffer(a.media(true))
	check(t, err)
	check(t, b.neg.SetRemoteOffer(offer))
	if b.stream == nil {
		b.accept(offer)
	}
	answer, err := b.neg.SetLocalAnswer(b.media(false))
	check(t, err)
	check(t, a.neg.SetRemoteAnswer(answer))
}

func (p *party) accept(offer *sdp.SessionDescription) {
	var registry streams.Registry
	streams.RegisterAudio(&registry)
	stream, err := registry.NewFromSDP(p.env, offer, 0)
	check(p.t, err)
	check(p.t, stream.Initialize(p.owner(), streams.Incoming))
	p.stream = stream
}

func (p *party) start() {
	local, remote := p.neg.Active()
	check(p.t, p.stream.Start(local, remote, 0))
}

func (p *party) update() {
	local, remote := p.neg.Active()
	p.stream.Update(local, remote, 0)
}

// renegotiate is a re-INVITE from a to b.
func renegotiate(t testing.TB, a, b *party) {
	negotiate(t, a, b)
	b.update()
	a.update()
}

// establish makes a call between two parties.
func establish(t testing.TB, a, b *party) {
	a.stream = streams.NewAudioStream(a.env)
	check(t, a.stream.Initialize(a.owner(), streams.Outgoing))
	negotiate(t, a, b)
	b.start()
	a.start()
}

// hears measures what p hears of other for a while, after 200 ms.
func (p *party) hears(other *party, d time.Duration) hear.Result {
	from := time.Now().Add(200 * time.Millisecond)
	time.Sleep(d)
	return hear.Measure(p.sound.Heard(from, time.Now()), p.sound.SampleRate(), other.plays)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// inLab runs body in virtual time on a network of its own.
func inLab(t testing.TB, body func(n *simnet.Network)) {
	t.Helper()
	err := simnet.Bubble(func() {
		n := simnet.New(1)
		defer n.Close()
		body(n)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// withCall runs body in an established call of alice, who plays 440 Hz, and
// bob, who plays 880 Hz.
func withCall(t testing.TB, o options, body func(n *simnet.Network, alice, bob *party)) {
	t.Helper()
	inLab(t, func(n *simnet.Network) {
		alice, bob := newParty(t, n, "alice", o, 440), newParty(t, n, "bob", o, 880)
		defer alice.close()
		defer bob.close()
		establish(t, alice, bob)
		body(n, alice, bob)
	})
}
