package streams

import (
	"mime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/cpim"
)

// ChatMessage is a message that came in.
type ChatMessage struct {
	Body               []byte
	ContentType        string
	Sender             cpim.Identity
	Recipients         []cpim.Identity
	CourtesyRecipients []cpim.Identity
	Subject            string // the default one, "" for none
	Timestamp          time.Time
	Required           []string
	AdditionalHeaders  []cpim.Header
}

// FieldValue is how observers see a message: the body as text if it is text.
func (m ChatMessage) FieldValue() any {
	var body any = m.Body
	if utf8.Valid(m.Body) {
		body = string(m.Body)
	}
	headers := []any{}
	for _, h := range m.AdditionalHeaders {
		headers = append(headers, map[string]any{"namespace": h.Namespace, "name": h.Name, "value": h.Value})
	}
	return map[string]any{
		"body": body, "content_type": m.ContentType, "sender": m.Sender.URI, "recipients": uris(m.Recipients),
		"courtesy_recipients": uris(m.CourtesyRecipients), "subject": nullText(m.Subject), "timestamp": m.Timestamp,
		"required": m.Required, "additional_headers": headers,
	}
}

func uris(list []cpim.Identity) []string {
	out := make([]string, len(list))
	for i, id := range list {
		out[i] = id.URI
	}
	return out
}

// MSRPMessage is a message that we have sent, or a report about it, as far as applications may care.
type MSRPMessage struct {
	MessageID   string
	ContentType string // of what was sent
	Size        int64
}

// FieldValue is how observers see it.
func (m MSRPMessage) FieldValue() any {
	return map[string]any{"message_id": m.MessageID, "content_type": m.ContentType, "size": m.Size}
}

// Notifications of [ChatStream].
type (
	// ChatStreamGotMessage: a whole message is here.
	ChatStreamGotMessage struct {
		Message ChatMessage `field:"message"`
		Private bool        `field:"private"` // in a room, for us alone
	}
	// ChatStreamGotComposingIndication: the peer is writing, or no longer.
	ChatStreamGotComposingIndication struct {
		State       string          `field:"state"` // "active" or "idle"
		Refresh     int             `field:"refresh,null"`
		ContentType string          `field:"content_type,null"`
		LastActive  time.Time       `field:"last_active,null"`
		Sender      cpim.Identity   `field:"sender"`
		Recipients  []cpim.Identity `field:"recipients"`
		Private     bool            `field:"private"`
	}
	// ChatStreamDidSendMessage: a message is on its way. One of the following two comes later.
	ChatStreamDidSendMessage struct {
		Message MSRPMessage `field:"message"`
	}
	// ChatStreamDidDeliverMessage: the peer has it.
	ChatStreamDidDeliverMessage struct {
		MessageID string      `field:"message_id"`
		Message   MSRPMessage `field:"message"`
		Code      int         `field:"code"`
		Reason    string      `field:"reason"`
	}
	// ChatStreamDidNotDeliverMessage: it was refused, or nobody knows (408).
	ChatStreamDidNotDeliverMessage struct {
		MessageID string      `field:"message_id"`
		Message   MSRPMessage `field:"message"`
		Code      int         `field:"code"`
		Reason    string      `field:"reason"`
	}
)

func (ChatStreamGotMessage) NotificationName() string { return "ChatStreamGotMessage" }
func (ChatStreamGotComposingIndication) NotificationName() string {
	return "ChatStreamGotComposingIndication"
}
func (ChatStreamDidSendMessage) NotificationName() string    { return "ChatStreamDidSendMessage" }
func (ChatStreamDidDeliverMessage) NotificationName() string { return "ChatStreamDidDeliverMessage" }
func (ChatStreamDidNotDeliverMessage) NotificationName() string {
	return "ChatStreamDidNotDeliverMessage"
}

// withCharset adds the charset to a text type that has none: our text is UTF-8.
func withCharset(contentType string) string {
	name, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(name, "text/") || params["charset"] != "" {
		return contentType
	}
	return contentType + "; charset=utf-8"
}

// withoutCharset is a media type without its charset.
func withoutCharset(contentType string) string {
	name, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType
	}
	delete(params, "charset")
	return mime.FormatMediaType(name, params)
}

// sameType compares media types without their parameters.
func sameType(contentType, name string) bool { return msrp.Accepts([]string{name}, contentType) }
