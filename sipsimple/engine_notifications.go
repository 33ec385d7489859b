package sipsimple

import (
	"strings"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
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

// Notifications of the life of the SIP stack and of what it notices
// (application.md 13.1 and 13.3), of an application with storage. The sender is
// the [core.Engine]; of a stack that did not start, the [Application].
type (
	// SIPEngineWillStart: sockets are about to be opened.
	SIPEngineWillStart struct{}
	// SIPEngineDidStart: they are open.
	SIPEngineDidStart struct{}
	// SIPEngineDidFail: they could not be opened, or one of them is gone.
	SIPEngineDidFail struct{}
	// SIPEngineWillEnd: they are about to be closed.
	SIPEngineWillEnd struct{}
	// SIPEngineDidEnd: nothing of the stack is left.
	SIPEngineDidEnd struct{}
	// SIPEngineSIPTrace: a message was sent or received.
	SIPEngineSIPTrace struct {
		Received        bool   `field:"received"`
		SourceIP        string `field:"source_ip"`
		SourcePort      int    `field:"source_port"`
		DestinationIP   string `field:"destination_ip"`
		DestinationPort int    `field:"destination_port"`
		Data            []byte `field:"data"`
		Transport       string `field:"transport"` // UDP, TCP, TLS
	}
	// SIPEngineDetectedNATType: a STUN server was asked which NAT we are behind.
	SIPEngineDetectedNATType struct {
		Succeeded bool   `field:"succeeded"`
		UserData  string `field:"user_data"` // the server
		NATType   string `field:"nat_type,omit"`
		Error     string `field:"error,omit"`
	}
)

// NotificationName implements [notification.Data].
func (SIPEngineWillStart) NotificationName() string       { return "SIPEngineWillStart" }
func (SIPEngineDidStart) NotificationName() string        { return "SIPEngineDidStart" }
func (SIPEngineDidFail) NotificationName() string         { return "SIPEngineDidFail" }
func (SIPEngineWillEnd) NotificationName() string         { return "SIPEngineWillEnd" }
func (SIPEngineDidEnd) NotificationName() string          { return "SIPEngineDidEnd" }
func (SIPEngineSIPTrace) NotificationName() string        { return "SIPEngineSIPTrace" }
func (SIPEngineDetectedNATType) NotificationName() string { return "SIPEngineDetectedNATType" }

func engineNotifications() []notification.Data {
	return []notification.Data{
		SIPEngineGotMessage{}, SIPEngineWillStart{}, SIPEngineDidStart{}, SIPEngineDidFail{}, SIPEngineWillEnd{}, SIPEngineDidEnd{},
		SIPEngineSIPTrace{}, SIPEngineDetectedNATType{}, SIPEngineLog{}, SIPEngineGotException{},
	}
}

// trace posts every message, in an application with storage.
func (p *parts) trace() func(wire.TraceEntry) {
	given := p.app.cfg.Trace
	if p.loaded == nil {
		return given
	}
	return func(e wire.TraceEntry) {
		if given != nil {
			given(e)
		}
		engine := p.app.Engine()
		if engine == nil {
			return // nothing of ours comes before the start
		}
		from, to := e.Local, e.Remote
		if !e.Sent {
			from, to = to, from
		}
		p.app.center.Post(engine, SIPEngineSIPTrace{
			Received: !e.Sent, SourceIP: from.Addr().String(), SourcePort: int(from.Port()),
			DestinationIP: to.Addr().String(), DestinationPort: int(to.Port()), Data: e.Data, Transport: strings.ToUpper(e.Transport),
		})
	}
}

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
