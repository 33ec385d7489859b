package sipsimple_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// lab is a simulated network with user agents on it, in virtual time.
type lab struct {
	t   *testing.T
	net *simnet.Network
}

// inLab runs a test in a bubble. Whatever it leaves behind makes it fail.
func inLab(t *testing.T, body func(l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t, net: simnet.New(1)}
		defer l.net.Close()
		body(l)
	})
}

// host is the host of that name, new or not.
func (l *lab) host(name string) *simnet.Host {
	l.t.Helper()
	if h := l.net.Lookup(name); h != nil {
		return h
	}
	h, err := l.net.Host(name, netip.Addr{})
	if err != nil {
		l.t.Fatal(err)
	}
	return h
}

// party is an application with its log.
type party struct {
	*sipsimple.Application
	lab  *lab
	name string
	acc  *account.Account

	mu       sync.Mutex
	log      []string
	last     time.Time // of the log
	incoming []*sipsimple.Session
	react    map[string]func(s *sipsimple.Session) // by short name of the notification
}

// party starts a user agent called name@name.test on a host of that name.
func (l *lab) party(name string, change ...func(*sipsimple.Config)) *party {
	l.t.Helper()
	host := l.host(name)
	p := &party{lab: l, name: name, acc: &account.Account{ID: name + "@" + name + ".test"}, react: map[string]func(*sipsimple.Session){}}
	var network transport.Net = host
	cfg := sipsimple.Config{
		Net: network, Rand: rand.NewChaCha8([32]byte{byte(len(name)), name[0]}), Host: host.Addr(),
		UDPPort: 5060, TCPPort: 5060, TLSPort: -1, Accounts: []*account.Account{p.acc},
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if p.Application, err = sipsimple.NewApplication(cfg); err != nil {
		l.t.Fatal(err)
	}
	p.Center().AddObserver(notification.ObserverFunc(p.observe))
	if err := p.Start(); err != nil {
		l.t.Fatal(err)
	}
	return p
}

func (p *party) observe(n notification.Notification) {
	session, ok := n.Sender.(*sipsimple.Session)
	if !ok {
		return
	}
	p.mu.Lock()
	p.log, p.last = append(p.log, short(n)), n.Timestamp
	if _, ok := n.Data.(sipsimple.SIPSessionNewIncoming); ok {
		p.incoming = append(p.incoming, session)
	}
	react := p.react[strings.TrimPrefix(n.Name, "SIPSession")]
	p.mu.Unlock()
	if react != nil {
		react(session)
	}
}

// on does something inside the observer.
func (p *party) on(short string, do func(s *sipsimple.Session)) { p.react[short] = do }

// short is a notification in the shorthand of the catalogue of call flows.
func short(n notification.Notification) string {
	words := []string{strings.TrimPrefix(n.Name, "SIPSession")}
	for _, f := range notification.FieldsOf(n.Data) {
		switch value, ok := n.Fields()[f.Name]; v := value.(type) {
		case sipsimple.Streams:
			var types []string
			for _, s := range v {
				types = append(types, s.Type())
			}
			words = append(words, fmt.Sprint(types))
		default:
			if ok && value != nil {
				words = append(words, fmt.Sprint(value))
			}
		}
	}
	return strings.Join(words, " ")
}

// call calls another party over UDP.
func (p *party) call(callee string, list ...streams.MediaStream) *sipsimple.Session {
	p.lab.t.Helper()
	return p.callVia(callee, []core.Route{{Address: p.lab.addr(callee)}}, list...)
}

func (p *party) callVia(callee string, routes []core.Route, list ...streams.MediaStream) *sipsimple.Session {
	p.lab.t.Helper()
	if len(list) == 0 {
		list = append(list, p.audio())
	}
	s := sipsimple.NewSession(p.Application, p.acc)
	to := core.Address{URI: sip.Uri{Scheme: "sip", User: callee, Host: callee + ".test"}}
	if err := s.Connect(to, routes, list, nil); err != nil {
		p.lab.t.Fatal(err)
	}
	return s
}

func (l *lab) addr(name string) string {
	if host := l.net.Lookup(name); host != nil {
		return host.Addr().String()
	}
	return name
}

func (p *party) audio() streams.MediaStream {
	p.lab.t.Helper()
	stream, err := p.NewStream("audio", p.acc)
	if err != nil {
		p.lab.t.Fatal(err)
	}
	return stream
}

// session is the latest incoming one.
func (p *party) session() *sipsimple.Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.incoming) == 0 {
		p.lab.t.Fatalf("%s has got no call", p.name)
	}
	return p.incoming[len(p.incoming)-1]
}

// expect compares all that was notified since the last expect.
func (p *party) expect(want ...string) {
	p.lab.t.Helper()
	synctest.Wait()
	p.mu.Lock()
	got := p.log
	p.log = nil
	p.mu.Unlock()
	if !slices.Equal(got, want) {
		p.lab.t.Errorf("%s was notified of\n  %s\nand should have been of\n  %s", p.name,
			strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// forget empties the logs. It returns when the last notification came.
func (p *party) forget() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log, p.incoming = nil, nil
	return p.last
}

// pass lets virtual time pass.
func pass(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
	synctest.Wait()
}

// stop ends the applications and waits for their end.
func stop(parties ...*party) {
	for _, p := range parties {
		p.Stop()
	}
	for _, p := range parties {
		<-p.Done()
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
