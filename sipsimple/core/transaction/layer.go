package transaction

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Sender hands octets to the network. *wire.Transport is one.
type Sender interface {
	// SendOctets writes one message and calls done once, from any goroutine,
	// with nil when it has been handed to the socket or with the error.
	SendOctets(data []byte, to wire.Destination, done func(error))
}

// Executor runs functions one after another.
type Executor interface {
	Post(func())
}

// LayerConfig describes a Layer. All functions are called on the executor.
type LayerConfig struct {
	Transport Sender   // required
	Executor  Executor // required: all methods of the layer and its transactions are called on it

	OnRequest       func(tx *Server)                     // a new request that is neither ACK nor CANCEL
	OnAck           func(wire.Message)                   // an ACK without transaction to absorb it: of a 2xx, or stray
	OnCancel        func(cancel *Server, invite *Server) // invite is nil when nothing matches: answer 481
	OnStrayResponse func(wire.Message)                   // a response without transaction
	MaxServers      int                                  // server transactions at a time, beyond it 503; 0 means 100 000
}

// Layer owns the transactions of one engine.
type Layer struct{ cfg LayerConfig }

// NewLayer makes a layer.
func NewLayer(cfg LayerConfig) *Layer { return &Layer{cfg: cfg} }

// Receive takes a message that arrived.
func (l *Layer) Receive(m wire.Message) {}

// Request starts a client transaction.
func (l *Layer) Request(req *sip.Request, to wire.Destination, h ClientHandler) *Client {
	return &Client{}
}

// Close ends all transactions without a word.
func (l *Layer) Close() {}
