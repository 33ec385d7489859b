package core

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
)

// ringer sends provisional responses reliably (RFC 3262 section 3): one after
// another, each repeated at T1, 2*T1, 4*T1 … until its PRACK. When none comes
// for 64*T1 the INVITE is refused.
type ringer struct {
	s        *serverInvite
	reliable bool // the peer requires it
	rseq     uint32
	current  *sip.Response // waits for its PRACK
	queue    []*sip.Response
	stop     func()
	deadline time.Time
}

// maxProvisional bounds the provisional responses that wait for a PRACK.
const maxProvisional = 32

// outstanding tells whether a response waits for its PRACK.
func (r *ringer) outstanding() bool { return r.current != nil }

func (r *ringer) send(res *sip.Response) {
	if r.current != nil {
		if len(r.queue) < maxProvisional {
			r.queue = append(r.queue, res)
		}
		return
	}
	if r.rseq == 0 { // a random start below 2^31 (section 3)
		r.rseq = uint32(r.s.u.rnd.intN(1<<20)) + 1
	} else {
		r.rseq++
	}
	res.AppendHeader(sip.NewHeader("Require", "100rel"))
	res.AppendHeader(sip.NewHeader("RSeq", strconv.FormatUint(uint64(r.rseq), 10)))
	r.current = res
	r.deadline = time.Now().Add(transaction.Lifetime)
	r.s.tx.Respond(res)
	r.repeat(transaction.T1)
}

func (r *ringer) repeat(interval time.Duration) {
	u := r.s.u
	left := time.Until(r.deadline)
	if left <= interval {
		r.stop = u.e.after(left, r.giveUp)
		return
	}
	r.stop = u.e.after(interval, func() {
		r.s.tx.Respond(r.current)
		r.repeat(2 * interval)
	})
}

// giveUp refuses the INVITE: no PRACK came for 64*T1.
func (r *ringer) giveUp() {
	r.stopTimer()
	code := sip.StatusGatewayTimeout
	r.s.refuse(code, "", nil, nil)
	r.s.u.emit(Refused{Code: code, Phrase: Phrase(code), Reason: "missing PRACK"})
}

// acknowledge takes a PRACK. It reports false for one that matches no response
// that waits: that is answered 481 (section 3).
func (r *ringer) acknowledge(prack *sip.Request) bool {
	seq, invite, ok := rackOf(prack)
	if !ok || r.current == nil || seq != r.rseq || invite != r.s.tx.Request().CSeq().SeqNo {
		return false
	}
	r.stopTimer()
	r.current = nil
	return true
}

// next goes on after a PRACK has been answered: with the next provisional
// response, or the 2xx that waited.
func (r *ringer) next() {
	if len(r.queue) > 0 && !r.s.answered {
		res := r.queue[0]
		r.queue = r.queue[1:]
		r.send(res)
		return
	}
	if a := r.s.waiting; a != nil {
		r.s.waiting = nil
		r.s.u.accept(*a)
	}
}

func (r *ringer) stopTimer() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
}

// rackOf reads the RAck header: response number, CSeq number, method INVITE.
func rackOf(req *sip.Request) (rseq, cseq uint32, ok bool) {
	fields := strings.Fields(headerText(req, "rack"))
	if len(fields) != 3 || fields[2] != string(sip.INVITE) {
		return 0, 0, false
	}
	a, errA := strconv.ParseUint(fields[0], 10, 32)
	b, errB := strconv.ParseUint(fields[1], 10, 32)
	return uint32(a), uint32(b), errA == nil && errB == nil
}
