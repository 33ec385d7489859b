package sipsimple

import (
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// Notifications of the SIP stack (application.md 13.2); the sender is the
// [core.Engine] of the application.
type (
	// SIPEngineGotMessage: a MESSAGE came (RFC 3428) and has been answered 200.
	SIPEngineGotMessage struct {
		RequestURI  string       `field:"request_uri"`
		FromHeader  core.Address `field:"from_header"`
		ToHeader    core.Address `field:"to_header"`
		Headers     Headers      `field:"headers"`
		Body        string       `field:"body"`
		ContentType string       `field:"content_type,null"`
	}
)

// Headers are the header fields of a message as texts, by name, those of
// authentication left out (application.md 13.6). Several fields of one name are
// separated by line feeds.
type Headers map[string]string

// NotificationName implements [notification.Data].
func (SIPEngineGotMessage) NotificationName() string { return "SIPEngineGotMessage" }

// gotMessage posts a MESSAGE that came. It runs on the engine's mailbox.
func (a *Application) gotMessage(m core.IncomingMessage) {
	engine := a.Engine()
	if engine == nil {
		return // before the application has started
	}
	headers := Headers{}
	for _, h := range m.Request.Headers() {
		switch h.Name() {
		case "Authorization", "Proxy-Authorization":
			continue
		}
		if before, ok := headers[h.Name()]; ok {
			headers[h.Name()] = before + "\n" + h.Value()
		} else {
			headers[h.Name()] = h.Value()
		}
	}
	a.center.Post(engine, SIPEngineGotMessage{
		RequestURI: m.RequestURI.String(), FromHeader: m.From, ToHeader: m.To, Headers: headers,
		Body: string(m.Body), ContentType: m.ContentType,
	})
}
