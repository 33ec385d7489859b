package interop

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// party is our side. It answers calls, says a tone into each and hears what
// comes back.
type party struct {
	t       testing.TB
	app     *sipsimple.Application
	account *account.Account
	tone    float64 // Hz
	voice   *audio.ToneGenerator
	ear     *ear

	mu     sync.Mutex
	events []notification.Notification
	read   int           // of events
	more   chan struct{} // closed when there is another event
}

// newParty starts an application that says a tone. Calls to it are answered.
func newParty(t testing.TB, tone float64, rtp streams.RTPSettings, changes ...func(*sipsimple.Config)) *party {
	t.Helper()
	system, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	p := &party{t: t, account: &account.Account{ID: "callflow@127.0.0.1"}, tone: tone, more: make(chan struct{})}
	cfg := sipsimple.Config{
		Net: system, Host: loopback, TLSPort: -1, SampleRate: 16000, RTP: rtp,
		Accounts: []*account.Account{p.account}, Logger: slog.New(slog.DiscardHandler),
	}
	for _, change := range changes {
		change(&cfg)
	}
	p.app, err = sipsimple.NewApplication(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.app.Center().AddObserver(notification.ObserverFunc(p.hear))
	if err := p.app.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	await[sipsimple.SIPApplicationDidStart](p, nil)
	p.voice, p.ear = audio.NewToneGenerator(p.app.Mixer()), newEar(t, p.app.Mixer())
	if err := p.voice.Start(); err != nil {
		t.Fatal(err)
	}
	if err := p.voice.PlayTones(audio.Tone{F1: tone, Duration: time.Hour}); err != nil {
		t.Fatal(err)
	}
	return p
}

// addr is where the party is reached, and uri how.
func (p *party) addr() string {
	addr, _ := p.app.Engine().Addr("udp")
	return addr.String()
}

func (p *party) uri() string { return "sip:callflow@" + p.addr() }

func (p *party) hear(n notification.Notification) {
	switch data := n.Data.(type) {
	case sipsimple.SIPSessionNewIncoming:
		s := n.Sender.(*sipsimple.Session)
		_ = s.Accept(s.ProposedStreams(), nil) // the call does not stand then, which fails the test
	case sipsimple.SIPSessionDidStart:
		for _, s := range data.Streams {
			p.join(s.(*streams.AudioStream))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, n)
	close(p.more)
	p.more = make(chan struct{})
}

// join says the tone to a stream, and hears it.
func (p *party) join(s *streams.AudioStream) {
	hearing := audio.NewAudioBridge(p.app.Mixer()) // without the voice
	for _, err := range []error{s.Bridge().Add(p.voice), hearing.Add(s), hearing.Add(p.ear)} {
		if err != nil {
			p.t.Error(err)
		}
	}
}

// call calls somebody.
func (p *party) call(uri string, port int) *sipsimple.Session {
	p.t.Helper()
	to, err := core.ParseAddress("<" + uri + ">")
	if err != nil {
		p.t.Fatal(err)
	}
	stream, err := p.app.NewStream(streams.AudioType, p.account)
	if err != nil {
		p.t.Fatal(err)
	}
	s := sipsimple.NewSession(p.app, p.account)
	routes := []core.Route{{Address: "127.0.0.1", Port: port}}
	if err := s.Connect(to, routes, []streams.MediaStream{stream}, nil); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// await waits for a notification of a type that fits, after those that were
// waited for. nil: any fits.
func await[T notification.Data](p *party, fits func(T) bool) (notification.Notification, T) {
	p.t.Helper()
	limit := time.After(patience)
	for {
		p.mu.Lock()
		for p.read < len(p.events) {
			n := p.events[p.read]
			p.read++
			if data, ok := n.Data.(T); ok && (fits == nil || fits(data)) {
				p.mu.Unlock()
				return n, data
			}
		}
		more, seen := p.more, p.list()
		p.mu.Unlock()
		select {
		case <-more:
		case <-limit:
			var want T
			p.t.Fatalf("no %s but\n%s", want.NotificationName(), seen)
		}
	}
}

// list is what has been notified; p.mu is held.
func (p *party) list() string {
	var lines []string
	for _, n := range p.events {
		lines = append(lines, fmt.Sprintf("%s %+v", n.Name, n.Data))
	}
	return strings.Join(lines, "\n")
}

// stands waits for a call to stand, and returns its session and stream.
func (p *party) stands() (*sipsimple.Session, *streams.AudioStream) {
	p.t.Helper()
	n, data := await[sipsimple.SIPSessionDidStart](p, nil)
	return n.Sender.(*sipsimple.Session), data.Streams[0].(*streams.AudioStream)
}

// held waits until the call is put on hold or resumed.
func (p *party) held(by sipsimple.Originator, on bool) {
	p.t.Helper()
	await(p, func(d sipsimple.SIPSessionDidChangeHoldState) bool { return d.Originator == by && d.OnHold == on })
}

// ended waits for the end of a call.
func (p *party) ended(by sipsimple.Originator) {
	p.t.Helper()
	await(p, func(d sipsimple.SIPSessionDidEnd) bool { return d.Originator == by })
}

func (p *party) stop() {
	p.app.Stop()
	select {
	case <-p.app.Done():
	case <-time.After(patience):
		p.t.Error("the application does not stop")
	}
}
