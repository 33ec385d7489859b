package core

import (
	"errors"
	"fmt"
	"net/netip"
)

// question is a look-up under way.
type question struct {
	host  string
	found []netip.Addr
	err   error
	over  bool // the answer is there
	f     func(netip.Addr, error)
}

// lookup resolves a host name off the mailbox and calls f on it, unless the
// engine has closed by then. Of several addresses the first of the family of
// our own host is taken.
func (e *Engine) lookup(host string, f func(netip.Addr, error)) {
	if e.closed {
		return
	}
	q := &question{host: host, f: f}
	e.questions = append(e.questions, q)
	e.lookups.Go(func() {
		found, err := e.resolve(host)
		e.post(func() {
			q.found, q.err, q.over = found, err, true
			e.after(1, e.answerQuestions)
		})
	})
}

// answerQuestions passes the answers on that have come. Those of one instant
// are passed on in the order of the questions: which of them comes first is
// left to chance, and what is then sent must not be.
func (e *Engine) answerQuestions() {
	var answered, open []*question
	for _, q := range e.questions {
		if q.over {
			answered = append(answered, q)
		} else {
			open = append(open, q)
		}
	}
	e.questions = open
	for _, q := range answered {
		q.f(e.chosen(q))
	}
}

func (e *Engine) chosen(q *question) (netip.Addr, error) {
	switch {
	case q.err != nil:
		return netip.Addr{}, q.err
	case len(q.found) == 0:
		return netip.Addr{}, fmt.Errorf("no address for %q", q.host)
	default:
		return e.choose(q.found), nil
	}
}

// resolve asks the function of the configuration, which may be the application's.
func (e *Engine) resolve(host string) (found []netip.Addr, err error) {
	if !e.guarded(func() { found, err = e.cfg.Resolve(host) }) {
		err = errResolver
	}
	return found, err
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
