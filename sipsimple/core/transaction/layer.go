package transaction

import (
	"errors"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Sender hands octets to the network. *wire.Transport is one.
type Sender interface {
	// SendOctets writes one message and calls done (may be nil) once, from any
	// goroutine, with nil when it has been handed to the socket or with the
	// error. It must not block.
	SendOctets(data []byte, to wire.Destination, done func(error))
}

// Executor runs functions one after another.
type Executor interface {
	Post(func())
}

// LayerConfig describes a Layer. All its functions are called on the executor;
// each may be nil except Transport and Executor.
type LayerConfig struct {
	Transport Sender
	Executor  Executor // all methods of the layer and its transactions are called on it

	OnRequest       func(tx *Server)                     // a new request that is neither ACK nor CANCEL
	OnAck           func(ack wire.Message)               // an ACK that no transaction absorbs: that of a 2xx, or a stray one
	OnCancel        func(cancel *Server, invite *Server) // invite is nil when nothing matches (answer 481); the answer is the user's
	OnStrayResponse func(res wire.Message)               // a response without transaction
	MaxServers      int                                  // server transactions at a time (see HasRoom), more are refused 503; 0 means 100 000
	Server          func() sip.Header                    // the Server header of responses that the layer makes itself
}

// errNoBranch is a fault of our own caller.
var errNoBranch = errors.New("request without branch in its top Via")

// Layer owns the transactions of one engine.
type Layer struct {
	cfg     LayerConfig
	clients map[string]*clientTx
	servers map[string]*serverTx
	timers  timerQueue
	known   acquaintances
	closed  bool
}

// NewLayer makes a layer. It holds no goroutine; its timers end with Close.
func NewLayer(cfg LayerConfig) *Layer {
	if cfg.MaxServers == 0 {
		cfg.MaxServers = 100_000
	}
	return &Layer{cfg: cfg, clients: map[string]*clientTx{}, servers: map[string]*serverTx{}, timers: timerQueue{post: cfg.Executor.Post}}
}

// Receive takes a message that arrived. Called on the executor.
func (l *Layer) Receive(m wire.Message) {
	if l.closed {
		return
	}
	if res := m.Response(); res != nil {
		l.receiveResponse(m, res)
		return
	}
	req := m.Request()
	switch req.Method {
	case sip.ACK:
		l.receiveAck(m, req)
	default:
		l.receiveRequest(m, req)
	}
}

func (l *Layer) receiveResponse(m wire.Message, res *sip.Response) {
	if c := l.clients[clientKey(res)]; c != nil {
		if res.IsSuccess() && c.req != nil && !c.req.To().Params.Has("tag") {
			l.known.add(m.Source.Addr())
		}
		c.receive(m)
		return
	}
	if l.cfg.OnStrayResponse != nil {
		l.cfg.OnStrayResponse(m)
	}
}

// receiveAck: by the rules of RFC 2543 an ACK also carries the To tag of the
// response it acknowledges (RFC 3261 section 17.2.3).
func (l *Layer) receiveAck(m wire.Message, req *sip.Request) {
	key, old := serverKey(req, sip.INVITE)
	s := l.servers[key]
	if s == nil {
		l.stray(m)
		return
	}
	if tag, _ := req.To().Params.Get("tag"); old && tag != s.toTag {
		l.stray(m)
		return
	}
	s.run(input{kind: inAck}, m)
}

func (l *Layer) receiveRequest(m wire.Message, req *sip.Request) {
	key, old := serverKey(req, req.Method)
	if s := l.servers[key]; s != nil {
		s.run(input{kind: inMessage}, m)
		return
	}
	if !l.HasRoom(m.Source.Addr(), len(l.servers), l.cfg.MaxServers) {
		l.refuse(m, req)
		return
	}
	s := newServerTx(l, m)
	s.key, s.old = key, old
	l.servers[key] = s
	s.run(input{kind: inStart}, m)
}

// refuse answers 503 without a transaction.
func (l *Layer) refuse(m wire.Message, req *sip.Request) {
	res := l.response(req, sip.StatusServiceUnavailable, "Service Unavailable", wire.StatelessTag(req))
	res.AppendHeader(sip.NewHeader("Retry-After", "30"))
	if octets, err := wire.Marshal(res); err == nil {
		l.cfg.Transport.SendOctets(octets, wire.ResponseDestination(m), nil)
	}
}

// response makes a response that is not the user's.
func (l *Layer) response(req *sip.Request, code int, phrase, toTag string) *sip.Response {
	res := wire.NewResponse(req, code, phrase, toTag)
	if l.cfg.Server != nil {
		res.AppendHeader(l.cfg.Server())
	}
	return res
}

// announce tells the user of a new transaction.
func (l *Layer) announce(s *Server) {
	if s.Request().Method != sip.CANCEL {
		if l.cfg.OnRequest != nil {
			l.cfg.OnRequest(s)
		}
		return
	}
	if l.cfg.OnCancel == nil {
		return
	}
	key, _ := serverKey(s.Request(), sip.INVITE)
	var invite *Server
	if tx := l.servers[key]; tx != nil {
		invite = tx.server
	}
	l.cfg.OnCancel(s, invite)
}

// stray tells the user of an ACK that is not absorbed.
func (l *Layer) stray(ack wire.Message) {
	if l.cfg.OnAck != nil {
		l.cfg.OnAck(ack)
	}
}

// Request sends a request in a client transaction; the handler hears what comes
// of it, never before Request has returned. The request needs a unique branch
// in its top Via and must not be changed afterwards. Called on the executor.
func (l *Layer) Request(req *sip.Request, to wire.Destination, h ClientHandler) *Client {
	c := newClientTx(l, req, to, h)
	client := &Client{req: req, tx: c}
	octets, err := wire.Marshal(req)
	c.key = clientKey(req)
	if err == nil && c.key == "" {
		err = errNoBranch
	}
	if err != nil {
		l.cfg.Executor.Post(func() { h(Event{Kind: TransportError, Err: err}) })
		return client
	}
	c.octets = octets
	l.clients[c.key] = c
	c.run(input{kind: inStart}, wire.Message{}, nil)
	return client
}

// Len is the number of transactions held, client and server.
func (l *Layer) Len() int { return len(l.clients) + len(l.servers) }

// Close ends all transactions without a word, on the wire or to their users.
// Called on the executor.
func (l *Layer) Close() {
	l.closed = true
	l.timers.close()
	for _, c := range l.clients {
		c.stopAll()
	}
	for _, s := range l.servers {
		s.stopAll()
	}
	clear(l.clients)
	clear(l.servers)
}
