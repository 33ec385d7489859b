package core

import (
	"net/netip"
	"sync/atomic"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// maxWaiting is how many messages may wait for the mailbox: work for less than half
// a second.
const maxWaiting = 4096

// intake counts the messages that wait for the mailbox.
type intake struct {
	ready   chan struct{} // closed when there is a layer to ask
	waiting atomic.Int64
	full    atomic.Bool // that has been logged
}

// take posts a message that has arrived. When more come than can be handled some are
// lost, as in the network, those of strangers first.
func (e *Engine) take(m wire.Message) {
	if !e.admits(m.Source.Addr()) {
		if e.intake.full.CompareAndSwap(false, true) {
			e.cfg.Logger.Warn("messages come faster than they can be handled: some are dropped")
		}
		return
	}
	e.intake.waiting.Add(1)
	e.box.Post(func() {
		if e.intake.waiting.Add(-1) == 0 {
			e.intake.full.Store(false)
		}
		e.run(func() { e.receive(m) })
	})
}

func (e *Engine) admits(host netip.Addr) bool {
	waiting := int(e.intake.waiting.Load())
	select {
	case <-e.intake.ready:
		return e.layer.HasRoom(host, waiting, maxWaiting)
	default:
		return waiting < maxWaiting
	}
}

func (e *Engine) receive(m wire.Message) {
	if !e.closed {
		e.layer.Receive(m)
	}
}
