package ice

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// The components of a stream (RFC 5245 section 4.1.1.1).
const (
	RTP  = 1
	RTCP = 2
)

// Type is the type of a candidate, in the words of SDP.
type Type string

// The types (RFC 8445 section 5.1.1).
const (
	Host            Type = "host"  // an address of the party itself
	ServerReflexive Type = "srflx" // of its NAT, as a STUN server sees it
	PeerReflexive   Type = "prflx" // of its NAT, as the other party sees it
	Relayed         Type = "relay" // of a TURN server
)

// preference is the recommended one of RFC 8445 section 5.1.2.2.
func (t Type) preference() uint32 {
	switch t {
	case Host:
		return 126
	case PeerReflexive:
		return 110
	case ServerReflexive:
		return 100
	}
	return 0
}

// Candidate is an address at which a component may be reached.
type Candidate struct {
	Foundation string // the same for candidates that are of one kind and origin
	Component  int    // RTP or RTCP
	Priority   uint32
	Addr       netip.AddrPort
	Type       Type
	Related    netip.AddrPort // what a reflexive or relayed candidate was derived from; not valid for a host
}

// Priority is that of a candidate of a host with one address (RFC 8445 section 5.1.2.1).
func Priority(t Type, component int) uint32 {
	return t.preference()<<24 | 65535<<8 | uint32(256-component)
}

// hostCandidate is the address of a socket.
func hostCandidate(component int, addr netip.AddrPort) Candidate {
	return Candidate{Foundation: "H1", Component: component, Priority: Priority(Host, component), Addr: addr, Type: Host}
}

// String is the value of the attribute a=candidate (RFC 5245 section 15.1).
func (c Candidate) String() string {
	text := fmt.Sprintf("%s %d UDP %d %s %d typ %s", c.Foundation, c.Component, c.Priority, c.Addr.Addr(), c.Addr.Port(), c.Type)
	if c.Related.IsValid() {
		text += fmt.Sprintf(" raddr %s rport %d", c.Related.Addr(), c.Related.Port())
	}
	return text
}

// ParseCandidate reads the value of the attribute a=candidate. Those that this package has no use for are errors:
// another transport than UDP, a name instead of an address, an unknown type.
func ParseCandidate(value string) (Candidate, error) {
	fields := strings.Fields(value)
	if len(fields) < 8 || fields[6] != "typ" {
		return Candidate{}, fmt.Errorf("candidate %q: expected foundation, component, transport, priority, address, port, \"typ\", type",
			value)
	}
	c := Candidate{Foundation: fields[0], Type: Type(fields[7])}
	switch c.Type {
	case Host, ServerReflexive, PeerReflexive, Relayed:
	default:
		return Candidate{}, fmt.Errorf("candidate %q: unknown type %q", value, fields[7])
	}
	component, err := strconv.ParseUint(fields[1], 10, 16)
	if err != nil || component < 1 || component > 256 {
		return Candidate{}, fmt.Errorf("candidate %q: component %q is none of 1 to 256", value, fields[1])
	}
	c.Component = int(component)
	if !strings.EqualFold(fields[2], "UDP") {
		return Candidate{}, fmt.Errorf("candidate %q: transport %q is not UDP", value, fields[2])
	}
	priority, err := strconv.ParseUint(fields[3], 10, 32)
	if err != nil {
		return Candidate{}, fmt.Errorf("candidate %q: priority %q is no number of 32 bits", value, fields[3])
	}
	c.Priority = uint32(priority)
	if c.Addr, err = parseAddr(fields[4], fields[5]); err != nil {
		return Candidate{}, fmt.Errorf("candidate %q: %w", value, err)
	}
	for i := 8; i+3 < len(fields); i += 2 {
		if fields[i] == "raddr" && fields[i+2] == "rport" {
			c.Related, _ = parseAddr(fields[i+1], fields[i+3]) // of no use to us, so it may be wrong
		}
	}
	return c, nil
}

func parseAddr(addr, port string) (netip.AddrPort, error) {
	ip, err := netip.ParseAddr(addr)
	if err != nil || ip.IsUnspecified() || ip.IsMulticast() {
		return netip.AddrPort{}, fmt.Errorf("%q is no address of a host", addr)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return netip.AddrPort{}, fmt.Errorf("%q is no port", port)
	}
	return netip.AddrPortFrom(ip.Unmap().WithZone(""), uint16(n)), nil
}
