package sipserver

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// maxWatched is how many requests are remembered: the first ones.
const maxWatched = 100_000

// Request is a request that has reached the server. Copies (retransmissions) and ACK do not count, CANCEL does.
type Request struct {
	At        time.Time
	Method    string
	URI       string // Request-URI
	From, To  string // URIs
	CallID    string
	Source    netip.AddrPort
	Transport string
	Code      int // of the final response, 0 while there is none
}

// Binding is a contact that is registered.
type Binding struct {
	AOR       string // user@host
	Contact   string // URI
	Expires   time.Time
	CallID    string
	CSeq      uint32
	Source    netip.AddrPort // where the REGISTER came from
	Transport string
}

// watched is what may be looked at from outside the mailbox.
type watched struct {
	mu       sync.Mutex
	requests []*Request
	bindings map[string][]Binding // by address of record
}

// Requests are those received so far, in order.
func (s *Server) Requests() []Request {
	s.watched.mu.Lock()
	defer s.watched.mu.Unlock()
	list := make([]Request, len(s.watched.requests))
	for i, r := range s.watched.requests {
		list[i] = *r
	}
	return list
}

// Bindings are the contacts that are registered now, sorted by address of record, those of one in the order they came.
func (s *Server) Bindings() []Binding {
	s.watched.mu.Lock()
	defer s.watched.mu.Unlock()
	now := time.Now()
	var list []Binding
	for _, aor := range slices.Sorted(maps.Keys(s.watched.bindings)) {
		for _, b := range s.watched.bindings[aor] {
			if now.Before(b.Expires) {
				list = append(list, b)
			}
		}
	}
	return list
}

func (w *watched) add(m wire.Message) *Request {
	req := m.Request()
	r := &Request{
		At: m.Received, Method: string(req.Method), URI: req.Recipient.String(),
		From: req.From().Address.String(), To: req.To().Address.String(), CallID: req.CallID().Value(),
		Source: m.Source, Transport: m.Transport,
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) < maxWatched {
		w.requests = append(w.requests, r)
	}
	return r
}

// finish notes the first final response.
func (w *watched) finish(r *Request, code int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Code == 0 {
		r.Code = code
	}
}

// setBindings notes what is registered for an address of record.
func (w *watched) setBindings(aor string, list []Binding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bindings == nil {
		w.bindings = map[string][]Binding{}
	}
	w.bindings[aor] = list
}

// tell tells whoever watches.
func (s *Server) tell() {
	if s.cfg.Changed != nil {
		s.cfg.Changed()
	}
}
