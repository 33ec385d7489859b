package transaction

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// EventKind tells what happened to a client transaction.
type EventKind int

const (
	// Response is a response: every provisional one, the first final one, and
	// for INVITE every 2xx, repetitions and those of other forks included.
	Response EventKind = iota
	// Timeout: no final response came within 64*T1 (timer F), for INVITE no
	// response at all (timer B). Nothing follows.
	Timeout
	// TransportError: the request could not be sent. Nothing follows.
	TransportError
)

// Event is what the user of a client transaction hears.
type Event struct {
	Kind     EventKind
	Response *sip.Response // of Response
	Message  wire.Message  // of Response: the same with where it came from
	Err      error         // of TransportError
}

// ClientHandler hears the events of one client transaction, on the executor
// and in order. It may call the layer.
type ClientHandler func(Event)
