package sipserver

import (
	"encoding/hex"
	"hash/fnv"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// handleAck forwards the ACK of a 2xx, without a transaction (RFC 3261 section 16.11). Copies get the same branch.
func (s *Server) handleAck(m wire.Message) {
	if h := m.Request().MaxForwards(); h != nil && h.Val() == 0 || !s.cfg.Proxy {
		return
	}
	req := m.Request().Clone()
	s.takeRoutes(req)
	b, _ := s.location.byGRUU(req.Recipient, time.Now())
	switch {
	case b != nil:
		req.Recipient = *b.contact.Address.Clone()
	case req.Route() == nil && s.isOwn(req.Recipient):
		return // of a 2xx that we have made up
	default:
		b = s.location.byContact(req.Recipient, time.Now())
	}
	decrement(req)
	dest, err := s.nextHop(req, b, m.Transport)
	if err != nil || s.isSelf(dest) {
		return
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(branchOf(req)))
	strictRoute(req)
	s.addVia(req, dest.Transport, "z9hG4bK"+hex.EncodeToString(h.Sum(nil)))
	s.transport.Send(req, dest, nil)
}
