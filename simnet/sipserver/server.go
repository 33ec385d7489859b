package sipserver

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Server is a running registrar and proxy. Its methods may be called from any goroutine.
type Server struct {
	cfg       Config
	box       executor
	transport *wire.Transport
	watched   watched
	stopped   chan struct{}

	// Everything below belongs to the mailbox.
	layer    *transaction.Layer
	random   *rand.ChaCha8
	closed   bool
	answers  map[string][]Answer // not given yet
	silenced map[string]time.Time
	nonces   *nonces
	guard    guesses
	location location
	forks    map[*transaction.Server]*fork // INVITEs that wait for a final response
}

// New opens the sockets and serves until Close.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	var seed [32]byte
	if _, err := io.ReadFull(cfg.Rand, seed[:]); err != nil {
		return nil, fmt.Errorf("sipserver: %w", err)
	}
	s := &Server{
		cfg: cfg, random: rand.NewChaCha8(seed), stopped: make(chan struct{}),
		answers: map[string][]Answer{}, guard: guesses{}, silenced: map[string]time.Time{},
		forks: map[*transaction.Server]*fork{},
	}
	for method, list := range cfg.Answers {
		s.answers[method] = append([]Answer(nil), list...)
	}
	var key [32]byte
	s.random.Read(key[:])
	s.nonces = newNonces(key[:], cfg.Realm, cfg.Nonces)
	// The first message may arrive before Listen returns; the mailbox holds it back until the server is complete.
	ready := make(chan struct{})
	s.box.Post(func() { <-ready })
	defer close(ready)
	plain, secure := cfg.ports()
	s.transport, err = wire.Listen(wire.Config{
		Net: cfg.Net, Logger: cfg.Logger, TLS: cfg.TLS, Host: cfg.Host, UDPPort: plain, TCPPort: plain, TLSPort: secure,
		Proxy: true, Rate: -1, Trace: cfg.Trace,
		Handler: func(m wire.Message) { s.box.Post(func() { s.receive(m) }) },
	})
	if err != nil {
		s.closed = true
		return nil, fmt.Errorf("sipserver: %s: %w", cfg.Name, err)
	}
	s.layer = transaction.NewLayer(transaction.LayerConfig{
		Transport: s.transport, Executor: &s.box, OnRequest: s.handleRequest, OnAck: s.handleAck, OnCancel: s.handleCancel,
	})
	return s, nil
}

// Name is the name of the server.
func (s *Server) Name() string { return s.cfg.Name }

// Addr is the address at which the server listens for "udp", "tcp" or "tls".
func (s *Server) Addr(transport string) (netip.AddrPort, bool) { return s.transport.Addr(transport) }

// Close ends everything without a word to anybody, closes the sockets and waits. Calling it again does nothing.
func (s *Server) Close() {
	s.box.Post(s.shut)
	<-s.stopped
	s.transport.Close()
	drained := make(chan struct{})
	s.box.Post(func() { close(drained) })
	<-drained
}

func (s *Server) shut() {
	if s.closed {
		return
	}
	s.closed = true
	s.layer.Close()
	close(s.stopped)
}

func (s *Server) receive(m wire.Message) {
	if !s.closed {
		s.layer.Receive(m)
	}
}

// after runs f on the mailbox in d. The function returned stops it.
func (s *Server) after(d time.Duration, f func()) (stop func()) {
	return s.layer.After(d, f)
}

// token draws a random word of 2n digits.
func (s *Server) token(n int) string {
	b := make([]byte, n)
	s.random.Read(b) // never fails
	return hex.EncodeToString(b)
}

// work is a request that waits for its final response.
type work struct {
	s   *Server
	tx  *transaction.Server
	req *sip.Request
	msg wire.Message
	rec *Request // for those who watch
}

// respond sends a response, and notes the final one.
func (w *work) respond(res *sip.Response) {
	if res.StatusCode >= 200 {
		w.s.watched.finish(w.rec, res.StatusCode)
		w.s.tell()
	}
	w.tx.Respond(res)
}

// reply sends a response of our own.
func (w *work) reply(code int, headers ...sip.Header) {
	res := wire.NewResponse(w.req, code, core.Phrase(code), w.s.token(8))
	for _, h := range headers {
		res.AppendHeader(h)
	}
	w.respond(res)
}

// handleRequest takes everything but ACK and CANCEL.
func (s *Server) handleRequest(tx *transaction.Server) {
	if s.absorb(tx) {
		return
	}
	w := &work{s: s, tx: tx, req: tx.Request(), msg: tx.Message()}
	w.rec = s.watched.add(w.msg)
	s.tell()
	w.answer()
}

// answer gives what was told beforehand, or normal service.
func (w *work) answer() {
	if a, ok := w.s.nextAnswer(string(w.req.Method)); ok {
		w.give(a)
		return
	}
	w.serve(true)
}

// handleCancel answers a CANCEL and ends the branches (RFC 3261 section 16.10).
func (s *Server) handleCancel(cancel, invite *transaction.Server) {
	if s.absorb(cancel) {
		return
	}
	w := &work{s: s, tx: cancel, req: cancel.Request(), msg: cancel.Message()}
	w.rec = s.watched.add(w.msg)
	if invite == nil {
		w.reply(sip.StatusCallTransactionDoesNotExists)
		return
	}
	w.reply(sip.StatusOK)
	if f := s.forks[invite]; f != nil {
		f.cancelledBy(w.req)
	}
}
