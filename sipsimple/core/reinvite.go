package core

import (
	"strconv"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// glarePhrase is the phrase of our 491.
const glarePhrase = "Another INVITE transaction in progress"

// reinvite: see Invitation.Reinvite.
func (u *usage) reinvite(a Attempt) {
	if u.face == nil || u.dialog == nil || u.ended || u.bying || u.out != nil {
		return
	}
	c := &clientInvite{u: u, dialog: u.dialog, attempt: a}
	u.out = c
	if u.refusing != nil {
		c.waiting = true
		return
	}
	c.begin()
}

// begin sends a re-INVITE. It waits for the ACK of one of the peer's that we
// have refused: until then that transaction is in progress, at the peer too
// (RFC 3261 section 14.1).
func (c *clientInvite) begin() {
	u := c.u
	c.waiting = false
	if u.ended || u.bying {
		u.out = nil
		return
	}
	u.path.send(u.dialog.hop(), func(w way, err error) {
		switch {
		case c.final:
		case err != nil:
			c.fail(TransportFailed{err})
		default:
			c.way = w
			c.send()
		}
	})
}

// handleReinvite takes an INVITE in the dialog. Glare is settled here (RFC 3261
// section 14.2): 491 while an INVITE of ours is open or our last 2xx is not
// acknowledged, 500 with Retry-After while one of theirs is open.
func (u *usage) handleReinvite(tx *transaction.Server) {
	req := tx.Request()
	switch {
	case u.ended || u.bying:
		u.e.reply(tx, sip.StatusCallTransactionDoesNotExists)
	case u.out != nil || (u.in != nil && u.in.answered):
		u.e.replyPhrase(tx, sip.StatusRequestPending, glarePhrase)
	case u.in != nil || u.dialog == nil || !u.dialog.confirmed:
		u.e.reply(tx, sip.StatusInternalServerError, u.retryAfter())
	default:
		if r := u.checkOffer(req); r != nil {
			u.e.refuse(tx, r)
			return
		}
		newServerInvite(u, tx, true)
		u.emit(ReinviteReceived{SDP: sdpOf(req), Request: req.Clone()})
	}
}

// retryAfter asks to try again in 0 to 9 seconds.
func (u *usage) retryAfter() sip.Header {
	return sip.NewHeader("Retry-After", strconv.Itoa(u.rnd.intN(10)))
}

// checkOffer wants one Contact and a readable session description.
func (u *usage) checkOffer(req *sip.Request) *wire.Refusal {
	if _, n, err := contactOf(req); err != nil || n != 1 {
		return refuse(sip.StatusBadRequest, u.e.warning("INVITE needs one Contact"))
	}
	if _, err := readSDP(req); err != nil {
		return refuse(sip.StatusNotAcceptableHere, sip.NewHeader("Accept", sdpType))
	}
	return nil
}

// handleUpdate takes an UPDATE (RFC 3311): it refreshes the target. An offer
// in it is refused: 491 while ours is open, 500 while theirs is, else 488.
func (u *usage) handleUpdate(d *dialog, tx *transaction.Server) {
	req := tx.Request()
	switch {
	case u.ended || u.bying:
		u.e.reply(tx, sip.StatusCallTransactionDoesNotExists)
	case len(req.Body()) == 0:
		d.refresh(req)
		u.noteFocus(req)
		res := u.e.response(req, sip.StatusOK, "", wire.StatelessTag(req))
		res.AppendHeader(contactHeader(u.contact, u.localFocus))
		capabilities(res)
		tx.Respond(res)
		u.emit(PeerRefreshed{})
	case u.out != nil:
		u.e.reply(tx, sip.StatusRequestPending)
	case u.in != nil:
		u.e.reply(tx, sip.StatusInternalServerError, u.retryAfter())
	default:
		u.e.reply(tx, sip.StatusNotAcceptableHere)
	}
}
