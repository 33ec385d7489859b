package core

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// datagramLimit is the size in octets above which a request is not sent by UDP
// as long as there is another way (RFC 3261 section 18.1.1).
const datagramLimit = 1300

// sending is a request of ours in its transaction. One that is too large for a
// datagram goes by TCP, and if nobody listens there by UDP after all.
type sending struct {
	e       *Engine
	rnd     *random
	req     *sip.Request // as it was sent last
	way     way          // it went last
	tx      *transaction.Client
	handler func(transaction.Event)

	datagram *way // to take if TCP fails; nil when there is no choice
}

// start sends a request that has no Via yet. The handler hears of the
// transaction, never before start has returned.
func (e *Engine) start(req *sip.Request, w way, rnd *random, h transaction.ClientHandler) *sending {
	s := &sending{e: e, rnd: rnd, req: req, way: w, handler: h}
	req.PrependHeader(via(w.dest.Transport, w.sentBy, rnd.branch()))
	if other, ok := e.largeWay(req, w); ok {
		s.datagram, s.way = &w, other
		s.readdress()
	}
	s.tx = e.layer.Request(s.req, s.way.dest, s.handle)
	return s
}

// largeWay is the way by TCP for a request that is too large for UDP.
func (e *Engine) largeWay(req *sip.Request, w way) (way, bool) {
	if w.dest.Transport != "udp" || !tooLarge(req) {
		return way{}, false
	}
	sentBy, err := e.sentBy("tcp", w.dest.Addr.Addr())
	if err != nil {
		return way{}, false // no TCP here
	}
	return way{wire.Destination{Transport: "tcp", Addr: w.dest.Addr}, sentBy}, true
}

func tooLarge(req *sip.Request) bool {
	octets, err := wire.Marshal(req)
	return err == nil && len(octets) > datagramLimit
}

// readdress makes the top Via say how the request goes now.
func (s *sending) readdress() {
	top := s.req.Via()
	top.Transport = strings.ToUpper(s.way.dest.Transport)
	top.Port = int(s.way.sentBy.Port())
}

func (s *sending) handle(ev transaction.Event) {
	if ev.Kind == transaction.TransportError && s.datagram != nil {
		s.req = s.req.Clone()
		s.way, s.datagram = *s.datagram, nil
		s.readdress()
		s.req.Via().Params.Add("branch", s.rnd.branch()) // another transaction
		s.tx = s.e.layer.Request(s.req, s.way.dest, s.handle)
		return
	}
	s.datagram = nil
	s.handler(ev)
}

// terminate ends the transaction without a word.
func (s *sending) terminate() {
	s.handler = func(transaction.Event) {}
	s.tx.Terminate()
}
