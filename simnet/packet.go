package simnet

import (
	"net/netip"
	"time"
)

// Proto is the transport protocol of a packet.
type Proto string

// The protocols of the network.
const (
	UDP Proto = "udp"
	TCP Proto = "tcp"
)

// Packet is one UDP datagram or TCP segment as taps and faults see it. Of a TCP stream the packets that are not a Copy
// are the stream, in order and without gaps, whether they were lost at first or not: TCP repeats what was lost.
type Packet struct {
	// Sent is the instant of the Write call (for the repetition of a lost segment, of the repetition).
	Sent time.Time
	// Arrives is the instant at which the packet reaches the other host; zero when it is lost. Packets that would
	// arrive in one instant do so one after another, a nanosecond apart.
	Arrives time.Time
	// From and To are names of hosts. To is empty when nobody has the address.
	From, To string
	Src, Dst netip.AddrPort
	Proto    Proto
	// Control is "" for data, otherwise what the segment is there for: "SYN", "SYN-ACK", "ACK", "FIN" or "RST".
	Control string
	// Data is what was written. Taps may keep it, nobody may change it; predicates of faults must not keep it.
	Data []byte
	// Lost tells that the packet does not arrive (loss, a cut, a fault, nobody at the address).
	Lost bool
	// Copy tells that the network made this packet itself: a duplicate, or the repetition of a lost TCP segment.
	Copy bool
	// Corrupted tells that the receiver gets other octets than Data. A corrupted TCP segment is Lost.
	Corrupted bool
}

// Kind tells what the packet carries. See [Classify]; ports tell DNS.
func (p *Packet) Kind() Kind {
	if p.Src.Port() == portDNS || p.Dst.Port() == portDNS {
		return Kind{Protocol: DNS}
	}
	return Classify(p.Data)
}

const portDNS = 53
