package core

import (
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// serverInvite is one INVITE or re-INVITE of the peer, until it is refused or
// our 2xx is acknowledged.
type serverInvite struct {
	u      *usage
	tx     *transaction.Server
	re     bool // a re-INVITE
	tag    string
	ringer ringer

	answered bool          // the final response is out
	waiting  *Answer       // a 2xx that waits for a PRACK
	ok       *sip.Response // our 2xx, repeated until its ACK
	stop     func()        // its timer
	deadline time.Time
}

// newServerInvite makes the part of a usage that answers tx.
func newServerInvite(u *usage, tx *transaction.Server, re bool) *serverInvite {
	s := &serverInvite{u: u, tx: tx, re: re, tag: u.id.LocalTag}
	s.ringer = ringer{s: s, reliable: hasToken(wire.Values(tx.Request(), "require"), "100rel")}
	u.in = s
	u.e.table.invites[tx] = s
	if !re {
		u.e.table.pending++
	}
	return s
}

// newIncoming makes the invitation of an INVITE that passed the checks. Its
// dialog exists from now on: a caller may end it before it is answered.
func (e *Engine) newIncoming(tx *transaction.Server) *Invitation {
	u := newUsage(e)
	u.begin(tx.Request(), tx.Message(), u.rnd.tag())
	newServerInvite(u, tx, false)
	e.table.add(u, u.dialog)
	i := &Invitation{engine: e, incoming: true, usage: u}
	u.face = i
	i.view = u.view()
	return i
}

// begin fills a usage from the INVITE that makes its dialog.
func (u *usage) begin(req *sip.Request, m wire.Message, tag string) {
	u.dialog = newServerDialog(req, tag)
	u.path = &path{e: u.e, first: u.e.wayBack(m)}
	u.parties, u.id = u.dialog.parties, u.dialog.id
	u.invited = req
	u.transport = m.Transport
	u.heard(m)
	u.agent = headerText(req, "user-agent")
	u.noteFocus(req)
	u.contact = u.e.contactOf(calledContact(req.Recipient, m.Transport), contactScheme(req.Recipient), m.Transport, u.path.first.sentBy.Addr())
}

// calledContact is our Contact by which the peer has found us: the Request-URI if
// that is an address and leads by this transport, else just its user part.
func calledContact(target sip.Uri, transport string) sip.Uri {
	_, err := netip.ParseAddr(strings.Trim(target.Host, "[]"))
	if err != nil || routeOf(target).Transport != transport {
		return sip.Uri{User: target.User}
	}
	contact := target.Clone()
	contact.Headers = nil
	return *contact
}

// response builds a response to the INVITE, with what each of them carries.
func (s *serverInvite) response(code int, phrase string, sdp []byte) *sip.Response {
	u := s.u
	res := u.e.response(s.tx.Request(), code, phrase, s.tag)
	if code > 100 && code < 300 {
		res.AppendHeader(contactHeader(u.contact, u.localFocus))
		capabilities(res)
	}
	if sdp != nil {
		setSDP(res, sdp)
	}
	return res
}

// progress: see Invitation.Progress.
func (u *usage) progress(code int, phrase string, sdp []byte) {
	s := u.in
	if s == nil || s.answered || s.waiting != nil || code < 100 || code > 199 {
		return
	}
	res := s.response(code, phrase, sdp)
	if code == sip.StatusTrying || !s.ringer.reliable {
		s.tx.Respond(res)
		return
	}
	s.ringer.send(res)
}

// accept: see Invitation.Accept.
func (u *usage) accept(a Answer) {
	s := u.in
	if s == nil || s.answered || s.waiting != nil {
		return
	}
	if s.ringer.outstanding() {
		s.waiting = &a
		return
	}
	u.localFocus = a.Focus
	if s.re {
		u.dialog.refresh(s.tx.Request())
		u.noteFocus(s.tx.Request())
	}
	u.dialog.confirmed = true
	s.ok = s.response(sip.StatusOK, "", a.SDP)
	s.answer(s.ok)
	s.deadline = time.Now().Add(transaction.Lifetime)
	s.repeat(transaction.T1)
}

// answer sends the final response.
func (s *serverInvite) answer(res *sip.Response) {
	s.answered, s.waiting = true, nil
	s.ringer.stopTimer()
	if !s.re {
		s.u.e.table.pending--
	}
	s.tx.Respond(res)
}

// repeat sends the 2xx again after T1, then twice that, up to every T2, until
// 64*T1 have passed (RFC 3261 section 13.3.1.4).
func (s *serverInvite) repeat(interval time.Duration) {
	left := time.Until(s.deadline)
	if left <= interval {
		s.stop = s.u.e.after(left, s.unacknowledged)
		return
	}
	s.stop = s.u.e.after(interval, func() {
		s.tx.Respond(s.ok)
		s.repeat(min(2*interval, transaction.T2))
	})
}

// unacknowledged gives up waiting for the ACK of the 2xx.
func (s *serverInvite) unacknowledged() {
	u := s.u
	u.e.acting = u
	s.release()
	u.emit(AckTimeout{})
	if u.face == nil {
		u.bye(sip.StatusInternalServerError, "Missing ACK")
	}
}

// acknowledged takes the ACK of the 2xx. Copies of it find nothing.
func (s *serverInvite) acknowledged(ack *sip.Request) {
	u := s.u
	s.release()
	s.tx.Done()
	u.invited = nil
	u.emit(Acknowledged{SDP: sdpOf(ack)})
	u.hangUp()
}

// release ends the interest in the transaction.
func (s *serverInvite) release() {
	s.stopTimers()
	delete(s.u.e.table.invites, s.tx)
	if s.u.in == s {
		s.u.in = nil
	}
	if s.u.refusing == s {
		s.u.refusing = nil
		if s.u.out != nil && s.u.out.waiting {
			s.u.out.begin()
		}
	}
}

func (s *serverInvite) stopTimers() {
	s.ringer.stopTimer()
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// reject: see Invitation.Reject.
func (u *usage) reject(code int, phrase string, headers []sip.Header) {
	if u.in != nil && code >= 300 && code <= 699 {
		u.in.refuse(code, phrase, headers, RejectionAcknowledged{})
	}
}

// refuse answers the INVITE with a 3xx to 6xx, unless it is answered. acked is
// the event of the ACK; nil means none.
func (s *serverInvite) refuse(code int, phrase string, headers []sip.Header, acked InvitationEvent) {
	if s.answered {
		return
	}
	u := s.u
	res := s.response(code, phrase, nil)
	for _, h := range headers {
		res.AppendHeader(sip.HeaderClone(h))
	}
	s.tx.OnAcked = func(wire.Message) {
		s.release()
		if acked != nil {
			u.emit(acked)
		}
	}
	s.tx.OnAckTimeout = s.release
	s.answer(res)
	if !s.re && !u.ended {
		u.finish()
	}
	if u.in == s {
		u.in, u.refusing = nil, s
	}
}

// cancelled takes a CANCEL of the INVITE: it does nothing once that is
// answered (RFC 3261 section 9.2).
func (s *serverInvite) cancelled(cancel *sip.Request) {
	if s.answered {
		return
	}
	s.refuse(sip.StatusRequestTerminated, "", nil, nil)
	s.u.emit(Cancelled{Reason: reasonText(cancel)})
}
