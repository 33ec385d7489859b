package streams

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/cpim"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/iscomposing"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// ReceiveChunk implements msrp.Handler. Chunks are put together; what is too large for that is refused (413).
func (s *ChatStream) ReceiveChunk(c *msrp.Chunk) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != MSRPStarted {
		return 200
	}
	if !callsdp.Receives(s.direction) {
		s.session.Report(c, 413, "")
		return 200
	}
	m, code := s.assembler.Add(c)
	if code != 200 {
		return code
	}
	if c.Flag == msrp.Aborted {
		return 200
	}
	if m != nil && len(m.Data) > 0 {
		code = s.receivedLocked(c, m)
	}
	s.session.Report(c, code, "")
	return 200
}

// receivedLocked judges a whole message and tells of it.
func (s *ChatStream) receivedLocked(c *msrp.Chunk, m *msrp.Assembled) int {
	got := ChatMessage{
		Body: m.Data, ContentType: m.ContentType, Sender: s.remoteID, Recipients: []cpim.Identity{s.localID}, Timestamp: time.Now(),
	}
	if sameType(m.ContentType, cpim.ContentType) {
		wrapped, err := cpim.Parse(m.Data)
		if err != nil {
			return 400
		}
		got.take(wrapped)
	}
	private := s.focus && len(got.Recipients) == 1 && !got.Recipients[0].Same(s.remoteID)
	if !sameType(got.ContentType, iscomposing.ContentType) {
		s.tellLater(c, ChatStreamGotMessage{Message: got, Private: private})
		return 200
	}
	d, err := iscomposing.Parse(got.Body)
	if err != nil {
		return 400
	}
	s.tellLater(c, ChatStreamGotComposingIndication{
		State: d.State(), Refresh: d.Refresh, ContentType: d.ContentType, LastActive: d.LastActive, Sender: got.Sender,
		Recipients: got.Recipients, Private: private,
	})
	return 200
}

// tellLater posts a notification when the answer to the chunk is on its way.
func (s *ChatStream) tellLater(c *msrp.Chunk, data notification.Data) {
	c.Later(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.state == MSRPStarted {
			s.env.Center.Post(s, data)
		}
	})
}

// take fills in what CPIM tells.
func (m *ChatMessage) take(wrapped *cpim.Message) {
	m.Body, m.ContentType = wrapped.Body, wrapped.ContentType
	if text, err := wrapped.Text(); err == nil && sameType(wrapped.ContentType, "text/*") {
		m.Body, m.ContentType = []byte(text), withoutCharset(wrapped.ContentType) // it is UTF-8 now
	}
	if wrapped.From != (cpim.Identity{}) {
		m.Sender = wrapped.From
	}
	if len(wrapped.To) > 0 {
		m.Recipients = wrapped.To
	}
	if !wrapped.DateTime.IsZero() {
		m.Timestamp = wrapped.DateTime
	}
	for _, subject := range wrapped.Subjects {
		if m.Subject == "" || subject.Language == "" {
			m.Subject = subject.Text
		}
	}
	m.CourtesyRecipients, m.Required, m.AdditionalHeaders = wrapped.CC, wrapped.Required, wrapped.Headers
}
