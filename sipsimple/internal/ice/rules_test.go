package ice_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
)

// checkOf is a check that agent to gets from the other one, with what else it says.
func checkOf(t *testing.T, from, to *ice.Agent, more ...stun.Setter) []byte {
	setters := []stun.Setter{
		stun.TransactionID, stun.BindingRequest, stun.NewUsername(to.Credentials().Ufrag + ":" + from.Credentials().Ufrag),
		stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{0x6E, 0, 0, 1}},
	}
	setters = append(append(setters, more...), stun.NewShortTermIntegrity(to.Credentials().Pwd), stun.Fingerprint)
	m, err := stun.Build(setters...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// role is an attribute, with a number that wins no conflict.
func role(kind stun.AttrType) stun.RawAttribute {
	return stun.RawAttribute{Type: kind, Value: make([]byte, 8)}
}

var useCandidate = stun.RawAttribute{Type: stun.AttrUseCandidate}

func stateOf(a *ice.Agent, to netip.AddrPort) ice.PairState {
	for _, c := range a.Checks() {
		if c.Destination.Addr == to {
			return c.State
		}
	}
	return ""
}

// Who meets a party that makes no checks itself controls (RFC 8445 section 6.1.1).
func TestLite(t *testing.T) {
	w := newWorld([2]nat{none, none}, [2]bool{false, false})
	a, b := w.ends[0].agent, w.ends[1].agent
	if err := a.Start(w.now, ice.Remote{Credentials: b.Credentials(), Candidates: b.Local(), Lite: true}); err != nil || !a.Controlling() {
		t.Errorf("%v, controlling %t", err, a.Controlling())
	}
}

// A check that comes before the peer's candidates are known is answered, and remembered: its address is tried.
func TestEarlyCheckIsRemembered(t *testing.T) {
	w := newWorld([2]nat{none, none}, [2]bool{true, false})
	a, b := w.ends[0].agent, w.ends[1].agent
	outside := netip.MustParseAddrPort("203.0.113.9:999")
	a.Receive(w.now, ice.RTP, outside, checkOf(t, b, a, role(stun.AttrICEControlled)))
	if out := a.Take(); len(out) != 1 || out[0].To != outside {
		t.Fatalf("answered with %v", out)
	}
	w.start(t, 0)
	if stateOf(a, outside) == "" {
		t.Errorf("checks %+v", a.Checks())
	}
	for i := range 100 { // but not any number of them
		b.Receive(w.now, ice.RTP, netip.AddrPortFrom(outside.Addr(), uint16(1000+i)), checkOf(t, a, b, role(stun.AttrICEControlling)))
	}
	w.start(t, 1)
	if n := len(b.Checks()); n > 2+16 {
		t.Errorf("%d pairs", n)
	}
}

// A check must name both parties as soon as both are known (RFC 8445 section 7.3).
func TestUserNames(t *testing.T) {
	w := newWorld([2]nat{none, none}, [2]bool{true, false})
	a, b := w.ends[0].agent, w.ends[1].agent
	w.start(t, 0)
	a.Take()
	from := w.ends[1].base(ice.RTP)
	for name, answered := range map[string]bool{
		a.Credentials().Ufrag + ":" + b.Credentials().Ufrag: true, a.Credentials().Ufrag + ":other": false, "other:" + b.Credentials().Ufrag: false,
		a.Credentials().Ufrag: false,
	} {
		m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(name), stun.RawAttribute{Type: stun.AttrPriority, Value: make([]byte, 4)},
			role(stun.AttrICEControlled), stun.NewShortTermIntegrity(a.Credentials().Pwd), stun.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		a.Receive(w.now, ice.RTP, from, m.Raw)
		if out := a.Take(); (len(out) > 0) != answered {
			t.Errorf("%q is answered with %d datagrams", name, len(out))
		}
	}
}

// Only who controls nominates (RFC 8445 section 7.3.1.5).
func TestNominationByTheWrongSide(t *testing.T) {
	for _, controlling := range []bool{true, false} {
		w := newWorld([2]nat{none, none}, [2]bool{controlling, !controlling})
		a, b := w.ends[0].agent, w.ends[1].agent
		if err := a.Start(w.now, ice.Remote{Credentials: b.Credentials(), Candidates: b.Local()[:1]}); err != nil {
			t.Fatal(err)
		}
		kind := stun.AttrICEControlling
		if controlling {
			kind = stun.AttrICEControlled
		}
		to := w.ends[1].base(ice.RTP)
		checks := a.Take()
		a.Receive(w.now, ice.RTP, to, checkOf(t, b, a, role(kind), useCandidate))
		b.Receive(w.now, ice.RTP, w.ends[0].base(ice.RTP), checks[0].Data)
		for _, answer := range b.Take() {
			a.Receive(w.now, ice.RTP, to, answer.Data)
		}
		nominated := a.Checks()[0].Nominated
		if stateOf(a, to) != ice.Succeeded || nominated == controlling {
			t.Errorf("controlling %t: %+v", controlling, a.Checks())
		}
	}
}

// An answer from another address than was asked, and a refusal that is no conflict of roles, are the end of a check (RFC
// 8445 sections 7.2.5.1 and 7.2.5.2).
func TestAnswersThatEndACheck(t *testing.T) {
	for name, answer := range map[string]struct {
		kind stun.MessageType
		from string // "": who was asked
		code stun.ErrorCode
		want ice.PairState
	}{
		"good":                 {stun.BindingSuccess, "", 0, ice.Succeeded},
		"from elsewhere":       {stun.BindingSuccess, "192.0.2.66:6", 0, ice.Failed},
		"refused":              {stun.BindingError, "", stun.CodeBadRequest, ice.Failed},
		"refused for the role": {stun.BindingError, "", stun.CodeRoleConflict, ice.InProgress},
	} {
		w := newWorld([2]nat{none, none}, [2]bool{true, false})
		a, b := w.ends[0].agent, w.ends[1].agent
		if err := a.Start(w.now, ice.Remote{Credentials: b.Credentials(), Candidates: b.Local()[:1]}); err != nil {
			t.Fatal(err)
		}
		sent := a.Take()[0]
		asked := &stun.Message{Raw: sent.Data}
		if err := asked.Decode(); err != nil {
			t.Fatal(err)
		}
		setters := []stun.Setter{stun.NewTransactionIDSetter(asked.TransactionID), answer.kind, &stun.XORMappedAddress{IP: []byte{192, 0, 2, 1}, Port: 4001}}
		if answer.code != 0 {
			setters = append(setters, answer.code)
		}
		m, err := stun.Build(append(setters, stun.NewShortTermIntegrity(b.Credentials().Pwd), stun.Fingerprint)...)
		if err != nil {
			t.Fatal(err)
		}
		from := sent.To
		if answer.from != "" {
			from = netip.MustParseAddrPort(answer.from)
		}
		w.now = w.now.Add(30 * time.Millisecond)
		a.Receive(w.now, ice.RTP, from, m.Raw)
		if got := stateOf(a, sent.To); got != answer.want {
			t.Errorf("%s: %s, want %s", name, got, answer.want)
		}
		if a.Controlling() == (answer.code == stun.CodeRoleConflict) {
			t.Errorf("%s: controlling %t", name, a.Controlling())
		}
	}
}

// A peer cannot make us check more than a hundred pairs.
func TestManyCandidates(t *testing.T) {
	w := newWorld([2]nat{none, none}, [2]bool{true, false})
	a, b := w.ends[0].agent, w.ends[1].agent
	list := b.Local()
	for port := range uint16(500) {
		c := list[0]
		c.Addr = netip.AddrPortFrom(c.Addr.Addr(), 10000+port)
		list = append(list, c)
	}
	if err := a.Start(w.now, ice.Remote{Credentials: b.Credentials(), Candidates: list}); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Checks()); n != 100 {
		t.Errorf("%d pairs", n)
	}
}

// A STUN server that sees the address of the socket itself adds nothing (RFC 8445 section 5.1.3).
func TestGathererWithoutNAT(t *testing.T) {
	now, server := time.Unix(0, 0), netip.MustParseAddrPort("192.0.2.99:3478")
	bases := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("192.0.2.1:4001")}
	g := ice.NewGatherer(now, bases, []netip.AddrPort{server}, rand.NewChaCha8([32]byte{1}))
	for _, d := range g.Take() {
		m := &stun.Message{Raw: d.Data}
		if err := m.Decode(); err != nil {
			t.Fatal(err)
		}
		answer, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
			&stun.XORMappedAddress{IP: []byte{192, 0, 2, 1}, Port: 3999 + d.Component}, stun.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		g.Receive(now, d.Component, server, answer.Raw)
	}
	if list := g.Candidates(); !g.Done() || len(list) != 2 || list[0].Type != ice.Host || list[1].Type != ice.Host {
		t.Errorf("done %t, candidates %v", g.Done(), list)
	}
}
