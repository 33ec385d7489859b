package core

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// refusal is an answer that needs no dialog.
type refusal struct {
	code    int
	headers []sip.Header
}

func refuse(code int, headers ...sip.Header) *refusal { return &refusal{code, headers} }

// checkAny are the checks of every request but ACK and CANCEL, in the order of
// RFC 3261 section 8.2. nil means nothing is wrong.
func (e *Engine) checkAny(req *sip.Request) *refusal {
	switch req.Method {
	case sip.INVITE, sip.BYE, sip.OPTIONS, sip.PRACK, sip.UPDATE, sip.REFER, sip.NOTIFY, sip.SUBSCRIBE:
	case sip.REGISTER, sip.INFO, sip.MESSAGE, sip.PUBLISH:
		return refuse(sip.StatusMethodNotAllowed, sip.NewHeader("Allow", allowed))
	default:
		return refuse(sip.StatusNotImplemented, sip.NewHeader("Allow", allowed))
	}
	var unknown []string
	for _, tag := range tokens(req, "require") {
		if !isSupported(tag) {
			unknown = append(unknown, tag)
		}
	}
	if len(unknown) > 0 {
		return refuse(sip.StatusBadExtension, sip.NewHeader("Unsupported", strings.Join(unknown, ", ")))
	}
	return nil
}

// checkInvite are the checks of an INVITE outside a dialog. nil means it may
// become a call.
func (e *Engine) checkInvite(req *sip.Request) *refusal {
	t := e.table
	own := DialogID{CallID: callIDOf(req), LocalTag: fromTag(req)}
	if t.calls[own] != nil || t.requests.has(keyOf(req)) {
		return refuse(sip.StatusLoopDetected) // sent by us, or merged: section 8.2.2.2
	}
	if contacts, err := contactsOf(req); err != nil || len(contacts) != 1 {
		return refuse(sip.StatusBadRequest, e.warning("INVITE needs one Contact"))
	}
	if r := e.checkBody(req); r != nil {
		return r
	}
	if accept := tokens(req, "accept"); len(accept) > 0 && !acceptsSDP(accept) {
		return refuse(sip.StatusNotAcceptable, sip.NewHeader("Accept", sdpType))
	}
	if r := e.checkReplaces(req); r != nil {
		return r
	}
	if t.pending >= e.cfg.MaxPending || len(t.dialogs) >= e.cfg.MaxDialogs {
		return refuse(sip.StatusServiceUnavailable, sip.NewHeader("Retry-After", "10"))
	}
	return nil
}

// checkBody wants a session description or nothing.
func (e *Engine) checkBody(req *sip.Request) *refusal {
	if len(req.Body()) == 0 {
		return nil
	}
	for _, coding := range tokens(req, "content-encoding", "e") {
		if !strings.EqualFold(coding, "identity") {
			return refuse(sip.StatusUnsupportedMediaType, sip.NewHeader("Accept-Encoding", "identity"))
		}
	}
	if mediaType(req) != sdpType {
		return refuse(sip.StatusUnsupportedMediaType, sip.NewHeader("Accept", sdpType))
	}
	if _, err := sdp.Parse(req.Body()); err != nil {
		return refuse(sip.StatusBadRequest, e.warning(err.Error()))
	}
	return nil
}

// acceptsSDP tells whether an Accept header allows a session description.
func acceptsSDP(accept []string) bool {
	for _, rng := range accept {
		rng, _, _ = strings.Cut(rng, ";")
		switch strings.ToLower(strings.TrimSpace(rng)) {
		case sdpType, "application/*", "*/*":
			return true
		}
	}
	return false
}

// checkReplaces judges a Replaces header (RFC 3891 section 3).
func (e *Engine) checkReplaces(req *sip.Request) *refusal {
	headers := req.GetHeaders("replaces")
	if len(headers) == 0 {
		return nil
	}
	r, ok := ParseReplaces(headers[0].Value())
	if len(headers) > 1 || !ok {
		return refuse(sip.StatusBadRequest, e.warning("malformed or repeated Replaces"))
	}
	found := e.table.replaced(r.Dialog)
	switch {
	case found == nil && e.table.wasDialog(r.Dialog):
		return refuse(sip.StatusGlobalDecline, e.warning("the dialog to replace has ended"))
	case found == nil:
		return refuse(sip.StatusCallTransactionDoesNotExists, e.warning("no such dialog to replace"))
	case found.dialog.confirmed && r.EarlyOnly:
		return refuse(sip.StatusBusyHere, e.warning("the dialog to replace is not early"))
	case !found.dialog.confirmed && found.usage.invited != nil:
		return refuse(sip.StatusCallTransactionDoesNotExists, e.warning("the early dialog to replace was not started here"))
	}
	return nil
}
