package ice_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
)

// world carries datagrams between two agents in a time of its own, each after 10 ms, through translators of addresses.
type world struct {
	now     time.Time
	ends    [2]*end
	flights []flight
	lost    func(from int, d ice.Datagram) bool
}

type flight struct {
	at        time.Time
	to        int
	from, at2 netip.AddrPort
	d         ice.Datagram
}

// end is a party: its address inside, that outside, and to whom its NAT lets pass.
type end struct {
	agent   *ice.Agent
	inside  netip.Addr
	outside netip.Addr // the same without a NAT
	strict  bool       // symmetric: another port for each receiver
	opened  map[string]bool
	ports   map[string]uint16
}

func (e *end) base(component int) netip.AddrPort {
	return netip.AddrPortFrom(e.inside, uint16(4000+component))
}

// seen is the address that the receiver sees.
func (e *end) seen(component int, to netip.AddrPort) netip.AddrPort {
	if e.inside == e.outside {
		return e.base(component)
	}
	port := uint16(20000 + component)
	if e.strict {
		key := fmt.Sprint(component, to)
		if e.ports[key] == 0 {
			e.ports[key] = uint16(30000 + len(e.ports))
		}
		port = e.ports[key]
	}
	return netip.AddrPortFrom(e.outside, port)
}

func (w *world) send(i int) {
	e := w.ends[i]
	for _, d := range e.agent.Take() {
		src := e.seen(d.Component, d.To)
		e.opened[fmt.Sprint(src, d.To)] = true
		if w.lost == nil || !w.lost(i, d) {
			w.flights = append(w.flights, flight{w.now.Add(10 * time.Millisecond), 1 - i, src, d.To, d})
		}
	}
}

// arrive hands over what its NAT lets pass.
func (w *world) arrive(f flight) {
	e := w.ends[f.to]
	for component := 1; component <= 2; component++ {
		dst := e.seen(component, f.from)
		if dst != f.at2 || e.inside != e.outside && !e.opened[fmt.Sprint(dst, f.from)] {
			continue
		}
		e.agent.Receive(w.now, component, f.from, f.d.Data)
		w.send(f.to)
	}
}

// run lets time pass until nothing happens any more.
func (w *world) run() {
	for range 10000 {
		next := time.Time{}
		for i := range w.ends {
			w.send(i)
			if at := w.ends[i].agent.Next(); !at.IsZero() && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
		if len(w.flights) > 0 && (next.IsZero() || !next.Before(w.flights[0].at)) {
			f := w.flights[0]
			w.flights = w.flights[1:]
			w.now = f.at
			w.arrive(f)
			continue
		}
		if next.IsZero() {
			return
		}
		w.now = next
		for _, e := range w.ends {
			if at := e.agent.Next(); !at.IsZero() && !at.After(w.now) {
				e.agent.Advance(w.now)
			}
		}
	}
}

type nat int

const (
	none nat = iota
	cone
	symmetric
)

func newWorld(nats [2]nat, roles [2]bool) *world {
	w := &world{now: time.Unix(0, 0)}
	for i := range 2 {
		e := &end{inside: netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), opened: map[string]bool{}, ports: map[string]uint16{}}
		e.outside = e.inside
		if nats[i] != none {
			e.inside, e.strict = netip.AddrFrom4([4]byte{192, 168, byte(i), 9}), nats[i] == symmetric
		}
		w.ends[i] = e
		random := rand.NewChaCha8([32]byte{byte(i + 1)})
		e.agent = ice.NewAgent(ice.Config{
			Credentials: ice.NewCredentials(random), Local: e.candidates(), Controlling: roles[i], Random: random,
		})
	}
	return w
}

// candidates are those that a gatherer would have found.
func (e *end) candidates() []ice.Candidate {
	var list []ice.Candidate
	for component := 1; component <= 2; component++ {
		base := e.base(component)
		list = append(list, ice.Candidate{"H1", component, ice.Priority(ice.Host, component), base, ice.Host, netip.AddrPort{}})
		if outside := e.seen(component, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 99}), 3478)); outside != base {
			list = append(list, ice.Candidate{
				"S1", component, ice.Priority(ice.ServerReflexive, component), outside, ice.ServerReflexive, base,
			})
		}
	}
	return list
}

func (w *world) start(t *testing.T, i int) {
	other := w.ends[1-i].agent
	if err := w.ends[i].agent.Start(w.now, ice.Remote{Credentials: other.Credentials(), Candidates: other.Local()}); err != nil {
		t.Fatal(err)
	}
}

// result says how an agent ended: the types of both candidates of each component.
func result(a *ice.Agent) string {
	text := map[ice.State]string{ice.Idle: "idle", ice.Running: "running", ice.Completed: "completed", ice.Broken: "broken"}[a.State()]
	for _, c := range a.Components() {
		if local, remote, ok := a.Selected(c); ok {
			text += fmt.Sprintf(" %s-%s", local.Type, remote.Type)
		}
	}
	return text
}

// What two parties find through NATs. Those of cones are port-restricted: they let in who was sent to.
func TestThroughNATs(t *testing.T) {
	for _, c := range []struct {
		a, b nat
		want [2]string
		by   time.Duration
	}{
		{none, none, [2]string{"completed host-host host-host", "completed host-host host-host"}, 200 * time.Millisecond},
		{cone, none, [2]string{"completed srflx-host srflx-host", "completed host-srflx host-srflx"}, time.Second},
		{cone, cone, [2]string{"completed srflx-srflx srflx-srflx", "completed srflx-srflx srflx-srflx"}, time.Second},
		{symmetric, none, [2]string{"completed prflx-host prflx-host", "completed host-prflx host-prflx"}, time.Second},
		{symmetric, cone, [2]string{"broken", "broken"}, 11 * time.Second}, // the cone lets in only whom it has sent to
		{symmetric, symmetric, [2]string{"broken", "broken"}, 11 * time.Second},
	} {
		w := newWorld([2]nat{c.a, c.b}, [2]bool{true, false})
		w.start(t, 1)
		w.now = w.now.Add(30 * time.Millisecond)
		w.start(t, 0)
		w.run()
		for i, e := range w.ends {
			if got := result(e.agent); got != c.want[i] {
				t.Errorf("%v %v: agent %d: %s, want %s", c.a, c.b, i, got, c.want[i])
			}
		}
		if took := w.now.Sub(time.Unix(0, 0)); took > c.by {
			t.Errorf("%v %v: took %v", c.a, c.b, took)
		}
	}
}

// The answerer's checks may come before its answer.
func TestEarlyChecks(t *testing.T) {
	w := newWorld([2]nat{cone, none}, [2]bool{true, false})
	w.start(t, 1)
	w.ends[0].agent.Take()
	w.now = w.now.Add(3 * time.Second)
	w.ends[1].agent.Advance(w.now)
	w.run()
	if got := result(w.ends[1].agent); got != "broken" {
		t.Errorf("the answerer alone: %s", got)
	}
}

// Whatever is lost, both end in the same way, and with a fifth lost they find each other.
func TestLoss(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		w := newWorld([2]nat{nat(seed % 2), nat(seed / 2 % 2)}, [2]bool{true, false})
		w.lost = func(int, ice.Datagram) bool { return random.IntN(5) == 0 }
		w.start(t, 1)
		w.start(t, 0)
		w.run()
		for i, e := range w.ends {
			if e.agent.State() != ice.Completed {
				t.Errorf("seed %d: agent %d: %s", seed, i, result(e.agent))
			}
		}
	}
}

// Two parties that believe to be the same agree which of them controls.
func TestRoleConflict(t *testing.T) {
	for _, both := range []bool{true, false} {
		w := newWorld([2]nat{cone, cone}, [2]bool{both, both})
		w.start(t, 1)
		w.start(t, 0)
		w.run()
		a, b := w.ends[0].agent, w.ends[1].agent
		if !strings.HasPrefix(result(a), "completed") || !strings.HasPrefix(result(b), "completed") || a.Controlling() == b.Controlling() {
			t.Errorf("both controlling %v: %s %v, %s %v", both, result(a), a.Controlling(), result(b), b.Controlling())
		}
	}
}

// The same chance makes the same octets.
func TestSameChanceSameOctets(t *testing.T) {
	run := func() (log []string) {
		w := newWorld([2]nat{cone, symmetric}, [2]bool{true, false})
		w.lost = func(from int, d ice.Datagram) bool {
			log = append(log, fmt.Sprintf("%v %d %v %x", w.now.UnixNano(), from, d.To, d.Data))
			return false
		}
		w.start(t, 1)
		w.start(t, 0)
		w.run()
		return log
	}
	if a, b := run(), run(); !slices.Equal(a, b) || len(a) < 10 {
		t.Errorf("two runs differ: %d and %d datagrams", len(a), len(b))
	}
}
