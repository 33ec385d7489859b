package core

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
)

// IncomingMessage is a MESSAGE of the peer (RFC 3428).
type IncomingMessage struct {
	RequestURI  sip.Uri
	From, To    Address
	ContentType string // as it came, "" without a body
	Body        []byte
	Request     *sip.Request
}

// handleMessage takes a MESSAGE, in a dialog or not. One that announces a body
// of no type, or a type without a body, is refused (application.md 13.2).
func (e *Engine) handleMessage(tx *transaction.Server) {
	req := tx.Request()
	kind := headerText(req, "content-type")
	switch {
	case len(req.Body()) > 0 && kind == "":
		e.refuse(tx, refuse(sip.StatusBadRequest, e.warning("a body without Content-Type")))
		return
	case len(req.Body()) == 0 && kind != "":
		e.refuse(tx, refuse(sip.StatusBadRequest, e.warning("the announced body is missing")))
		return
	}
	e.reply(tx, sip.StatusOK)
	if e.cfg.OnMessage == nil {
		return
	}
	copied := req.Clone()
	m := IncomingMessage{
		RequestURI: *req.Recipient.Clone(), From: fromAddress(req.From()), To: toAddress(req.To()),
		ContentType: kind, Body: copied.Body(), Request: copied,
	}
	e.guarded(func() { e.cfg.OnMessage(m) })
}
