package msrp

import "time"

// Times of the protocol.
const (
	responseTimeout  = 30 * time.Second // RFC 4975 section 7.1.1
	defaultTimeout   = 10 * time.Second // each of connect, handshake, bind, AUTH
	defaultKeepAlive = 60 * time.Second
	stallTimeout     = 30 * time.Second // a message or a write that does not get on
	flushTimeout     = 2 * time.Second
	lingerTimeout    = time.Second
)

// Limits of what waits for the peer.
const (
	maxPending = 1024    // chunks without response
	maxControl = 1 << 20 // octets of responses and reports
)

// transaction is a request that waits for its response. All is guarded by the session's lock.
type transaction struct {
	id       string
	deadline time.Time // zero while its chunk is being written
	message  *outgoing // of a SEND with a body
	partial  bool      // no response means success
	done     func(response)
}

// response is what a transaction came to.
type response struct {
	code    int
	comment string
	fields  func(name string) string // nil without a response
}

// awaitLocked registers a request. Partial ones are forgotten beyond a number: most are never answered.
func (s *Session) awaitLocked(t *transaction) {
	s.transactions[t.id] = t
	if t.partial {
		return
	}
	s.pending++
}

// armLocked starts the 30 s: the request is on its way.
func (s *Session) armLocked(t *transaction) {
	if s.transactions[t.id] != t {
		return // answered before its end
	}
	t.deadline = time.Now().Add(responseTimeout)
	s.expiring = append(s.expiring, t)
	for t.partial && len(s.expiring) > 2*maxPending && s.expiring[0].partial {
		delete(s.transactions, s.expiring[0].id)
		s.expiring = s.expiring[1:]
	}
	if s.timer == nil {
		s.timer = time.AfterFunc(responseTimeout, s.expire)
	} else if !s.timing {
		s.timer.Reset(responseTimeout)
	}
	s.timing = true
}

// forgetLocked ends a transaction.
func (s *Session) forgetLocked(t *transaction) {
	delete(s.transactions, t.id)
	if !t.partial {
		s.pending--
		s.wakeLocked()
	}
	for len(s.expiring) > 0 && s.transactions[s.expiring[0].id] != s.expiring[0] {
		s.expiring[0] = nil
		s.expiring = s.expiring[1:]
	}
}

// expire ends the transactions whose time is over.
func (s *Session) expire() {
	var over []*transaction
	now := time.Now()
	s.mu.Lock()
	s.timing = false
	for len(s.expiring) > 0 && !s.dead {
		t := s.expiring[0]
		if s.transactions[t.id] == t {
			if t.deadline.After(now) {
				s.timer.Reset(t.deadline.Sub(now))
				s.timing = true
				break
			}
			over = append(over, t)
			s.forgetLocked(t)
			continue
		}
		s.expiring = s.expiring[1:]
	}
	s.mu.Unlock()
	for _, t := range over {
		if !t.partial {
			s.conclude(t, response{code: 408, comment: Comment(408)})
		}
	}
}

// answered takes a response that came in. Strays are nobody's.
func (s *Session) answered(h *Head) {
	s.mu.Lock()
	t := s.transactions[string(h.TransactionID)]
	if t == nil {
		s.mu.Unlock()
		return
	}
	s.forgetLocked(t)
	s.mu.Unlock()
	s.conclude(t, response{h.Code, string(h.Comment), func(name string) string { return string(h.Field(name)) }})
}

func (s *Session) conclude(t *transaction, r response) {
	switch {
	case t.done != nil:
		t.done(r)
	case r.code != 200:
		s.failMessage(t.message, r.code, r.comment)
	}
}

// failMessage reports the failure of a message once and keeps the rest of it.
func (s *Session) failMessage(m *outgoing, code int, comment string) {
	s.mu.Lock()
	first := !m.failed && !s.closing
	m.failed, m.over = true, true
	s.wakeLocked()
	s.mu.Unlock()
	if h := s.running(); first && h != nil {
		if comment == "" {
			comment = Comment(code)
		}
		h.MessageFailed(m.ID, code, comment)
	}
}
