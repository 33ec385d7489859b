package account

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// summaryType is the media type of a message summary.
const summaryType = "application/simple-message-summary"

// MessageSummary is what a server tells of waiting messages (RFC 3842 section
// 5.2).
type MessageSummary struct {
	MessagesWaiting bool
	MessageAccount  string              // URI of the mailbox, "" if it is not told
	Summaries       map[string]Messages // by class in lower case: voice-message, fax-message …
	Headers         map[string]string   // more headers, by name in lower case
}

// Messages is how many messages of one class wait.
type Messages struct{ New, Old, NewUrgent, OldUrgent int }

// maxSummary bounds the lines of a summary.
const maxSummary = 200

// ParseMessageSummary reads the body of a NOTIFY.
func ParseMessageSummary(body []byte) (*MessageSummary, error) {
	s := &MessageSummary{Summaries: map[string]Messages{}, Headers: map[string]string{}}
	lines := strings.Split(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n")
	if len(lines) > maxSummary {
		return nil, errors.New("message summary: too many lines")
	}
	waiting := false
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if !ok {
			return nil, fmt.Errorf("message summary: line %q has no colon", line)
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case name == "messages-waiting":
			waiting = true
			yes := strings.EqualFold(value, "yes")
			if !yes && !strings.EqualFold(value, "no") {
				return nil, fmt.Errorf("message summary: %q is neither yes nor no", value)
			}
			s.MessagesWaiting = yes
		case name == "message-account":
			s.MessageAccount = value
		case strings.HasSuffix(name, "-message") || name == "none":
			m, err := parseMessages(value)
			if err != nil {
				return nil, err
			}
			s.Summaries[name] = m
		default:
			s.Headers[name] = value
		}
	}
	if !waiting {
		return nil, errors.New("message summary: it does not say whether messages are waiting")
	}
	return s, nil
}

// parseMessages reads "2/8 (0/2)": new and old ones, and those that are urgent.
func parseMessages(text string) (Messages, error) {
	var m Messages
	all, urgent, _ := strings.Cut(text, "(")
	var err1, err2 error
	m.New, m.Old, err1 = parsePair(all)
	if urgent != "" {
		m.NewUrgent, m.OldUrgent, err2 = parsePair(strings.TrimSuffix(strings.TrimSpace(urgent), ")"))
	}
	if err := errors.Join(err1, err2); err != nil {
		return Messages{}, fmt.Errorf("message summary: %q is no count such as 2/8 (0/2)", text)
	}
	return m, nil
}

func parsePair(text string) (first, second int, err error) {
	a, b, _ := strings.Cut(text, "/")
	first, err1 := strconv.Atoi(strings.TrimSpace(a))
	second, err2 := strconv.Atoi(strings.TrimSpace(b))
	if first < 0 || second < 0 {
		return 0, 0, errors.New("negative")
	}
	return first, second, errors.Join(err1, err2)
}

// account is the mailbox without scheme, "" if it is not told.
func (s *MessageSummary) account() string {
	uri := strings.Trim(s.MessageAccount, "<>")
	for _, scheme := range []string{"sip:", "sips:"} {
		if rest, ok := strings.CutPrefix(uri, scheme); ok {
			return rest
		}
	}
	return ""
}

// FieldValue is what matchers of notifications see.
func (s *MessageSummary) FieldValue() any {
	if s == nil {
		return nil
	}
	summaries := map[string]any{}
	for class, m := range s.Summaries {
		summaries[class] = map[string]any{
			"new_messages": m.New, "old_messages": m.Old, "new_urgent_messages": m.NewUrgent, "old_urgent_messages": m.OldUrgent,
		}
	}
	return map[string]any{"messages_waiting": s.MessagesWaiting, "message_account": s.MessageAccount, "summaries": summaries}
}
