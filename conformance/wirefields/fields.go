package wirefields

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// fields are those that need no memory.
func fields(msg sip.Message, transport string) map[string]any {
	f := headerFields(msg)
	f["transport"] = strings.ToLower(transport)
	switch m := msg.(type) {
	case *sip.Request:
		f["method"] = string(m.Method)
		f["ruri"] = m.Recipient.String()
	case *sip.Response:
		f["code"] = m.StatusCode
		f["reason"] = m.Reason
	}
	addDialog(f, msg)
	if c := msg.CSeq(); c != nil {
		f["cseq"] = int(c.SeqNo)
		if _, isResponse := msg.(*sip.Response); isResponse {
			f["method"] = string(c.MethodName)
		}
	}
	if via := msg.Via(); via != nil {
		if branch, ok := via.Params.Get("branch"); ok {
			f["branch"] = branch
		}
	}
	addBody(f, msg)
	return f
}

func addDialog(f map[string]any, msg sip.Message) {
	var id DialogID
	if h := msg.CallID(); h != nil {
		id.CallID = string(*h)
		f["call_id"] = id.CallID
	}
	if h := msg.From(); h != nil {
		if tag, ok := h.Params.Get("tag"); ok {
			id.From = tag
			f["from_tag"] = tag
		}
	}
	if h := msg.To(); h != nil {
		if tag, ok := h.Params.Get("tag"); ok {
			id.To = tag
			f["to_tag"] = tag
		}
	}
	f["dialog"] = id
}

func addBody(f map[string]any, msg sip.Message) {
	body := msg.Body()
	if len(body) == 0 {
		return
	}
	f["body"] = string(body)
	if IsType(msg, "message/sipfrag") {
		f["sipfrag"] = Sipfrag(body)
	}
}

// IsType tells whether the body has this media type, whatever its parameters.
func IsType(msg sip.Message, media string) bool {
	headers := msg.GetHeaders("Content-Type")
	if len(headers) == 0 {
		return false
	}
	have, _, _ := strings.Cut(headers[0].Value(), ";")
	return strings.EqualFold(strings.TrimSpace(have), media)
}

// DialogID names a dialog as one message does. It is equal to the dialog id and
// to the Replaces value (RFC 3891 section 6.1) of both sides.
type DialogID struct{ CallID, From, To string }

// Names lists the Replaces values of the sender's and of the receiver's view.
func (d DialogID) Names() []string {
	return []string{
		d.CallID + ";to-tag=" + d.To + ";from-tag=" + d.From,
		d.CallID + ";to-tag=" + d.From + ";from-tag=" + d.To,
	}
}

// Sipfrag is a body of type message/sipfrag (RFC 3420). It is meant by its
// status code, by its first line and by the whole text.
type Sipfrag string

// Names lists them.
func (s Sipfrag) Names() []string {
	line, _, _ := strings.Cut(string(s), "\n")
	line = strings.TrimSpace(line)
	names := []string{line, string(s)}
	if parts := strings.Fields(line); len(parts) > 1 && strings.HasPrefix(parts[0], "SIP/") {
		if _, err := strconv.Atoi(parts[1]); err == nil {
			names = append([]string{parts[1]}, names...)
		}
	}
	return names
}
