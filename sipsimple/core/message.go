package core

import (
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

const (
	sdpType = "application/sdp"

	// allowedEvents are the event packages (RFC 6665 section 8.2.2).
	allowedEvents = "refer"
)

func callIDOf(msg sip.Message) string {
	if h := msg.CallID(); h != nil {
		return h.Value()
	}
	return ""
}

func fromTag(msg sip.Message) string {
	if h := msg.From(); h != nil {
		return h.Params.GetOr("tag", "")
	}
	return ""
}

func toTag(msg sip.Message) string {
	if h := msg.To(); h != nil {
		return h.Params.GetOr("tag", "")
	}
	return ""
}

// headerText is the value of the first header of that name, "" without one.
func headerText(msg sip.Message, name string) string {
	if h := wire.First(msg, name); h != nil {
		return h.Value()
	}
	return ""
}

// hasToken tells whether one of the values equals token, case ignored.
func hasToken(values []string, token string) bool {
	for _, v := range values {
		if strings.EqualFold(v, token) {
			return true
		}
	}
	return false
}

// mediaType is the Content-Type without parameters, in lower case.
func mediaType(msg sip.Message) string {
	text, _, _ := strings.Cut(headerText(msg, "content-type"), ";")
	return strings.ToLower(strings.TrimSpace(text))
}

// sdpOf is the body of a message if it is a session description, else nil.
func sdpOf(msg sip.Message) []byte {
	if len(msg.Body()) == 0 || mediaType(msg) != sdpType {
		return nil
	}
	return append([]byte(nil), msg.Body()...)
}

// setSDP makes a session description the body of a message; nil means none.
func setSDP(msg sip.Message, sdp []byte) {
	if sdp != nil {
		contentType := sip.ContentTypeHeader(sdpType)
		msg.AppendHeader(&contentType)
	}
	msg.SetBody(sdp)
}

// focusOf tells whether the Contact of a message has isfocus (RFC 4579), and
// whether there is a Contact at all.
func focusOf(msg sip.Message) (focus, known bool) {
	contact, n, err := contactOf(msg)
	if err != nil || n == 0 {
		return false, false
	}
	return contact.Params.Has("isfocus"), true
}

// agentOf is the User-Agent of a message, else its Server.
func agentOf(msg sip.Message) string {
	if agent := headerText(msg, "user-agent"); agent != "" {
		return agent
	}
	return headerText(msg, "server")
}

// contactHeader is our Contact.
func contactHeader(uri sip.Uri, focus bool) *sip.ContactHeader {
	h := &sip.ContactHeader{Address: uri}
	if focus {
		h.Params = h.Params.Add("isfocus", "")
	}
	return h
}

// via is the topmost Via of a request of ours (RFC 3261 section 18.1.1), with
// rport (RFC 3581).
func via(transport string, local netip.AddrPort, branch string) *sip.ViaHeader {
	return &sip.ViaHeader{
		ProtocolName:    "SIP",
		ProtocolVersion: "2.0",
		Transport:       strings.ToUpper(transport),
		Host:            local.Addr().Unmap().String(),
		Port:            int(local.Port()),
		Params:          sip.HeaderParams{{K: "rport"}, {K: "branch", V: branch}},
	}
}

// response builds the answer to a request (RFC 3261 section 8.2.6), with our
// tag in To unless it has one (a 100 gets none), and Server.
func (e *Engine) response(req *sip.Request, code int, phrase, tag string) *sip.Response {
	res := wire.NewResponse(req, code, phraseOr(code, phrase), tag)
	res.AppendHeader(e.serverHeader())
	return res
}

// serverHeader is the Server of every response; it says no more of us than
// User-Agent does.
func (e *Engine) serverHeader() sip.Header {
	if e.server == nil || e.server.Value() != e.cfg.UserAgent {
		e.server = sip.NewHeader("Server", e.cfg.UserAgent)
	}
	return e.server
}

// allow and supported say what we do; many messages have the same.
var (
	allow     = sip.NewHeader("Allow", strings.Join(methods, ", "))
	supported = sip.NewHeader("Supported", strings.Join(extensions, ", "))
)

// capabilities appends Allow and Supported (RFC 3261 sections 20.5, 20.37).
func capabilities(msg sip.Message) {
	msg.AppendHeader(allow)
	msg.AppendHeader(supported)
}

// warning is a Warning header with code 399 (RFC 3261 section 20.43).
func (e *Engine) warning(text string) sip.Header {
	agent := "sipsimple"
	if addr, ok := e.Addr("udp"); ok && !addr.Addr().IsUnspecified() {
		agent = addr.Addr().String()
	}
	return sip.NewHeader("Warning", `399 `+agent+` "`+escapeQuoted(text)+`"`)
}

// oneLine makes text fit into a header field.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
