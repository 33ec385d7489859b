package core

import (
	"errors"
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

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
)

const latency = 10 * time.Millisecond

// lab is a network in memory: every datagram arrives after 10 ms, each at an
// instant of its own, unless copies has something else in mind.
type lab struct {
	t       *testing.T
	start   time.Time
	nodes   map[netip.AddrPort]func(wire.Message)
	sent    int
	trace   []string                                           // "12ms 192.0.2.1 > 192.0.2.2 INVITE 1"
	copies  func(from, to netip.AddrPort, msg sip.Message) int // how often a message arrives; nil means once
	refuse  map[netip.AddrPort]bool                            // sending there fails
	ends    []func()
	hostile bool       // answers need not be well formed
	noTCP   bool       // nobody listens there
	byTCP   []string   // what was sent by TCP
	mu      sync.Mutex // guards the rest
}

// inLab runs a test in a bubble with a lab, and ends what it made.
func inLab(t *testing.T, body func(l *lab)) {
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t, start: time.Now(), nodes: map[netip.AddrPort]func(wire.Message){}, refuse: map[netip.AddrPort]bool{}}
		body(l)
		for _, end := range l.ends {
			end()
		}
	})
}

func (l *lab) exclusively(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// sendAny sends octets that need not be a message.
func (l *lab) sendAny(from netip.AddrPort, host, data string) {
	to := netip.AddrPortFrom(netip.MustParseAddr(host), 5060)
	if r := wire.Inspect([]byte(data), false, from); r.Verdict == wire.Accept {
		l.send(from, to, []byte(data), nil)
	}
}

func (l *lab) send(from, to netip.AddrPort, data []byte, done func(error)) {
	var deliver func(wire.Message)
	var err error
	copies, number := 1, 0
	r := wire.Inspect(data, false, from)
	l.exclusively(func() {
		l.sent++
		number = l.sent
		l.trace = append(l.trace, fmt.Sprintf("%v %s > %s %s", time.Since(l.start).Truncate(time.Millisecond), from.Addr(), to.Addr(), describe(data)))
		if l.refuse[to] {
			err = errors.New("connection refused")
			return
		}
		if l.copies != nil && r.Msg != nil {
			copies = l.copies(from, to, r.Msg)
		}
		deliver = l.nodes[to]
	})
	if done != nil {
		done(err)
	}
	if deliver == nil {
		return
	}
	if r.Verdict != wire.Accept {
		if l.hostile {
			return // an answer made of what a hostile peer sent may be anything
		}
		l.t.Errorf("not well formed (%s):\n%s", r.Reason, data)
		return
	}
	for i := range copies {
		time.AfterFunc(latency*time.Duration(i+1)+time.Duration(number), func() {
			msg := wire.Inspect(data, false, from).Msg
			deliver(wire.Message{Msg: msg, Source: from, Local: to, Transport: "udp", Received: time.Now()})
		})
	}
}

// describe is the start line in short: a method and number, or a code and both.
func describe(data []byte) string {
	lines := strings.Split(string(data), "\r\n")
	cseq := ""
	for _, line := range lines {
		if v, ok := strings.CutPrefix(line, "CSeq: "); ok {
			cseq = v
		}
	}
	number, method, _ := strings.Cut(cseq, " ")
	if code, ok := strings.CutPrefix(lines[0], "SIP/2.0 "); ok {
		return code[:3] + " " + method + " " + number
	}
	return method + " " + number
}

// wireLog are the messages sent, in order, without times.
func (l *lab) wireLog() []string {
	var out []string
	l.exclusively(func() {
		for _, line := range l.trace {
			_, rest, _ := strings.Cut(line, " ")
			out = append(out, rest)
		}
	})
	return out
}

func (l *lab) at(text string) []string {
	var at []string
	l.exclusively(func() {
		for _, line := range l.trace {
			if when, rest, _ := strings.Cut(line, " "); strings.Contains(rest, text) {
				at = append(at, when)
			}
		}
	})
	return at
}

// fakeCarrier is a node of the lab.
type fakeCarrier struct {
	l    *lab
	addr netip.AddrPort
}

func (c *fakeCarrier) Addr(transport string) (netip.AddrPort, bool) {
	return c.addr, transport == "udp" || transport == "tcp"
}

func (c *fakeCarrier) Send(msg sip.Message, to wire.Destination, done func(error)) {
	octets, err := wire.Marshal(msg)
	if err != nil {
		c.l.t.Errorf("marshal: %v", err)
		return
	}
	c.SendOctets(octets, to, done)
}

func (c *fakeCarrier) SendOctets(data []byte, to wire.Destination, done func(error)) {
	if to.Transport == "tcp" {
		refused := false
		c.l.exclusively(func() {
			c.l.byTCP = append(c.l.byTCP, describe(data))
			refused = c.l.noTCP
		})
		if refused {
			done(errors.New("connection refused"))
			return
		}
	}
	c.l.send(c.addr, to.Addr, data, done)
}

func (c *fakeCarrier) Close() { c.l.exclusively(func() { delete(c.l.nodes, c.addr) }) }

// noNet is a network whose look-ups fail; the engines of the lab need no more.
type noNet struct{ transport.Net }

// seeded is a source of randomness that repeats.
func seeded(seed uint64) *rand.ChaCha8 {
	var s [32]byte
	s[0] = byte(seed)
	return rand.NewChaCha8(s)
}

// engine opens an engine at 192.0.2.n:5060.
func (l *lab) engine(n int, change func(*Config)) *Engine {
	addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})
	cfg := Config{
		Net: noNet{}, Rand: seeded(uint64(n)), Host: addr, UserAgent: fmt.Sprintf("agent %d", n),
		Resolve: func(host string) ([]netip.Addr, error) {
			if host == "late.test" {
				time.Sleep(time.Second)
				return []netip.Addr{netip.MustParseAddr("192.0.2.2")}, nil
			}
			return nil, errors.New("no such host")
		},
	}
	if change != nil {
		change(&cfg)
	}
	e, err := newEngine(cfg, func(w wire.Config) (carrier, error) {
		c := &fakeCarrier{l, netip.AddrPortFrom(addr, 5060)}
		l.exclusively(func() { l.nodes[c.addr] = w.Handler })
		return c, nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.ends = append(l.ends, e.Close)
	return e
}

// party is a user of an invitation: it keeps its events and may react to them.
type party struct {
	box    mailbox.Mailbox
	mu     sync.Mutex    // guards events
	inv    *Invitation   // the last one
	all    []*Invitation // of a callee
	again  bool          // invited more than once
	events []InvitationEvent
	react  func(InvitationEvent)
}

func (p *party) HandleInvitation(event InvitationEvent) {
	p.mu.Lock()
	p.events = append(p.events, event)
	p.mu.Unlock()
	if p.react != nil {
		p.react(event)
	}
}

// do runs f on the party's executor and lets everything settle.
func (p *party) do(f func(*Invitation)) {
	p.box.Post(func() { f(p.call()) })
	synctest.Wait()
}

// call is the last invitation, nil while there is none.
func (p *party) call() *Invitation {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inv
}

// heard are the events so far.
func (p *party) heard() []InvitationEvent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.events)
}

// names are the kinds of the events so far, with codes.
func (p *party) names() string {
	var names []string
	for _, event := range p.heard() {
		name := strings.TrimPrefix(fmt.Sprintf("%T", event), "core.")
		switch e := event.(type) {
		case Provisional:
			name += fmt.Sprint(e.Code)
		case Rejected:
			name += fmt.Sprint(e.Code)
		case Accepted:
			if e.Cancelled {
				name += "Cancelled"
			}
		case ByeDone:
			name += fmt.Sprint(e.Code)
		case Refused:
			name += fmt.Sprint(e.Code)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func (p *party) expect(t *testing.T, want string) {
	t.Helper()
	if got := p.names(); got != want {
		t.Errorf("events\n got %s\nwant %s", got, want)
	}
}

// answering makes the engine's callee: each call goes to the party returned,
// which reacts with on.
func answering(p *party, on func(*Invitation)) func(*Config) {
	return func(cfg *Config) {
		cfg.OnInvite = func(i *Invitation) {
			p.mu.Lock()
			p.inv = i
			p.all = append(p.all, i)
			p.mu.Unlock()
			i.Attach(&p.box, p)
			if on != nil {
				p.box.Post(func() { on(i) })
			}
		}
	}
}

func address(text string) Address {
	a, err := ParseAddress(text)
	if err != nil {
		panic(err)
	}
	return a
}

// caller makes a party with an invitation to bob.
func (l *lab) caller(e *Engine, change func(*OutgoingParams)) *party {
	p := &party{}
	params := OutgoingParams{From: address(`"Alice" <sip:alice@a.test>`), To: address("<sip:bob@b.test>")}
	if change != nil {
		change(&params)
	}
	p.inv = e.NewInvitation(&p.box, p, params)
	return p
}

// acknowledging is the reaction of a caller that takes the call.
func acknowledging(p *party) func(InvitationEvent) {
	return func(event InvitationEvent) {
		if a, ok := event.(Accepted); ok && !a.Cancelled {
			p.inv.Acknowledge(nil)
		}
	}
}

var offer = []byte("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")

func toBob(host string) Attempt {
	return Attempt{Route: Route{Address: host}, Contact: sip.Uri{User: "alice"}, SDP: offer}
}
