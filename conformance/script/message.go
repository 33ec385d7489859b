package script

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/conformance/wirefields"
)

// Content is what a message of the script carries. Nil texts are not there.
type Content struct {
	SDP     any               // nil, "none", "same", "answer" or *scenario.SDPSpec
	Headers map[string]string // several values of one header are separated by line feeds
	Body    *string
	Sipfrag *string // a code, "180 Ringing", or a whole status line
}

// eventTypes are the body types of the event packages (RFC 3515, 4575, 4235,
// 3856, 3842).
var eventTypes = map[string]string{
	"refer": "message/sipfrag;version=2.0", "conference": "application/conference-info+xml",
	"dialog": "application/dialog-info+xml", "presence": "application/pidf+xml",
	"message-summary": "application/simple-message-summary",
}

// fill puts headers and body into a message and records the description.
func (p *Party) fill(msg sip.Message, d *dialog, c Content) error {
	body, kind, err := p.body(d, c)
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(c.Headers) {
		setHeader(msg, name, c.Headers[name])
	}
	if body != nil && len(msg.GetHeaders("Content-Type")) == 0 {
		if event := msg.GetHeaders("Event"); kind == "" && len(event) > 0 {
			name, _, _ := strings.Cut(event[0].Value(), ";")
			kind = eventTypes[strings.ToLower(name)]
		}
		if kind == "" {
			kind = "text/plain"
		}
		msg.AppendHeader(sip.NewHeader("Content-Type", kind))
	}
	msg.SetBody(body)
	return nil
}

// body makes the body and says its type, "" if that depends on the message.
func (p *Party) body(d *dialog, c Content) (body []byte, kind string, err error) {
	switch {
	case c.Body != nil:
		return []byte(*c.Body), "", nil
	case c.Sipfrag != nil:
		return []byte(statusLine(*c.Sipfrag) + "\r\n"), "message/sipfrag;version=2.0", nil
	case c.SDP == nil || c.SDP == "none":
		return nil, "", nil
	}
	body, err = p.describe(d, c.SDP)
	return body, "application/sdp", err
}

// statusLine completes "180" and "180 Ringing".
func statusLine(text string) string {
	if strings.HasPrefix(text, "SIP/") {
		return text
	}
	code, phrase, _ := strings.Cut(text, " ")
	if phrase == "" {
		phrase = phraseOf(code)
	}
	return "SIP/2.0 " + code + " " + phrase
}

// setHeader replaces all headers of that name by the given values; "absent"
// takes them out.
func setHeader(msg sip.Message, name, value string) {
	type editor interface {
		RemoveHeader(name string) bool
		Headers() []sip.Header
	}
	name = wirefields.HeaderName(name)
	e := msg.(editor)
	for again := true; again; {
		again = false
		for _, h := range e.Headers() {
			if wirefields.HeaderName(h.Name()) == name {
				again = e.RemoveHeader(h.Name())
				break
			}
		}
	}
	if value == "absent" {
		return
	}
	for _, v := range strings.Split(value, "\n") {
		msg.AppendHeader(sip.NewHeader(name, v))
	}
}

// setTag writes a tag into From or To; "" takes it out.
func setTag(params *sip.HeaderParams, tag string) {
	params.Remove("tag")
	if tag != "" {
		params.Add("tag", tag)
	}
}
