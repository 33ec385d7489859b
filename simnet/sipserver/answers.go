package sipserver

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// nextAnswer takes the next answer for a method.
func (s *Server) nextAnswer(method string) (Answer, bool) {
	if _, named := s.cfg.Answers[method]; !named {
		method = "*"
	}
	list := s.answers[method]
	if len(list) == 0 {
		return Answer{}, false
	}
	s.answers[method] = list[1:]
	return list[0], true
}

// give gives an answer that was told beforehand.
func (w *work) give(a Answer) {
	switch {
	case a.After > 0:
		later := a
		later.After = 0
		w.s.after(a.After, func() { w.give(later) })
	case a.Silent:
		w.s.silence(w.tx)
	case a.Forward:
		w.serve(false)
	default:
		w.respond(w.build(a))
		if a.Code < 200 {
			w.answer()
		}
	}
}

// build makes the response. A 2xx to REGISTER is that of the registrar, changed.
func (w *work) build(a Answer) *sip.Response {
	res := wire.NewResponse(w.req, a.Code, core.Phrase(a.Code), w.s.token(8))
	switch {
	case a.Code == 401 || a.Code == 407:
		w.s.addChallenges(res, a.Stale)
	case a.Code/100 == 2 && w.req.Method == sip.REGISTER:
		if registered := w.register(); registered.StatusCode == sip.StatusOK {
			res = registered
			res.StatusCode, res.Reason = a.Code, core.Phrase(a.Code)
		}
		claim(res, a.Expires)
	}
	if a.Reason != "" {
		res.Reason = a.Reason
	}
	for _, h := range a.Headers {
		removeAll(res, h.Name)
	}
	for _, h := range a.Headers {
		res.AppendHeader(sip.NewHeader(h.Name, h.Value))
	}
	if a.Body != "" {
		res.SetBody([]byte(a.Body))
	}
	return res
}

// claim writes another expiry into all contacts.
func claim(res *sip.Response, expires string) {
	if expires == "" {
		return
	}
	for _, h := range res.GetHeaders("contact") {
		if c, ok := h.(*sip.ContactHeader); ok {
			c.Params.Add("expires", expires)
		}
	}
}

// removeAll removes header fields whatever the case of their name.
func removeAll(msg interface {
	GetHeader(string) sip.Header
	RemoveHeader(string) bool
}, name string) {
	for h := msg.GetHeader(strings.ToLower(name)); h != nil; h = msg.GetHeader(strings.ToLower(name)) {
		msg.RemoveHeader(h.Name())
	}
}

// silence ends a transaction without a word; the copies that follow are absorbed.
func (s *Server) silence(tx *transaction.Server) {
	now := time.Now()
	for key, until := range s.silenced {
		if now.After(until) {
			delete(s.silenced, key)
		}
	}
	s.silenced[branchOf(tx.Request())] = now.Add(2 * transaction.Lifetime)
	tx.Terminate()
}

// absorb ends a copy of a request that gets no answer, or its CANCEL.
func (s *Server) absorb(tx *transaction.Server) bool {
	until, ok := s.silenced[branchOf(tx.Request())]
	if !ok || time.Now().After(until) {
		return false
	}
	tx.Terminate()
	return true
}

func branchOf(req *sip.Request) string {
	branch, _ := req.Via().Params.Get("branch")
	return branch + "\n" + req.CallID().Value()
}
