package transaction

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Client is a client transaction. Its methods are called on the executor.
type Client struct {
	req *sip.Request
	tx  *clientTx
}

// Request is the request that was sent.
func (c *Client) Request() *sip.Request { return c.req }

// Terminate ends the transaction at once and without a word on the wire; the
// handler hears nothing more. It is for an INVITE that rings on without a final
// response after CANCEL (RFC 3261 section 9.1). Calling it again does nothing.
func (c *Client) Terminate() {
	c.tx.handler = func(Event) {}
	c.tx.forget()
}

// clientTx is what the layer holds. After the final response that is the key
// and the octets of the ACK; an INVITE in state Accepted keeps its handler.
type clientTx struct {
	shell
	to      wire.Destination
	handler ClientHandler
	req     *sip.Request // to build the ACK of; nil after the final response
	octets  []byte       // the request; nil after the final response
	ack     []byte
	sent    func(error)
}

func newClientTx(l *Layer, req *sip.Request, to wire.Destination, h ClientHandler) *clientTx {
	c := &clientTx{to: to, handler: h, req: req}
	c.layer, c.user = l, c
	c.sent = func(err error) {
		if err != nil {
			l.cfg.Executor.Post(func() { c.run(input{kind: inTransportError}, wire.Message{}, err) })
		}
	}
	if req.Method == sip.INVITE {
		c.machine = &inviteClient{reliable: to.Reliable()}
	} else {
		c.machine = &nonInviteClient{reliable: to.Reliable()}
	}
	return c
}

func (c *clientTx) fire(t timer) { c.run(input{kind: inTimer, timer: t}, wire.Message{}, nil) }

func (c *clientTx) receive(m wire.Message) {
	c.run(input{kind: inMessage, code: m.Response().StatusCode}, m, nil)
}

// run gives an input to the machine and does what it wants. The user is told
// last, so that it finds the transaction in its new state.
func (c *clientTx) run(in input, m wire.Message, err error) {
	if c.layer.closed || c.machine.current() == terminated {
		return
	}
	var buf [6]output
	for _, o := range c.machine.step(in, buf[:0]) {
		switch o.kind {
		case outSend:
			c.layer.cfg.Transport.SendOctets(c.octets, c.to, c.sent)
		case outAck:
			c.sendAck(m)
		case outStart:
			c.start(o.timer, o.after)
		case outStop:
			c.stop(o.timer)
		case outTerminate:
			c.forget()
		case outDeliver:
			c.release()
			c.handler(Event{Kind: Response, Response: m.Response(), Message: m})
		case outTimeout:
			c.handler(Event{Kind: Timeout})
		case outTransportError:
			c.handler(Event{Kind: TransportError, Err: err})
		}
	}
}

// sendAck acknowledges a refusal. The same octets go out for each copy of it.
func (c *clientTx) sendAck(m wire.Message) {
	if c.ack == nil {
		ack, err := wire.Marshal(ackOf(c.req, m.Response()))
		if err != nil {
			c.sent(err)
			return
		}
		c.ack = ack
	}
	c.layer.cfg.Transport.SendOctets(c.ack, c.to, c.sent)
}

// release drops what nobody needs after a final response.
func (c *clientTx) release() {
	switch c.machine.current() {
	case accepted, completed, terminated:
		c.req, c.octets = nil, nil
	}
}

func (c *clientTx) forget() {
	c.stopAll()
	c.release()
	if c.layer.clients[c.key] == c {
		delete(c.layer.clients, c.key)
	}
}
