package core

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
)

// ErrClosed is the error of what was under way when the engine closed.
var ErrClosed = errors.New("core: engine closed")

// Engine is one SIP endpoint: its sockets, transactions and dialogs. Its
// methods may be called from any goroutine.
type Engine struct {
	cfg       Config
	seeds     *seedSource
	transport carrier
	box       mailbox.Mailbox
	intake    intake
	lookups   sync.WaitGroup // name look-ups under way

	// The rest is touched on the mailbox only.
	rnd       *random
	layer     transactions
	closed    bool
	table     *table
	server    sip.Header           // of all responses, made when first needed
	questions []*question          // name look-ups whose answers have not been passed on
	acting    interface{ crash() } // what the function that runs is done for, nil if unknown (guard.go)
	serving   *transaction.Server  // the request that it handles
	stopped   chan struct{}        // closed when the mailbox has run the last thing
}

// carrier is what the engine needs of wire.Transport.
type carrier interface {
	transaction.Sender
	Addr(transport string) (netip.AddrPort, bool)
	Send(sip.Message, wire.Destination, func(error))
	Close()
}

// listener opens a carrier. It is wire.Listen but in tests.
type listener func(wire.Config) (carrier, error)

func listenWire(cfg wire.Config) (carrier, error) {
	t, err := wire.Listen(cfg)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// transactions is what the engine needs of transaction.Layer.
type transactions interface {
	Receive(wire.Message)
	Request(*sip.Request, wire.Destination, transaction.ClientHandler) *transaction.Client
	After(d time.Duration, f func()) (stop func())
	HasRoom(host netip.Addr, used, limit int) bool
	Close()
}

// NewEngine opens the listeners and starts to take messages. Close ends it.
func NewEngine(cfg Config) (*Engine, error) { return newEngine(cfg, listenWire) }

func newEngine(cfg Config, listen listener) (*Engine, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, seeds: &seedSource{source: cfg.Rand}, stopped: make(chan struct{})}
	e.rnd, e.table = e.seeds.fork(), newTable(e.after)
	tlsPort := cfg.TLSPort
	if cfg.TLS == nil {
		tlsPort = -1
	}
	// The first message may arrive before Listen returns; the mailbox holds it
	// back until the engine is complete.
	e.intake.ready = make(chan struct{})
	e.post(func() { <-e.intake.ready })
	defer close(e.intake.ready)
	e.transport, err = listen(wire.Config{
		Net: cfg.Net, Logger: cfg.Logger.With("component", "transport"), TLS: cfg.TLS, Host: cfg.Host, Lost: cfg.OnLost,
		UDPPort: cfg.UDPPort, TCPPort: cfg.TCPPort, TLSPort: tlsPort,
		Handler: e.take,
		Trace:   cfg.Trace,
		Server:  cfg.UserAgent,
	})
	if err != nil {
		e.closed = true
		return nil, err
	}
	e.layer = transaction.NewLayer(transaction.LayerConfig{
		Transport: e.transport, Executor: executor{e},
		OnRequest: e.handleRequest, OnAck: e.handleAck, OnCancel: e.handleCancel,
		Server: e.serverHeader,
	})
	return e, nil
}

// Close ends everything at once and without a word to any peer, closes the
// sockets and waits until nothing of the engine runs any more. No event is
// delivered after it, except those already posted to an executor. It must not
// be called on the engine's mailbox, that is, not in OnInvite.
func (e *Engine) Close() {
	e.post(e.shut)
	<-e.stopped
	e.transport.Close()
	e.lookups.Wait()
	drained := make(chan struct{})
	e.post(func() { close(drained) })
	<-drained
}

// shut runs on the mailbox. A second Close finds everything done.
func (e *Engine) shut() {
	if e.closed {
		return
	}
	e.closed = true
	e.layer.Close()
	e.table.each(func(u *usage) { u.drop() })
	e.table.eachSubscription(func(s *subscribing) { s.drop() })
	close(e.stopped)
}

// Addr is the address of the listener for "udp", "tcp" or "tls".
func (e *Engine) Addr(transport string) (netip.AddrPort, bool) { return e.transport.Addr(transport) }

// after runs f on the mailbox in d, unless the engine is closed. It is called on the
// mailbox, as is the function returned, which stops it: then f does not run any more,
// nor is it held.
func (e *Engine) after(d time.Duration, f func()) (stop func()) {
	return e.layer.After(d, f)
}
