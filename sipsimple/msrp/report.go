package msrp

import (
	"fmt"
	"mime"
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
			{"Message-ID", c.MessageID}, {"Byte-Range", c.Range.String()}, {"Status", fmt.Sprintf("000 %03d %s", code, comment)},
		},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
	case s.holding:
		s.held = append(s.held, m.Append(nil))
	default:
		s.controlLocked(m.Append(nil))
	}
}

// holdReports keeps reports that the handler sends in ReceiveChunk until the response is out.
func (s *Session) holdReports() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = true
}

func (s *Session) releaseReports() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, report := range s.held {
		s.controlLocked(report)
		s.held[i] = nil
	}
	s.holding, s.held = false, s.held[:0]
	if s.closing {
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
