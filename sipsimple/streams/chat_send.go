package streams

import (
	"slices"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/cpim"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/iscomposing"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// ChatOptions are what a message may have besides its body. All need CPIM but the content type.
type ChatOptions struct {
	ContentType        string          // default text/plain
	Recipients         []cpim.Identity // default: the peer
	CourtesyRecipients []cpim.Identity
	Subject            string
	Timestamp          time.Time // default: now
	Required           []string
	AdditionalHeaders  []cpim.Header
}

// chatOut is a message that we send.
type chatOut struct {
	msrp.Outgoing
	info  MSRPMessage
	told  bool // DidSendMessage is posted
	spans msrp.Spans
}

// SendMessage sends a message and returns its id; what becomes of it is notified. Before MediaStreamDidStart it is
// queued, and then cannot be wrapped in CPIM: that is not negotiated yet. An error is a *[ChatStreamError] or an
// *[IllegalStateError]. Options may be nil.
func (s *ChatStream) SendMessage(body []byte, options *ChatOptions) (string, error) {
	o := ChatOptions{}
	if options != nil {
		o = *options
	}
	if o.ContentType == "" {
		o.ContentType = "text/plain"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	contentType, data, err := s.wrapLocked(body, &o)
	if err != nil {
		return "", err
	}
	return s.sendLocked(msrp.Outgoing{ContentType: contentType, Data: data, SuccessReport: true})
}

// SendComposingIndication tells that the user is writing ("active") or no longer ("idle"); refresh is after how many
// seconds an active one is told again, 0 for not told, lastActive when the user last wrote, zero for now. It is not
// reported.
func (s *ChatStream) SendComposingIndication(state string, refresh int, lastActive time.Time, recipients []cpim.Identity) (string, error) {
	if state != "active" && state != "idle" || refresh < 0 {
		return "", &ChatStreamError{"state must be active or idle, refresh not negative"}
	}
	if lastActive.IsZero() {
		lastActive = time.Now()
	}
	d := iscomposing.Document{Active: state == "active", Refresh: refresh, LastActive: lastActive, ContentType: "text"}
	s.mu.Lock()
	defer s.mu.Unlock()
	contentType, data, err := s.wrapLocked(d.Marshal(), &ChatOptions{ContentType: iscomposing.ContentType, Recipients: recipients})
	if err != nil {
		return "", err
	}
	return s.sendLocked(msrp.Outgoing{ContentType: contentType, Data: data, FailureReport: msrp.FailurePartial})
}

// wrapLocked checks what may be sent and makes the body of it.
func (s *ChatStream) wrapLocked(body []byte, o *ChatOptions) (string, []byte, error) {
	switch s.state {
	case MSRPFailed, MSRPEnded:
		return "", nil, &IllegalStateError{Method: "SendMessage", State: string(s.state)}
	}
	if !callsdp.Sends(s.direction) {
		return "", nil, &ChatStreamError{"the stream only receives"}
	}
	others := slices.ContainsFunc(o.Recipients, func(id cpim.Identity) bool { return !id.Same(s.remoteID) })
	if !s.cpim || s.state != MSRPStarted {
		return s.plainLocked(body, o, others)
	}
	switch {
	case others && !s.private:
		return "", nil, &ChatStreamError{"private messages are not allowed"}
	case !msrp.Accepts(fields(s.theirWraps), o.ContentType) && s.theirWraps != "",
		s.theirWraps == "" && !msrp.Accepts(fields(s.theirTypes), o.ContentType):
		return "", nil, &ChatStreamError{"the peer does not take " + o.ContentType}
	}
	m := cpim.Message{
		From: s.localID, To: o.Recipients, CC: o.CourtesyRecipients, DateTime: o.Timestamp, Required: o.Required,
		Headers: o.AdditionalHeaders, ContentType: withCharset(o.ContentType), Body: body,
	}
	if len(m.To) == 0 {
		m.To = []cpim.Identity{s.remoteID}
	}
	if m.DateTime.IsZero() {
		m.DateTime = time.Now()
	}
	if o.Subject != "" {
		m.Subjects = []cpim.Subject{{Text: o.Subject}}
	}
	return cpim.ContentType, m.Append(nil), nil
}

// plainLocked is a body without CPIM.
func (s *ChatStream) plainLocked(body []byte, o *ChatOptions, others bool) (string, []byte, error) {
	types := chatAcceptTypes
	if s.theirTypes != "" {
		types = s.theirTypes
	}
	switch {
	case !msrp.Accepts(fields(types), o.ContentType):
		return "", nil, &ChatStreamError{"the peer does not take " + o.ContentType}
	case others, o.Subject != "", !o.Timestamp.IsZero(), len(o.CourtesyRecipients) > 0, len(o.Required) > 0, len(o.AdditionalHeaders) > 0:
		return "", nil, &ChatStreamError{"only a message wrapped in CPIM has recipients and headers"}
	}
	return o.ContentType, slices.Clone(body), nil
}

// sendLocked queues a message. The order of the calls is that on the wire.
func (s *ChatStream) sendLocked(o msrp.Outgoing) (string, error) {
	if o.Data == nil {
		o.Data = []byte{}
	}
	out := chatOut{Outgoing: o}
	id, err := s.nextIDLocked()
	if err != nil {
		return "", err
	}
	out.ID = id
	out.info = MSRPMessage{MessageID: id, ContentType: o.ContentType, Size: int64(len(o.Data))}
	if o.SuccessReport {
		s.unresolved[id] = &out
		s.outOrder = append(s.outOrder, id)
	}
	if s.state == MSRPStarted {
		s.session.Send(out.Outgoing)
	} else {
		s.waiting = append(s.waiting, out)
	}
	return id, nil
}

// nextIDLocked makes a message id.
func (s *ChatStream) nextIDLocked() (string, error) {
	if s.ids == nil {
		ids, err := msrp.NewIDs(s.env.Rand)
		if err != nil {
			return "", &ChatStreamError{err.Error()}
		}
		s.ids = ids
	}
	return s.ids.New(), nil
}

func (s *ChatStream) startedLocked() {
	for _, out := range s.waiting {
		s.session.Send(out.Outgoing)
	}
	s.waiting = nil
}

// MessageSent implements msrp.Handler.
func (s *ChatStream) MessageSent(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if out := s.unresolved[id]; out != nil {
		s.tellSentLocked(out)
	}
}

func (s *ChatStream) tellSentLocked(out *chatOut) {
	if !out.told {
		out.told = true
		s.env.Center.Post(s, ChatStreamDidSendMessage{Message: out.info})
	}
}

// ReceiveReport implements msrp.Handler. A message that is reported in parts is delivered with the last of them.
func (s *ChatStream) ReceiveReport(r msrp.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.unresolved[r.MessageID]
	if out == nil {
		return
	}
	if r.Code == 200 && r.Range.End != msrp.Unknown {
		out.spans.Add(r.Range.Start, r.Range.End)
		if !out.spans.Covers(1, out.info.Size) {
			return
		}
	}
	s.resolveLocked(out, r.Code, r.Comment)
}

// MessageFailed implements msrp.Handler.
func (s *ChatStream) MessageFailed(id string, code int, comment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if out := s.unresolved[id]; out != nil {
		s.resolveLocked(out, code, comment)
	}
}

// resolveLocked is the end of a message.
func (s *ChatStream) resolveLocked(out *chatOut, code int, reason string) {
	delete(s.unresolved, out.info.MessageID)
	for len(s.outOrder) > 0 && s.unresolved[s.outOrder[0]] == nil {
		s.outOrder = s.outOrder[1:]
	}
	if code == 200 {
		s.tellSentLocked(out)
		s.env.Center.Post(s, ChatStreamDidDeliverMessage{out.info.MessageID, out.info, code, reason})
		return
	}
	s.env.Center.Post(s, ChatStreamDidNotDeliverMessage{out.info.MessageID, out.info, code, reason})
}

func (*ChatStream) endingLocked() {}
func (*ChatStream) await()        {}

// endLocked leaves no message without its fate.
func (s *ChatStream) endLocked() {
	for _, id := range slices.Clone(s.outOrder) {
		if out := s.unresolved[id]; out != nil {
			s.resolveLocked(out, 408, msrp.Comment(408))
		}
	}
	s.waiting = nil
}
