package ice_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
)

var stranger = netip.MustParseAddrPort("192.0.2.66:6666")

// FuzzReceive: whatever comes, an agent and a gatherer neither panic nor believe it.
func FuzzReceive(f *testing.F) {
	good, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername("a:b"), stun.NewShortTermIntegrity("x"), stun.Fingerprint)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good.Raw)
	f.Add(good.Raw[:30])
	f.Add(ice.Indication(1))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newWorld([2]nat{cone, none}, [2]bool{true, false})
		now, agent := w.now, w.ends[0].agent
		g := ice.NewGatherer(now, []netip.AddrPort{w.ends[0].base(1), w.ends[0].base(2)}, []netip.AddrPort{stranger}, rand.NewChaCha8([32]byte{}))
		for range 2 {
			agent.Receive(now, ice.RTP, stranger, data)
			g.Receive(now, ice.RTP, stranger, data)
			if out := agent.Take(); len(out) > 0 && out[0].To == stranger {
				t.Errorf("the stranger got %x", out[0].Data)
			}
			w.start(t, 0)
		}
		w.start(t, 1)
		w.run()
		if g.Done() || result(agent) != "completed srflx-host srflx-host" {
			t.Errorf("gatherer %v, agent %s", g.Done(), result(agent))
		}
	})
}

// FuzzParseCandidate: what is read is written as it was.
func FuzzParseCandidate(f *testing.F) {
	f.Add("H1 1 UDP 2130706431 192.0.2.1 49152 typ host")
	f.Add("1 2 udp 1 2001:db8::1 1 typ srflx raddr 192.168.0.1 rport 9 generation 0")
	f.Add("a 0 TCP -1 0.0.0.0 65536 typ tcp")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ice.ParseCandidate(text)
		if err != nil {
			return
		}
		if again, err := ice.ParseCandidate(c.String()); err != nil || again != c {
			t.Errorf("%q became %+v, then %+v (%v)", text, c, again, err)
		}
	})
}

// Answers of the right transaction that come from elsewhere, or that are signed wrongly, count for nothing.
func TestForgedAnswers(t *testing.T) {
	w := newWorld([2]nat{none, none}, [2]bool{true, false})
	w.start(t, 0)
	out := w.ends[0].agent.Take()
	if len(out) == 0 {
		t.Fatal("no check")
	}
	m := &stun.Message{Raw: out[0].Data}
	if err := m.Decode(); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []stun.MessageType{stun.BindingSuccess, stun.BindingError} {
		forged, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), kind, stun.CodeRoleConflict,
			&stun.XORMappedAddress{IP: []byte{192, 0, 2, 66}, Port: 6666}, stun.NewShortTermIntegrity("guess"), stun.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		w.ends[0].agent.Receive(w.now, out[0].Component, out[0].To, forged.Raw)
	}
	for _, c := range w.ends[0].agent.Checks() {
		if c.State == ice.Succeeded || c.State == ice.Failed {
			t.Errorf("a forged answer made a check %s", c.State)
		}
	}
	if !w.ends[0].agent.Controlling() {
		t.Error("a forged answer has changed the role")
	}
}

// A gatherer asks one server after another, and knows the answer by its transaction and its sender.
func TestGatherer(t *testing.T) {
	now, random := time.Unix(0, 0), rand.NewChaCha8([32]byte{1})
	bases := []netip.AddrPort{netip.MustParseAddrPort("192.168.0.1:4000"), netip.MustParseAddrPort("192.168.0.1:4001")}
	dead, alive := netip.MustParseAddrPort("192.0.2.98:3478"), netip.MustParseAddrPort("192.0.2.99:3478")
	g := ice.NewGatherer(now, bases, []netip.AddrPort{netip.MustParseAddrPort("[2001:db8::1]:3478"), dead, alive}, random)
	asked := map[netip.AddrPort]int{}
	for !g.Done() && now.Before(time.Unix(20, 0)) {
		for _, d := range g.Take() {
			asked[d.To]++
			m := &stun.Message{Raw: d.Data}
			if err := m.Decode(); err != nil || d.To == dead {
				continue
			}
			answer, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
				&stun.XORMappedAddress{IP: []byte{203, 0, 113, 1}, Port: 20000 + d.Component}, stun.Fingerprint)
			if err != nil {
				t.Fatal(err)
			}
			g.Receive(now, d.Component, dead, answer.Raw)
			g.Receive(now, 3-d.Component, alive, answer.Raw)
			if g.Done() {
				t.Error("an answer from elsewhere, or at another socket, was taken")
			}
			g.Receive(now, d.Component, alive, answer.Raw)
		}
		if at := g.Next(); !g.Done() {
			now = at
			g.Advance(now)
		}
	}
	list := g.Candidates()
	if now != time.Unix(3, 0) || asked[dead] != 6 || asked[alive] != 2 || len(list) != 4 ||
		list[1].String() != "S1 1 UDP 1694498815 203.0.113.1 20001 typ srflx raddr 192.168.0.1 rport 4000" {
		t.Errorf("after %v: asked %v, candidates %v", now.Sub(time.Unix(0, 0)), asked, list)
	}
	if c := ice.Default(list, ice.RTCP); c.Type != ice.ServerReflexive || c.Addr.Port() != 20002 {
		t.Errorf("default of RTCP: %v", c)
	}
}
