package core

import (
	"errors"
	"fmt"
	"net/netip"
)

// question is something that may take its time, such as a name look-up.
type question struct {
	over bool // the answer is there
	then func()
}

// Ask runs look, which may block, in a goroutine of its own and then, when that
// is over, then on exec. Answers of one instant are taken in the order of the
// questions; one that comes after Close is not taken at all. Close waits for
// look. It may be called from any goroutine.
func (e *Engine) Ask(exec Executor, look, then func()) {
	e.post(func() { e.ask(look, func() { exec.Post(then) }) })
}

// ask is Ask on the mailbox, for the mailbox.
func (e *Engine) ask(look, then func()) {
	if e.closed {
		return
	}
	q := &question{then: then}
	e.questions = append(e.questions, q)
	e.lookups.Go(func() {
		e.guarded(look)
		e.post(func() {
			q.over = true
			e.after(1, e.answerQuestions)
		})
	})
}

// answerQuestions passes the answers on that have come. Those of one instant
// are passed on in the order of the questions: which of them comes first is
// left to chance, and what is then sent must not be.
func (e *Engine) answerQuestions() {
	var open []*question
	for _, q := range e.questions {
		if q.over {
			e.post(q.then) // each for itself: see guard.go
		} else {
			open = append(open, q)
		}
	}
	e.questions = open
}

// lookup resolves a host name off the mailbox and calls f on it, unless the
// engine has closed by then. Of several addresses the first of the family of
// our own host is taken.
func (e *Engine) lookup(host string, f func(netip.Addr, error)) {
	var found []netip.Addr
	err, acting := errResolver, e.acting
	e.ask(func() { found, err = e.cfg.Resolve(host) }, func() {
		switch {
		case e.closed:
		case err != nil:
			e.acting = acting
			f(netip.Addr{}, err)
		case len(found) == 0:
			e.acting = acting
			f(netip.Addr{}, fmt.Errorf("no address for %q", host))
		default:
			e.acting = acting
			f(e.choose(found), nil)
		}
	})
}

var errInternal = errors.New("internal error")

var errResolver = errors.New("the look-up failed with an internal error")

// choose prefers an address that our host can reach.
func (e *Engine) choose(found []netip.Addr) netip.Addr {
	host := e.cfg.Host.Unmap()
	for _, addr := range found {
		if !host.IsValid() || host.IsUnspecified() || addr.Unmap().Is4() == host.Is4() {
			return addr.Unmap()
		}
	}
	return found[0].Unmap()
}
