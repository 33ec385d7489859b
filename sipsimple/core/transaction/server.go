package transaction

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Server is a server transaction. Its methods and fields are used on the
// executor.
type Server struct {
	// OnAcked is called for the ACK of a 3xx..6xx. May be nil.
	OnAcked func(ack wire.Message)
	// OnAckTimeout is called when no ACK of a 3xx..6xx came within 64*T1
	// (timer H). May be nil.
	OnAckTimeout func()

	msg wire.Message
	tx  *serverTx
}

// Request is the request that made the transaction.
func (s *Server) Request() *sip.Request { return s.msg.Request() }

// Message is that request with where it came from.
func (s *Server) Message() wire.Message { return s.msg }

// Respond sends a response to where the request came from. A 1xx may be sent as
// often as wanted before the final response; a 2xx to INVITE as often as wanted
// after the first, since its repetition is the user's (RFC 3261 section
// 13.3.1.4). A 3xx..6xx to INVITE is repeated here until its ACK. What comes
// after the final response is ignored.
func (s *Server) Respond(res *sip.Response) { s.tx.respond(res) }

// Answered reports whether a final response has been sent.
func (s *Server) Answered() bool {
	switch s.tx.machine.current() {
	case idle, trying, proceeding:
		return false
	}
	return true
}

// Done tells that the user needs the transaction of a 2xx to INVITE no more: it
// has been acknowledged. What goes on absorbing copies of the INVITE is small;
// Request and Message are empty from now on.
func (s *Server) Done() { s.msg, s.tx.last = wire.Message{}, nil }

// Terminate ends the transaction at once; a request that comes again makes a
// new one. Calling it again does nothing.
func (s *Server) Terminate() {
	s.OnAcked, s.OnAckTimeout = nil, nil
	s.tx.forget()
}

// serverTx is what the layer holds: after the final response to a request other
// than INVITE that is the key and the octets of the response.
type serverTx struct {
	shell
	server *Server // nil once a request other than INVITE has been answered
	to     wire.Destination
	last   []byte // response to repeat
	next   []byte // response of the user at hand
	old    bool   // matched by the rules of RFC 2543
	toTag  string // of the final response, for those rules only: it may be part of a whole message
}

func newServerTx(l *Layer, m wire.Message) *serverTx {
	s := &serverTx{server: &Server{msg: m}, to: wire.ResponseDestination(m)}
	s.server.tx = s
	s.layer, s.user = l, s
	if m.Request().Method == sip.INVITE {
		s.machine = &inviteServer{reliable: s.to.Reliable()}
	} else {
		s.machine = &nonInviteServer{reliable: s.to.Reliable()}
	}
	return s
}

func (s *serverTx) respond(res *sip.Response) {
	if s.server == nil {
		return // answered before
	}
	octets, err := wire.Marshal(res)
	if err != nil { // the application put a line end into a header field
		req := s.server.Request()
		res = s.layer.response(req, sip.StatusInternalServerError, "Server Internal Error", wire.StatelessTag(req))
		if octets, err = wire.Marshal(res); err != nil {
			return
		}
	}
	if to := res.To(); s.old && to != nil && !s.server.Answered() {
		s.toTag, _ = to.Params.Get("tag")
	}
	s.next = octets
	s.run(input{kind: inRespond, code: res.StatusCode}, wire.Message{})
	s.next = nil
}

func (s *serverTx) fire(t timer) { s.run(input{kind: inTimer, timer: t}, wire.Message{}) }

// step is that of the machine, called so that the compiler knows which it is and
// lets out be memory of the stack.
func (s *serverTx) step(in input, out []output) []output {
	if m, ok := s.machine.(*inviteServer); ok {
		return m.step(in, out)
	}
	return s.machine.(*nonInviteServer).step(in, out)
}

// run gives an input to the machine and does what it wants, telling the user last.
func (s *serverTx) run(in input, m wire.Message) {
	if s.layer.closed || s.machine.current() == terminated {
		return
	}
	var buf [6]output
	for _, o := range s.step(in, buf[:0]) {
		switch o.kind {
		case outSend:
			s.send()
		case outSendTrying:
			s.sendTrying()
		case outStart:
			s.start(o.timer, o.after)
		case outStop:
			s.stop(o.timer)
		case outTerminate:
			s.forget()
		case outDeliver:
			s.deliver(in, m)
		case outAckTimeout:
			if s.server.OnAckTimeout != nil {
				s.server.OnAckTimeout()
			}
		}
	}
	if s.machine.current() == completed && in.kind == inRespond {
		s.release()
	}
}

func (s *serverTx) send() {
	if s.next != nil {
		s.last, s.next = s.next, nil
	}
	s.layer.cfg.Transport.SendOctets(s.last, s.to, nil)
}

func (s *serverTx) sendTrying() {
	octets, err := wire.Marshal(s.layer.response(s.server.Request(), sip.StatusTrying, "Trying", ""))
	if err != nil {
		return
	}
	s.next = octets
	s.send()
}

// deliver tells the user of a new request, or of an ACK.
func (s *serverTx) deliver(in input, m wire.Message) {
	switch {
	case in.kind == inStart:
		s.layer.announce(s.server)
	case s.machine.current() == accepted:
		s.layer.stray(m)
	case s.server.OnAcked != nil:
		s.server.OnAcked(m)
	}
}

// release drops the request, except that of INVITE: a late CANCEL has to find
// its transaction.
func (s *serverTx) release() {
	if _, ok := s.machine.(*inviteServer); !ok {
		s.server = nil
	}
}

func (s *serverTx) forget() {
	s.stopAll()
	if s.layer.servers[s.key] == s {
		delete(s.layer.servers, s.key)
		if len(s.layer.servers) == 0 {
			s.layer.servers = map[string]*serverTx{} // a map does not shrink
		}
	}
}
