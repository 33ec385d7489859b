package wire

import "time"

// Limits of what is read. A message beyond one of them is refused or dropped
// before anything is stored for it.
const (
	MaxMessage     = 65535 // octets of a message, body included: 513
	maxURI         = 4096  // octets of a Request-URI: 414
	maxLine        = 8192  // octets of one header field, unfolded
	maxFields      = 256   // header fields
	maxParams      = 64    // parameters of one value, or of one URI
	maxValues      = 128   // values of Via, Contact, Route or Record-Route together
	maxConnections = 1024  // connections that peers have opened,
	maxOfOne       = 256   // and that one of them has
	maxQueued      = 512   // messages that wait for one connection
	maxQueuedBytes = 4 << 20
)

// Times of stream connections.
const (
	// DialTimeout bounds a connection attempt, TLS handshake included.
	DialTimeout = 10 * time.Second
	// handshakeTimeout bounds a TLS handshake unless SetTLSTimeout says otherwise.
	handshakeTimeout = 10 * time.Second
	// stallTimeout is how long a message may take to arrive, or to be written,
	// and how long a new connection may stay without a valid message.
	stallTimeout = 32 * time.Second
	// idleTimeout closes a connection that carries nothing. Peers that need it
	// send keep-alives (RFC 5626 section 3.5.1).
	idleTimeout = 2 * time.Hour
)
