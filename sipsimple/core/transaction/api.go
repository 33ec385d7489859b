package transaction

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// EventKind tells what happened to a client transaction.
type EventKind int

// Kinds of events.
const (
	Response       EventKind = iota // a provisional, the first final; for INVITE every 2xx, also repeated and of other forks
	Timeout                         // no final response in time (timer B or F)
	TransportError                  // the request could not be sent
)

// Event is what the user of a client transaction hears.
type Event struct {
	Kind     EventKind
	Response *sip.Response // of Response
	Message  wire.Message  // of Response
	Err      error         // of TransportError
}

// ClientHandler hears the events of one client transaction, on the executor.
type ClientHandler func(Event)

// Client is a client transaction.
type Client struct{ req *sip.Request }

// Request is the request that was sent.
func (c *Client) Request() *sip.Request { return c.req }

// Terminate ends the transaction at once; the handler hears nothing more.
func (c *Client) Terminate() {}

// Server is a server transaction.
type Server struct {
	// OnAcked is called for the ACK of a 3xx..6xx, OnAckTimeout when none came (timer H). Both may be nil.
	OnAcked      func(ack wire.Message)
	OnAckTimeout func()
	msg          wire.Message
}

// Request is the request that made the transaction.
func (s *Server) Request() *sip.Request { return s.msg.Request() }

// Message is the request with where it came from.
func (s *Server) Message() wire.Message { return s.msg }

// Respond sends a response.
func (s *Server) Respond(res *sip.Response) {}

// Terminate ends the transaction at once.
func (s *Server) Terminate() {}
