package core

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// referred is a REFER of the peer and the subscription it made: we tell in
// NOTIFYs how its call gets on, one after another (RFC 3515).
type referred struct {
	u        *usage
	id       uint32  // CSeq number of the REFER
	silent   bool    // the peer wants no NOTIFY (RFC 4488), or refused one
	refusal  outcome // of that one
	code     int     // last status
	phrase   string
	expires  time.Time
	stop     func()
	over     bool // the final NOTIFY was ordered
	inFlight bool // a NOTIFY is out
	queue    []func()
}

// handleRefer takes a REFER in the dialog. It is taken without asking the
// application, which hears of it by ReferReceived: 202, then a first NOTIFY.
func (u *usage) handleRefer(tx *transaction.Server) {
	req := tx.Request()
	event, ok := referOf(req)
	switch {
	case !ok:
		u.e.reply(tx, sip.StatusBadRequest)
		return
	case !u.standing() || u.referral != nil || u.referred != nil:
		u.e.reply(tx, sip.StatusTemporarilyUnavailable)
		return
	}
	r := &referred{u: u, id: req.CSeq().SeqNo, silent: strings.EqualFold(headerText(req, "refer-sub"), "false")}
	r.refusal = outcome{code: sip.StatusOK, phrase: Phrase(sip.StatusOK)} // nothing to refuse
	u.referred = r
	res := u.e.response(req, sip.StatusAccepted, "", "")
	res.AppendHeader(contactHeader(u.contact, u.localFocus))
	if r.silent {
		res.AppendHeader(sip.NewHeader("Refer-Sub", "false"))
	}
	tx.Respond(res)
	r.live(referLife)
	u.notifyRefer(sip.StatusTrying, "", false)
	u.emit(event)
}

// referOf reads what a REFER asks for: a call to one SIP address. false means
// the Refer-To is missing, repeated or of no use.
func referOf(req *sip.Request) (ReferReceived, bool) {
	if len(req.GetHeaders("refer-to")) != 1 {
		return ReferReceived{}, false
	}
	target, err := ParseAddress(headerText(req, "refer-to"))
	if err != nil || target.URI.Host == "" || (target.URI.Scheme != "sip" && target.URI.Scheme != "sips") {
		return ReferReceived{}, false
	}
	event := ReferReceived{
		ReferredBy: headerText(req, "referred-by"), Replaces: replacesIn(target.URI), Request: req.Clone(),
	}
	target.URI.Headers = nil
	event.Target = target
	return event, true
}

// live lets the subscription end by itself after d.
func (r *referred) live(d time.Duration) {
	if r.stop != nil {
		r.stop()
	}
	r.expires = time.Now().Add(d)
	r.stop = r.u.e.after(d, func() { r.finish("timeout") })
}

// notifyRefer: see Invitation.NotifyRefer.
func (u *usage) notifyRefer(code int, phrase string, final bool) {
	r := u.referred
	if r == nil {
		return
	}
	if !r.over {
		r.code, r.phrase = code, phraseOr(code, phrase)
		if final {
			r.finish("noresource")
		} else {
			r.send(fmt.Sprintf("active;expires=%d", int(time.Until(r.expires).Round(time.Second).Seconds())), nil)
		}
	}
	if final {
		u.referred = nil
	}
}

// finish sends the last NOTIFY.
func (r *referred) finish(reason string) {
	if r.over {
		return
	}
	r.over = true
	r.stopTimer()
	told := r.code
	r.send("terminated;reason="+reason, func(o outcome) {
		r.u.emit(ReferNotified{Code: o.code, Phrase: o.phrase, Told: told})
	})
}

// send sends a NOTIFY with the last status when those before it are answered.
func (r *referred) send(state string, done func(outcome)) {
	code, phrase := r.code, r.phrase
	if r.silent {
		if done != nil {
			done(r.refusal)
		}
		return
	}
	r.queue = append(r.queue, func() {
		r.inFlight = true
		r.u.request(r.u.dialog, r.u.path, sip.NOTIFY, func(req *sip.Request) {
			req.AppendHeader(sip.NewHeader("Event", "refer;id="+strconv.FormatUint(uint64(r.id), 10)))
			req.AppendHeader(sip.NewHeader("Subscription-State", state))
			contentType := sip.ContentTypeHeader("message/sipfrag;version=2.0")
			req.AppendHeader(&contentType)
			req.SetBody(fmt.Appendf(nil, "SIP/2.0 %d %s\r\n", code, oneLine(phrase)))
		}, func(o outcome) {
			r.inFlight = false
			if o.code >= 300 { // the peer knows of no transfer any more
				r.silent, r.refusal, r.queue = true, o, nil
			}
			if done != nil {
				done(o)
			}
			r.next()
		})
	})
	r.next()
}

func (r *referred) next() {
	if !r.inFlight && len(r.queue) > 0 && r.u.standing() {
		first := r.queue[0]
		r.queue = r.queue[1:]
		first()
	}
}

func (r *referred) stopTimer() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
}

// drop forgets the transfer when the dialog ends.
func (r *referred) drop() {
	r.stopTimer()
	r.queue, r.over = nil, true
}

// handleSubscribe takes a SUBSCRIBE in the dialog: it prolongs the subscription
// of the peer's REFER, or ends it with Expires 0. Either way a NOTIFY follows
// (RFC 6665 section 4.2.1.2).
func (u *usage) handleSubscribe(tx *transaction.Server) {
	req := tx.Request()
	r := u.referred
	event, id := eventOf(req)
	switch {
	case event != "refer":
		u.e.reply(tx, 489, sip.NewHeader("Allow-Events", allowedEvents))
		return
	case r == nil || r.over || (id != 0 && id != r.id):
		u.e.reply(tx, sip.StatusCallTransactionDoesNotExists)
		return
	}
	life := referLife
	if seconds, err := strconv.ParseUint(strings.TrimSpace(headerText(req, "expires")), 10, 32); err == nil {
		life = min(life, time.Duration(seconds)*time.Second)
	}
	res := u.e.response(req, sip.StatusOK, "", wire.StatelessTag(req))
	res.AppendHeader(contactHeader(u.contact, u.localFocus))
	expires := sip.ExpiresHeader(life / time.Second)
	res.AppendHeader(&expires)
	tx.Respond(res)
	if life == 0 {
		r.finish("timeout")
		return
	}
	r.live(life)
	u.notifyRefer(r.code, r.phrase, false)
}
