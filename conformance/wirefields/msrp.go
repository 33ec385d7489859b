package wirefields

import (
	"cmp"
	"unicode/utf8"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// MSRP reads one direction of a connection and turns its messages into fields:
// the headers by their names as written, and method (of a response that of its
// request), code and reason (of a response), tid, flag, body and size (if there
// is a body), transport.
type MSRP struct {
	// Emit gets each message when its last octet is there.
	Emit func(fields map[string]any)
	// Requests tells the method of a request of the other direction; may be nil.
	Requests func(tid string) string
	// Transport is tcp unless it is set.
	Transport string

	framer  msrp.Framer
	methods map[string]string
	fields  map[string]any
	body    []byte
	size    int
}

// mostBody is how much of a body is kept.
const mostBody = 1 << 20

// Feed takes the next octets. After an error the rest is no MSRP.
func (m *MSRP) Feed(data []byte) error { return m.framer.Feed(data, m) }

// Method is the method of a request that has begun.
func (m *MSRP) Method(tid string) string { return m.methods[tid] }

// Head implements [msrp.FrameHandler].
func (m *MSRP) Head(h *msrp.Head) error {
	tid := string(h.TransactionID)
	m.fields, m.body, m.size = map[string]any{"tid": tid, "transport": cmp.Or(m.Transport, "tcp")}, nil, 0
	if h.HasBody {
		m.body = []byte{}
	}
	if h.Method != nil {
		if m.methods == nil {
			m.methods = map[string]string{}
		}
		m.fields["method"], m.methods[tid] = string(h.Method), string(h.Method)
	} else {
		m.fields["code"], m.fields["reason"] = h.Code, string(h.Comment)
		if m.Requests != nil {
			if method := m.Requests(tid); method != "" {
				m.fields["method"] = method
			}
		}
	}
	for name, value := range h.Fields {
		m.fields[string(name)] = string(value)
	}
	return nil
}

// Body implements [msrp.FrameHandler].
func (m *MSRP) Body(b []byte) error {
	m.size += len(b)
	m.body = append(m.body, b[:min(len(b), mostBody-len(m.body))]...)
	return nil
}

// End implements [msrp.FrameHandler].
func (m *MSRP) End(flag msrp.Continuation) error {
	m.fields["flag"] = string(rune(flag))
	if m.body != nil {
		m.fields["size"] = m.size
		m.fields["body"] = m.body
		if utf8.Valid(m.body) {
			m.fields["body"] = string(m.body)
		}
	}
	m.body = nil
	m.Emit(m.fields)
	return nil
}
