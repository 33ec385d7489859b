package sipserver

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// registerAs does a REGISTER of a user, "" for one that nobody asked who it is.
func (w *work) registerAs(user string) {
	to := w.req.To().Address
	if user != "" && user != to.User && user != aorOf(to) {
		w.reply(sip.StatusForbidden)
		return
	}
	w.respond(w.register())
}

// change is what a REGISTER wants of one contact.
type change struct {
	contact *sip.ContactHeader
	old     *binding // nil: new
	expires time.Duration
}

// register changes the bindings, all or none, and gives the response (RFC 3261 section 10.3).
func (w *work) register() *sip.Response {
	now := time.Now()
	record := w.s.location.record(w.req.To().Address)
	if record == nil {
		return w.refusal(sip.StatusServiceUnavailable)
	}
	record.alive(now)
	changes, refusal := w.changes(record)
	if refusal != nil {
		return refusal
	}
	for _, c := range changes {
		if b := record.apply(c, w.msg, now); b != nil {
			w.giveGRUUs(b)
		}
	}
	w.s.watched.setBindings(record.aor, record.snapshot(now))
	res := w.refusal(sip.StatusOK)
	for _, b := range record.bindings {
		contact := b.contact.Clone()
		seconds := (b.expires.Sub(now) + time.Second - 1) / time.Second
		contact.Params.Add("expires", strconv.FormatInt(int64(seconds), 10))
		res.AppendHeader(contact)
	}
	return res
}

// refusal is a response with that code and nothing else; so is the beginning of a 200.
func (w *work) refusal(code int) *sip.Response {
	return wire.NewResponse(w.req, code, core.Phrase(code), w.s.token(8))
}

// changes reads the contacts; with a refusal nothing is to be changed.
func (w *work) changes(record *aorRecord) ([]change, *sip.Response) {
	headers := w.req.GetHeaders("contact")
	var list []change
	for _, h := range headers {
		contact, ok := h.(*sip.ContactHeader)
		if !ok {
			return nil, w.refusal(sip.StatusBadRequest)
		}
		if contact.Address.Wildcard {
			if len(headers) > 1 || expiresHeader(w.req) != "0" {
				return nil, w.refusal(sip.StatusBadRequest)
			}
			for _, b := range record.bindings {
				list = append(list, change{contact: b.contact, old: b})
			}
			break
		}
		expires, refusal := w.granted(contact)
		if refusal != nil {
			return nil, refusal
		}
		list = append(list, change{contact, record.find(contact.Address), expires})
	}
	if len(record.bindings)+len(list) > maxContacts {
		return nil, w.refusal(sip.StatusForbidden)
	}
	for _, c := range list {
		if c.old != nil && c.old.callID == w.req.CallID().Value() && w.req.CSeq().SeqNo <= c.old.cseq {
			return nil, w.refusal(sip.StatusInternalServerError) // out of order
		}
	}
	return list, nil
}

func expiresHeader(req *sip.Request) string {
	if h := req.GetHeader("expires"); h != nil {
		return strings.TrimSpace(h.Value())
	}
	return ""
}

// granted is how long a contact is kept: what was asked for, within our limits. What cannot be read stands for an hour
// (RFC 3261 section 10.2.1.1).
func (w *work) granted(contact *sip.ContactHeader) (time.Duration, *sip.Response) {
	text, ok := contact.Params.Get("expires")
	if !ok {
		text = expiresHeader(w.req)
	}
	asked := w.s.cfg.Expires
	if text != "" {
		seconds, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			seconds = 3600
		}
		asked = time.Duration(seconds) * time.Second
	}
	if asked > 0 && asked < w.s.cfg.MinExpires {
		res := w.refusal(sip.StatusIntervalToBrief)
		seconds := int64((w.s.cfg.MinExpires + time.Second - 1) / time.Second)
		res.AppendHeader(sip.NewHeader("Min-Expires", strconv.FormatInt(seconds, 10)))
		return 0, res
	}
	return min(asked, w.s.cfg.Expires), nil
}

// apply makes, renews or removes a binding; nil when it is gone.
func (r *aorRecord) apply(c change, m wire.Message, now time.Time) *binding {
	if c.expires == 0 {
		if c.old != nil {
			r.remove(c.old)
		}
		return nil
	}
	b := c.old
	if b == nil {
		b = &binding{}
		r.bindings = append(r.bindings, b)
	}
	b.contact = c.contact.Clone()
	b.contact.Params.Remove("expires")
	b.expires, b.msg = now.Add(c.expires), m
	b.callID, b.cseq = m.Request().CallID().Value(), m.Request().CSeq().SeqNo
	return b
}
