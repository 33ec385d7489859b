package core

import (
	"fmt"
	"runtime/debug"

	"github.com/emiago/sipgo/sip"
)

// A fault in the handling of one call must not take the others with it: what
// panics on the mailbox fails the call in whose name it ran, and nobody else
// notices.

// executor runs functions on the engine's mailbox; transactions use it.
type executor struct{ e *Engine }

func (x executor) Post(f func()) { x.e.post(f) }

// post runs f on the mailbox.
func (e *Engine) post(f func()) { e.box.Post(func() { e.run(f) }) }

// run runs f and survives its panic. Whoever knows in whose name something
// runs sets acting.
func (e *Engine) run(f func()) {
	e.acting, e.serving = nil, nil
	defer func() {
		if cause := recover(); cause != nil {
			e.crashed(cause)
		}
	}()
	f()
}

// crashed ends what panicked: the request at hand is refused, the call or
// subscription fails.
func (e *Engine) crashed(cause any) {
	e.logCrash(cause)
	acting, serving := e.acting, e.serving
	e.acting, e.serving = nil, nil
	if serving != nil {
		e.try(func() {
			if !serving.Answered() {
				e.reply(serving, sip.StatusInternalServerError)
			}
		})
	}
	if acting != nil {
		e.try(acting.crash)
	}
}

// try is for the cleaning up, which may panic as well.
func (e *Engine) try(f func()) {
	defer func() {
		if cause := recover(); cause != nil {
			e.logCrash(cause)
		}
	}()
	f()
}

func (e *Engine) logCrash(cause any) {
	stack := string(debug.Stack())
	e.cfg.Logger.Error("internal error", "panic", fmt.Sprint(cause), "stack", stack)
	if e.cfg.OnFault != nil {
		e.cfg.OnFault(cause, stack)
	}
}

// crash tells the owner of the call, who is expected to close it.
func (u *usage) crash() {
	if u.face == nil { // nobody is left to close it
		u.drop()
		u.e.table.remove(u)
		return
	}
	u.emit(InternalError{})
}

// remove takes everything of a usage out.
func (t *table) remove(u *usage) {
	for id, entry := range t.dialogs {
		if entry.usage == u {
			delete(t.dialogs, id)
		}
	}
	for tx, s := range t.invites {
		if s.u == u {
			delete(t.invites, tx)
			if !s.re && !s.answered {
				t.pending--
			}
		}
	}
	t.forget(u)
}

// guarded calls the application's function, which must not harm the engine. It
// reports whether the function returned.
func (e *Engine) guarded(f func()) (ok bool) {
	defer func() {
		if cause := recover(); cause != nil {
			e.logCrash(cause)
		}
	}()
	f()
	return true
}
