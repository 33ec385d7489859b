package ice

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/pion/stun/v4"
)

// maxMessage is the longest STUN message that is read.
const maxMessage = 1500

// IsSTUN tells STUN from RTP and RTCP by the first octets (RFC 7983).
func IsSTUN(data []byte) bool { return len(data) >= 20 && data[0] < 4 && stun.IsMessage(data) }

// decode reads a message; nil if it is none, is damaged or is absurdly long. It does not keep data.
func decode(data []byte) *stun.Message {
	if len(data) > maxMessage || !IsSTUN(data) {
		return nil
	}
	m := &stun.Message{Raw: append([]byte(nil), data...)}
	if m.Decode() != nil || m.Contains(stun.AttrFingerprint) && stun.Fingerprint.Check(m) != nil {
		return nil
	}
	return m
}

// authentic tells whether the message is signed with the password (RFC 5389 section 10.1).
func authentic(m *stun.Message, pwd string) bool {
	return m.Contains(stun.AttrMessageIntegrity) && stun.NewShortTermIntegrity(pwd).Check(m) == nil
}

// role is ICE-CONTROLLING or ICE-CONTROLLED (RFC 8445 section 7.1.3).
type role struct {
	controlling bool
	tieBreaker  uint64
}

// AddTo adds the attribute.
func (r role) AddTo(m *stun.Message) error {
	attribute := stun.AttrICEControlled
	if r.controlling {
		attribute = stun.AttrICEControlling
	}
	m.Add(attribute, binary.BigEndian.AppendUint64(nil, r.tieBreaker))
	return nil
}

func roleOf(m *stun.Message) (role, bool) {
	if value, err := m.Get(stun.AttrICEControlling); err == nil && len(value) == 8 {
		return role{true, binary.BigEndian.Uint64(value)}, true
	}
	value, err := m.Get(stun.AttrICEControlled)
	if err != nil || len(value) != 8 {
		return role{}, false
	}
	return role{false, binary.BigEndian.Uint64(value)}, true
}

// priority is the attribute PRIORITY (RFC 8445 section 7.1.1).
type priority uint32

// AddTo adds the attribute.
func (p priority) AddTo(m *stun.Message) error {
	m.Add(stun.AttrPriority, binary.BigEndian.AppendUint32(nil, uint32(p)))
	return nil
}

func priorityOf(m *stun.Message) (uint32, bool) {
	value, err := m.Get(stun.AttrPriority)
	if err != nil || len(value) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(value), true
}

// useCandidate is the flag USE-CANDIDATE (RFC 8445 section 7.1.2).
type useCandidate struct{}

// AddTo adds the attribute.
func (useCandidate) AddTo(m *stun.Message) error {
	m.Add(stun.AttrUseCandidate, nil)
	return nil
}

// mapped is the XOR-MAPPED-ADDRESS of a response, not valid if there is none.
func mapped(m *stun.Message) netip.AddrPort {
	var a stun.XORMappedAddress
	if a.GetFrom(m) != nil {
		return netip.AddrPort{}
	}
	addr, ok := netip.AddrFromSlice(a.IP)
	if !ok || a.Port <= 0 || a.Port > 65535 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(a.Port))
}

func xorMapped(a netip.AddrPort) *stun.XORMappedAddress {
	return &stun.XORMappedAddress{IP: net.IP(a.Addr().AsSlice()), Port: int(a.Port())}
}

// Indication is a binding indication, which keeps the mappings of NATs alive and asks for no answer (RFC 8445 section
// 11). Its transaction id need not be guarded against guesses, as nothing waits for an answer.
func Indication(count uint32) []byte {
	var id [stun.TransactionIDSize]byte
	binary.BigEndian.PutUint32(id[:], count)
	return build(stun.NewTransactionIDSetter(id), stun.NewType(stun.MethodBinding, stun.ClassIndication), stun.Fingerprint)
}

// build makes a message of attributes that always fit.
func build(setters ...stun.Setter) []byte {
	m, err := stun.Build(setters...)
	if err != nil {
		return nil
	}
	return m.Raw
}
