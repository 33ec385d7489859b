package natdetect

// Type is the kind of NAT, in the words of the attribute local_nat_type of the application.
type Type string

// The kinds. Unknown is for nothing known yet, ErrUnknown for answers that make no sense.
const (
	Unknown        Type = "unknown"
	ErrUnknown     Type = "errunknown"
	Open           Type = "open"          // no NAT, no filter
	Blocked        Type = "blocked"       // no answer at all: UDP does not pass
	SymmetricUDP   Type = "symmetric udp" // no NAT, a filter
	FullCone       Type = "full cone"     // anyone may answer
	Symmetric      Type = "symmetric"     // another address outside for each receiver
	Restricted     Type = "restricted"    // hosts that were addressed may answer
	PortRestricted Type = "port restricted"
)
