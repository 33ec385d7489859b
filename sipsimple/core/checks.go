package core

import (
	"github.com/emiago/sipgo/sip"
	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// What we do, as RFC 3261 section 8.2 judges a request by. They are read only.
var (
	methods    = []string{"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK", "UPDATE", "REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE"}
	extensions = []string{"100rel", "replaces", "norefersub", "gruu"}
	bodies     = []string{sdpType}
)

// refuse is an answer that needs no dialog, with the standard phrase.
func refuse(code int, headers ...sip.Header) *wire.Refusal {
	return &wire.Refusal{Code: code, Phrase: Phrase(code), Headers: headers}
}

// checkAny are the checks of every request but ACK and CANCEL. nil means
// nothing is wrong.
func (e *Engine) checkAny(req *sip.Request) *wire.Refusal {
	can := wire.Abilities{Methods: methods, Extensions: extensions}
	if req.Method == sip.INVITE {
		can.Bodies = bodies
	}
	return wire.Validate(req, can)
}

// checkInvite are the checks of an INVITE outside a dialog. Without a refusal it
// may become a call, and the session description in it is returned.
func (e *Engine) checkInvite(m wire.Message) (*psdp.SessionDescription, *wire.Refusal) {
	t, req, from := e.table, m.Request(), m.Source.Addr()
	own := DialogID{CallID: callIDOf(req), LocalTag: fromTag(req)}
	if t.calls[own] != nil || t.requests.has(keyOf(req)) {
		return nil, refuse(sip.StatusLoopDetected) // sent by us, or merged: section 8.2.2.2
	}
	if _, n, err := contactOf(req); err != nil || n != 1 {
		return nil, refuse(sip.StatusBadRequest, e.warning("INVITE needs one Contact"))
	}
	offer, err := readSDP(req)
	if err != nil {
		return nil, refuse(sip.StatusBadRequest, e.warning(err.Error()))
	}
	if r := e.checkReplaces(req); r != nil {
		return nil, r
	}
	if !e.layer.HasRoom(from, t.pending, e.cfg.MaxPending) || !e.layer.HasRoom(from, len(t.dialogs), e.cfg.MaxDialogs) {
		return nil, refuse(sip.StatusServiceUnavailable, sip.NewHeader("Retry-After", "10"))
	}
	return offer, nil
}

// readSDP is the session description of a request, nil if there is none.
func readSDP(req *sip.Request) (*psdp.SessionDescription, error) {
	if len(req.Body()) == 0 || mediaType(req) != sdpType {
		return nil, nil
	}
	return sdp.Parse(req.Body())
}

// checkReplaces judges a Replaces header (RFC 3891 section 3).
func (e *Engine) checkReplaces(req *sip.Request) *wire.Refusal {
	if wire.First(req, "replaces") == nil {
		return nil
	}
	headers := req.GetHeaders("replaces")
	r, ok := ParseReplaces(headers[0].Value())
	if len(headers) > 1 || !ok {
		return refuse(sip.StatusBadRequest, e.warning("malformed or repeated Replaces"))
	}
	found := e.table.replaced(r.Dialog)
	switch {
	case found == nil && e.table.wasDialog(r.Dialog), found != nil && found.usage.bying:
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
