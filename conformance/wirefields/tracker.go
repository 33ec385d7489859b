package wirefields

import (
	"fmt"
	"slices"

	"github.com/emiago/sipgo/sip"
	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// Tracker remembers the descriptions of a run. It is not safe for concurrent
// use.
type Tracker struct {
	types map[string]string
	calls map[string]*call // by Call-ID
}

// call is one Call-ID.
type call struct {
	names   []string
	senders []*sender // in the order of their last description
}

// sender is one side of it, by its tag.
type sender struct {
	tag         string
	message     string                   // CSeq, code and body of the last description
	last, prior *psdp.SessionDescription // last one, and the one before
	offer       *psdp.SessionDescription // the other side's last one when last was sent
}

// NewTracker makes a tracker that knows the stream names of a scenario, with
// their types ("audio", "chat" …).
func NewTracker(types map[string]string) *Tracker {
	return &Tracker{types: types, calls: make(map[string]*call)}
}

// Name tells the names of the m-lines of a call, by index: "" leaves one to be
// found by its type. A later call may add names and change none to "".
func (t *Tracker) Name(callID string, names ...string) {
	c := t.call(callID)
	for i, name := range names {
		switch {
		case i >= len(c.names):
			c.names = append(c.names, name)
		case name != "":
			c.names[i] = name
		}
	}
}

// Fields are the fields of a message. Messages must come in the order in which
// they left their senders; one that comes again, as a retransmission or further
// along its way, has the same fields. An SDP body that cannot be read has no
// field sdp, only body.
func (t *Tracker) Fields(msg sip.Message, transport string) map[string]any {
	f := fields(msg, transport)
	if !IsType(msg, "application/sdp") {
		return f
	}
	d, err := sdp.Parse(msg.Body())
	if err != nil {
		return f
	}
	id := f["dialog"].(DialogID)
	tag := id.From
	if _, isResponse := msg.(*sip.Response); isResponse {
		tag = id.To
	}
	f["sdp"] = t.record(id.CallID, tag, fmt.Sprint(f["cseq"], f["method"], f["code"], f["body"]), d)
	return f
}

// record puts a description in its place in the history of its sender.
func (t *Tracker) record(callID, tag, message string, d *psdp.SessionDescription) SDP {
	c := t.call(callID)
	s := c.sender(tag)
	if s.message != message {
		s.message, s.prior, s.last = message, s.last, d
		s.offer = c.other(tag)
		// The one that spoke last stands last.
		c.senders = append(slices.DeleteFunc(c.senders, func(x *sender) bool { return x == s }), s)
	}
	return SDP{Description: d, previous: s.prior, offer: s.offer, names: c.names, types: t.types}
}

func (t *Tracker) call(id string) *call {
	c := t.calls[id]
	if c == nil {
		c = &call{}
		t.calls[id] = c
	}
	return c
}

func (c *call) sender(tag string) *sender {
	for _, s := range c.senders {
		if s.tag == tag {
			return s
		}
	}
	s := &sender{tag: tag}
	c.senders = append(c.senders, s)
	return s
}

// other is the last description of another sender.
func (c *call) other(tag string) *psdp.SessionDescription {
	for _, s := range slices.Backward(c.senders) {
		if s.tag != tag {
			return s.last
		}
	}
	return nil
}
