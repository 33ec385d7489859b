package msrp

import (
	"mime"
	"strconv"
	"strings"
)

// Report sends a REPORT about octets of a message that came in, if the peer wants one: success only if it asked for it,
// failure unless it declined (RFC 4975 section 7.1.2).
func (s *Session) Report(c *Chunk, code int, comment string) {
	if code == 200 && !c.SuccessReport || code != 200 && c.FailureReport == FailureNo {
		return
	}
	if comment == "" {
		comment = Comment(code)
	}
	m := Message{
		TransactionID: s.ids.New(), Method: "REPORT", ToPath: c.fromPath, FromPath: s.paths.from,
		Fields: []Field{
			{"Message-ID", c.MessageID}, {"Byte-Range", c.Range.String()}, {"Status", "000 " + strconv.Itoa(code) + " " + comment},
		},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
	case s.holding:
		s.held = m.Append(s.held)
		s.heldEnds = append(s.heldEnds, len(s.held))
	default:
		s.controlLocked(&m)
	}
}

// holdReports keeps reports that the handler sends in ReceiveChunk until the response is out.
func (s *Session) holdReports() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = true
}

// releaseReports queues them. The writer is not woken for them if more are to come.
func (s *Session) releaseReports(more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dead {
		for _, end := range s.heldEnds {
			s.controlEnds = append(s.controlEnds, len(s.control)+end)
		}
		s.control = append(s.control, s.held...)
	}
	s.holding, s.held, s.heldEnds = false, s.held[:0], s.heldEnds[:0]
	if s.closing || !more && len(s.control) > 0 {
		s.wakeLocked()
	}
}

// Accepts tells whether a media type fits one of the patterns "*", "type/*" and "type/subtype", without regard to case
// and parameters (RFC 4975 section 8.6).
func Accepts(patterns []string, contentType string) bool {
	name, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		name, _, _ = strings.Cut(contentType, ";")
		name = strings.ToLower(strings.TrimSpace(name))
	}
	for _, pattern := range patterns {
		pattern = strings.ToLower(pattern)
		prefix, any := strings.CutSuffix(pattern, "*")
		if pattern == name || any && (prefix == "" || strings.HasSuffix(prefix, "/") && strings.HasPrefix(name, prefix)) {
			return true
		}
	}
	return false
}
