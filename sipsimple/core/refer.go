package core

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
)

const (
	referLife   = 90 * time.Second // of the subscription that a REFER makes
	referMargin = 30 * time.Second // how long before its end it is given up
	referLinger = time.Second      // wait for the last NOTIFY after that
)

// referral is a REFER of ours and the subscription it makes: the peer tells in
// NOTIFYs how it gets on (RFC 3515).
type referral struct {
	u         *usage
	id        uint32 // CSeq number of the REFER
	accepted  bool
	notified  bool // a NOTIFY came
	code      int  // last status heard
	phrase    string
	stop      func()
	withdrawn bool // SUBSCRIBE with Expires 0 was sent
}

// refer: see Invitation.Refer.
func (u *usage) refer(target Address, replaces *DialogID) {
	if !u.standing() || u.referral != nil {
		code := sip.StatusCallTransactionDoesNotExists
		if u.referral != nil {
			code = sip.StatusRequestPending
		}
		u.emit(ReferEnded{Code: code, Phrase: Phrase(code), Refused: true})
		return
	}
	r := &referral{u: u}
	u.referral = r
	to := target.withoutParams()
	if replaces != nil {
		to.URI.Headers = replacesHeader(*replaces)
	}
	by := u.local.withoutParams()
	u.request(u.dialog, u.path, sip.REFER, func(req *sip.Request) {
		r.id = req.CSeq().SeqNo
		req.AppendHeader(sip.NewHeader("Refer-To", to.String()))
		req.AppendHeader(sip.NewHeader("Referred-By", by.String()))
	}, r.answered)
}

// standing tells whether requests may be sent in the dialog.
func (u *usage) standing() bool {
	return u.dialog != nil && u.dialog.confirmed && !u.ended && !u.bying
}

// answered takes the final response to the REFER.
func (r *referral) answered(o outcome) {
	switch {
	case r.u.referral != r:
	case o.code >= 300:
		r.end(ReferEnded{Code: o.code, Phrase: o.phrase, Refused: true})
	default:
		r.start()
		if !r.notified {
			r.expire(referLife, func() { r.timeout() })
		}
	}
}

// start reports that the peer took the REFER, once: a NOTIFY may overtake the
// response.
func (r *referral) start() {
	if !r.accepted {
		r.accepted = true
		r.u.emit(ReferAccepted{})
	}
}

// notify takes a NOTIFY of the subscription, already answered.
func (r *referral) notify(n notification) {
	r.notified = true
	r.start()
	if n.code != 0 {
		r.code, r.phrase = n.code, n.phrase
		r.u.emit(ReferProgress{Code: n.code, Phrase: n.phrase})
	}
	if n.terminated {
		if r.code == 0 {
			r.timeout()
			return
		}
		r.end(ReferEnded{Code: r.code, Phrase: r.phrase})
		return
	}
	if r.withdrawn {
		return
	}
	life := referLife
	if n.expires > 0 {
		life = n.expires
	}
	r.expire(max(time.Second, life-referMargin, life/2), func() {
		r.withdraw()
		r.expire(referLinger, r.timeout)
	})
}

// withdraw asks the peer to end the subscription with a last NOTIFY.
func (r *referral) withdraw() {
	if r.withdrawn {
		return
	}
	r.withdrawn = true
	r.u.request(r.u.dialog, r.u.path, sip.SUBSCRIBE, func(req *sip.Request) {
		req.AppendHeader(sip.NewHeader("Event", "refer"))
		expires := sip.ExpiresHeader(0)
		req.AppendHeader(&expires)
	}, nil)
}

// timeout ends a transfer nothing was heard of.
func (r *referral) timeout() {
	code := sip.StatusRequestTimeout
	r.end(ReferEnded{Code: code, Phrase: Phrase(code)})
}

func (r *referral) end(event ReferEnded) {
	r.drop()
	r.u.emit(event)
}

// drop forgets the transfer.
func (r *referral) drop() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
	if r.u.referral == r {
		r.u.referral = nil
	}
}

func (r *referral) expire(after time.Duration, f func()) {
	if r.stop != nil {
		r.stop()
	}
	r.stop = r.u.e.after(after, f)
}

// handleNotify takes a NOTIFY in the dialog. Only the subscription of a REFER
// of ours may send one.
func (u *usage) handleNotify(tx *transaction.Server) {
	req := tx.Request()
	r := u.referral
	event, id := eventOf(req)
	switch {
	case event != "refer":
		u.e.reply(tx, 489, sip.NewHeader("Allow-Events", allowedEvents))
	case r == nil || (id != 0 && id != r.id):
		u.e.reply(tx, sip.StatusCallTransactionDoesNotExists)
	default:
		n, ok := notificationOf(req)
		if !ok {
			u.e.reply(tx, sip.StatusBadRequest)
			return
		}
		u.e.reply(tx, sip.StatusOK)
		r.notify(n)
	}
}
