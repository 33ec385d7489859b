package core

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// reply answers a request with a response that has no body.
func (e *Engine) reply(tx *transaction.Server, code int, headers ...sip.Header) {
	e.replyPhrase(tx, code, "", headers...)
}

// refuse answers a request with a refusal.
func (e *Engine) refuse(tx *transaction.Server, r *wire.Refusal) {
	e.replyPhrase(tx, r.Code, r.Phrase, r.Headers...)
}

func (e *Engine) replyPhrase(tx *transaction.Server, code int, phrase string, headers ...sip.Header) {
	tag := ""
	if toTag(tx.Request()) == "" {
		tag = wire.StatelessTag(tx.Request())
	}
	res := e.response(tx.Request(), code, phrase, tag)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	tx.Respond(res)
}

// handleRequest takes a new request that is neither ACK nor CANCEL.
func (e *Engine) handleRequest(tx *transaction.Server) {
	e.serving = tx
	req := tx.Request()
	if r := e.checkAny(req); r != nil {
		e.refuse(tx, r)
		return
	}
	if toTag(req) == "" {
		e.handleOutside(tx)
		return
	}
	found := e.table.addressed(req)
	if found == nil {
		e.handleUnknown(tx)
		return
	}
	e.acting = found.usage
	found.usage.heard(tx.Message())
	if !found.dialog.accept(req) {
		e.reply(tx, sip.StatusInternalServerError)
		return
	}
	found.usage.handleInside(found.dialog, tx)
}

// handleUnknown takes a request in a dialog that is none of a call: only a
// NOTIFY of a subscription is expected.
func (e *Engine) handleUnknown(tx *transaction.Server) {
	if s := e.table.subscribed(tx.Request()); s != nil && tx.Request().Method == sip.NOTIFY {
		e.acting = s
		s.handleNotify(tx)
		return
	}
	e.reply(tx, sip.StatusCallTransactionDoesNotExists)
}

// handleOutside takes a request that belongs to no dialog.
func (e *Engine) handleOutside(tx *transaction.Server) {
	req := tx.Request()
	switch req.Method {
	case sip.OPTIONS:
		e.reply(tx, sip.StatusOK, options()...)
	case sip.INVITE:
		e.handleInvite(tx)
	case sip.MESSAGE:
		e.handleMessage(tx)
	case sip.SUBSCRIBE:
		e.reply(tx, 489, sip.NewHeader("Allow-Events", allowedEvents))
	case sip.REFER:
		// Only the peer of a call may ask for a transfer (RFC 3515 section 6).
		e.reply(tx, sip.StatusForbidden)
	default: // BYE, PRACK, UPDATE, NOTIFY: only in a dialog
		e.reply(tx, sip.StatusCallTransactionDoesNotExists)
	}
}

// options are the headers of the answer to OPTIONS (RFC 3261 section 11.2).
func options() []sip.Header {
	return []sip.Header{allow, sip.NewHeader("Accept", sdpType), supported}
}

// handleInvite takes an INVITE outside any dialog.
func (e *Engine) handleInvite(tx *transaction.Server) {
	offer, r := e.checkInvite(tx.Message())
	if r != nil {
		e.refuse(tx, r)
		return
	}
	e.table.asked(tx.Request())
	if e.cfg.OnInvite == nil {
		e.reply(tx, sip.StatusTemporarilyUnavailable)
		return
	}
	i := e.newIncoming(tx)
	i.offer = offer
	e.acting = i.usage
	if !e.guarded(func() { e.cfg.OnInvite(i) }) {
		i.usage.reject(sip.StatusInternalServerError, "", nil)
		i.usage.close()
	}
}

// handleInside takes a request in a dialog of this usage, already in order.
func (u *usage) handleInside(d *dialog, tx *transaction.Server) {
	switch tx.Request().Method {
	case sip.BYE:
		u.handleBye(d, tx)
	case sip.INVITE:
		u.handleReinvite(tx)
	case sip.PRACK:
		u.handlePrack(tx)
	case sip.UPDATE:
		u.handleUpdate(d, tx)
	case sip.OPTIONS:
		u.e.reply(tx, sip.StatusOK, options()...)
	case sip.REFER:
		u.handleRefer(tx)
	case sip.NOTIFY:
		u.handleNotify(tx)
	case sip.SUBSCRIBE:
		u.handleSubscribe(tx)
	case sip.MESSAGE:
		u.e.handleMessage(tx)
	}
}

// handleBye takes the peer's BYE (RFC 3261 section 15.1.2). In an early dialog
// of our own call only that dialog ends; the INVITE is cancelled.
func (u *usage) handleBye(d *dialog, tx *transaction.Server) {
	req := tx.Request()
	u.e.reply(tx, sip.StatusOK)
	event := ByeReceived{Reason: reasonText(req), Request: req}
	if u.in != nil {
		if !u.in.answered {
			u.in.refuse(sip.StatusRequestTerminated, "", nil, nil)
		} else {
			u.in.release()
		}
	}
	if d == u.dialog {
		u.finish()
	} else {
		u.e.table.end(d)
		u.cancel("")
	}
	u.emit(event)
}

// handlePrack takes the acknowledgement of a reliable provisional response. An
// offer in it is refused: only INVITE, ACK, 183 and 200 carry ours and theirs.
func (u *usage) handlePrack(tx *transaction.Server) {
	if u.in == nil || !u.in.ringer.acknowledge(tx.Request()) {
		u.e.reply(tx, sip.StatusCallTransactionDoesNotExists)
		return
	}
	if len(tx.Request().Body()) > 0 {
		u.e.reply(tx, sip.StatusNotAcceptableHere)
	} else {
		u.e.reply(tx, sip.StatusOK)
	}
	u.in.ringer.next()
}

// handleAck takes an ACK that no transaction absorbed: that of our 2xx, or a
// stray one, which is ignored.
func (e *Engine) handleAck(m wire.Message) {
	ack := m.Request()
	found := e.table.addressed(ack)
	if found == nil || found.usage.in == nil {
		return
	}
	e.acting = found.usage
	s := found.usage.in
	if s.ok != nil && s.tx.Request().CSeq().SeqNo == ack.CSeq().SeqNo {
		found.usage.heard(m)
		s.acknowledged(ack)
	}
}

// handleCancel takes a CANCEL. It is answered at once, whatever it does to the
// INVITE (RFC 3261 section 9.2).
func (e *Engine) handleCancel(cancel, invite *transaction.Server) {
	if invite == nil {
		e.reply(cancel, sip.StatusCallTransactionDoesNotExists)
		return
	}
	s := e.table.invites[invite]
	if s == nil {
		e.reply(cancel, sip.StatusOK)
		return
	}
	e.acting = s.u
	req := cancel.Request()
	cancel.Respond(e.response(req, sip.StatusOK, "", s.tag))
	s.u.heard(cancel.Message())
	s.cancelled(req)
}
