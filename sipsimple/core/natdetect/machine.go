package natdetect

import (
	"errors"
	"net/netip"
)

// ErrNoAlternate tells that the server has no second address: the kind of NAT cannot be found with it.
var ErrNoAlternate = errors.New("the STUN server has no other address")

// errOtherSilent: the second address of the server does not answer, so the mappings cannot be compared.
var errOtherSilent = errors.New("the other address of the STUN server does not answer")

// test is one binding request.
type test struct {
	to                        netip.AddrPort
	changeAddress, changePort bool
}

// answer is what came of a test.
type answer struct {
	ok            bool // false: nothing came
	mapped, other netip.AddrPort
}

// step is a place in the flow chart of RFC 3489 section 10.1.
type step int

const (
	firstTest   step = iota // I: which address do we have outside?
	changedTest             // II: may others answer?
	otherTest               // I again, to the server's other address
	portTest                // III: may another port answer?
)

// machine walks through the flow chart. Its first test is first(); each answer gives the next one, or the result.
type machine struct {
	local, server netip.AddrPort
	step          step
	mapped, other netip.AddrPort
}

func (m *machine) first() test { return test{to: m.server} }

// next takes the answer to the last test. done tells that the result is there; err says why it is ErrUnknown.
func (m *machine) next(a answer) (t test, result Type, done bool, err error) {
	switch m.step {
	case firstTest:
		return m.begin(a)
	case changedTest:
		switch {
		case m.mapped == m.local && a.ok:
			return t, Open, true, nil
		case m.mapped == m.local:
			return t, SymmetricUDP, true, nil
		case a.ok:
			return t, FullCone, true, nil
		}
		m.step = otherTest
		return test{to: m.other}, "", false, nil
	case otherTest:
		switch {
		case !a.ok:
			return t, ErrUnknown, true, errOtherSilent
		case a.mapped != m.mapped:
			return t, Symmetric, true, nil
		}
		m.step = portTest
		return test{to: m.server, changePort: true}, "", false, nil
	}
	if a.ok {
		return t, Restricted, true, nil
	}
	return t, PortRestricted, true, nil
}

func (m *machine) begin(a answer) (t test, result Type, done bool, err error) {
	switch {
	case !a.ok:
		return t, Blocked, true, nil
	case !a.other.IsValid() || a.other.Addr() == m.server.Addr() || a.other.Port() == m.server.Port():
		return t, ErrUnknown, true, ErrNoAlternate
	}
	m.step, m.mapped, m.other = changedTest, a.mapped, a.other
	return test{to: m.server, changeAddress: true, changePort: true}, "", false, nil
}
