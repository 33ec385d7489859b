package core

import (
	"net/netip"

	"github.com/emiago/sipgo/sip"
	psdp "github.com/pion/sdp/v3"
)

// Invitation is one INVITE that makes a dialog, and that dialog, from either
// end. Its methods may be called on its executor only; they never block, and
// what becomes of them is reported by events. The getters show what the last
// event delivered showed.
type Invitation struct {
	engine   *Engine
	incoming bool
	handler  InvitationHandler
	view     view
	offer    *psdp.SessionDescription // of an incoming INVITE, until Attach
	closed   bool

	usage *usage // touched on the engine's mailbox only
}

// view is what the getters show.
type view struct {
	request   *sip.Request
	transport string
	peer      netip.AddrPort
	parties
	dialog DialogID
	agent  string
	focus  bool
}

// OutgoingParams describe a call to make.
type OutgoingParams struct {
	From, To    Address
	Credentials *Credentials // answer 401 and 407; nil means a challenge is final
	Subject     *string
	Focus       bool         // isfocus in our Contact
	Headers     []sip.Header // further headers of the INVITE, such as Referred-By or Replaces
}

// Attempt is one try to send the INVITE.
type Attempt struct {
	Route   Route   // where it goes; not visible in the message
	Contact sip.Uri // ours, such as a GRUU; one without a host gets our address facing the route
	SDP     []byte  // the offer; nil sends none
}

// Answer is what a 2xx carries.
type Answer struct {
	SDP   []byte // answer, or offer if the INVITE had none
	Focus bool   // isfocus in our Contact
}

// NewInvitation prepares a call. Nothing is sent before Invite. It may be
// called from any goroutine, the rest of the invitation's methods only on exec.
func (e *Engine) NewInvitation(exec Executor, h InvitationHandler, p OutgoingParams) *Invitation {
	u := newUsage(e)
	u.params = &p
	u.creds = p.Credentials
	local, remote := p.From.withoutParams(), p.To.clone()
	local.Params = withParam(p.From.Params, "tag", u.rnd.tag())
	remote.Params.Remove("tag")
	u.parties = parties{&local, &remote}
	u.id = DialogID{CallID: u.rnd.callID(), LocalTag: u.local.Tag()}
	i := &Invitation{engine: e, handler: h, usage: u}
	u.face, u.exec = i, exec
	i.view = u.view()
	return i
}

// Invite sends the INVITE: the first time, and again for the next route after
// Rejected, InviteTimeout or TransportFailed, with the same Call-ID and From
// tag and CSeq+1. While an INVITE is open it does nothing.
func (i *Invitation) Invite(a Attempt) { i.post(func(u *usage) { u.invite(a) }) }

// Reinvite sends an INVITE in the dialog, with an offer, or without one to ask
// for the peer's. It is reported by the events of an outgoing INVITE and
// withdrawn by Cancel. While an INVITE of ours is open, or once the dialog is
// over, it does nothing.
func (i *Invitation) Reinvite(sdp []byte) {
	i.post(func(u *usage) { u.reinvite(Attempt{SDP: sdp}) })
}

// SetContact makes another URI our Contact, in what is sent from now on. Until
// then it is what the peer can reach (application.md 11.1): that of the attempt;
// of an incoming call the Request-URI if its host is an IP address, else its user
// part at our address.
func (i *Invitation) SetContact(contact sip.Uri) {
	contact = *contact.Clone()
	i.post(func(u *usage) { u.contact = contact })
}

// Acknowledge sends the ACK of the 2xx reported by Accepted, with an answer if
// the INVITE had no offer. Every later copy of that 2xx is acknowledged again
// without being reported.
func (i *Invitation) Acknowledge(sdp []byte) { i.post(func(u *usage) { u.acknowledge(sdp) }) }

// Cancel withdraws the open INVITE or re-INVITE, with a CANCEL as soon as a
// provisional response has been seen (RFC 3261 section 9.1). The outcome is
// Rejected, Accepted with Cancelled set, or InviteTimeout. reason, if not
// empty, goes into a Reason header.
func (i *Invitation) Cancel(reason string) { i.post(func(u *usage) { u.cancel(reason) }) }

// Bye ends the dialog and leads to ByeDone. reasonCode or reasonText, if set,
// go into a Reason header (RFC 3326). Of an answered incoming call whose ACK
// is outstanding the BYE leaves at once: waiting is up to the caller.
func (i *Invitation) Bye(reasonCode int, reasonText string) {
	i.post(func(u *usage) { u.bye(reasonCode, reasonText) })
}

// Refer asks the peer to call target (RFC 3515), in place of the dialog
// replaces if that is not nil and its tags are known (attended transfer). It
// leads to ReferAccepted, ReferProgress and ReferEnded. One at a time.
func (i *Invitation) Refer(target Address, replaces *DialogID) {
	i.post(func(u *usage) { u.refer(target, replaces) })
}

// NotifyRefer tells the peer how the call it asked for gets on; final tells
// that this is the end, and leads to ReferNotified. The engine itself ends the
// subscription after 90 s with the last status; NotifyRefer with final must be
// called all the same, until then a further REFER is refused with 480.
func (i *Invitation) NotifyRefer(code int, phrase string, final bool) {
	i.post(func(u *usage) { u.notifyRefer(code, phrase, final) })
}

// Close ends the interest in the invitation: no event follows. What the peer
// must still be told the engine does by itself: an open INVITE is cancelled
// and a late 2xx gets ACK and BYE; an unanswered incoming one is refused with
// 480; a dialog that still stands gets a BYE.
func (i *Invitation) Close() {
	if i.closed {
		return
	}
	i.closed = true
	i.handler = nil
	i.post(func(u *usage) { u.close() })
}

// Attach takes an incoming invitation: from now on its methods are called on
// exec and events go to h. It is called once. Events before it are kept.
func (i *Invitation) Attach(exec Executor, h InvitationHandler) {
	i.handler, i.offer = h, nil
	i.post(func(u *usage) { u.attach(exec) })
}

// Trying sends 100.
func (i *Invitation) Trying() { i.post(func(u *usage) { u.progress(100, "", nil) }) }

// Progress sends a provisional response, reliably if the peer requires it (RFC
// 3262). It does nothing once the INVITE is answered. An empty phrase means
// the standard one.
func (i *Invitation) Progress(code int, phrase string, sdp []byte) {
	i.post(func(u *usage) { u.progress(code, phrase, sdp) })
}

// Accept answers the INVITE with 200, repeated until Acknowledged or, after
// 64*T1, AckTimeout. While a reliable provisional response is not acknowledged
// the 200 waits (RFC 3262 section 3). It does nothing once the INVITE is
// answered or cancelled.
func (i *Invitation) Accept(a Answer) { i.post(func(u *usage) { u.accept(a) }) }

// Reject answers the INVITE with a 3xx to 6xx and leads to
// RejectionAcknowledged. An empty phrase means the standard one. It does
// nothing once the INVITE is answered or cancelled.
func (i *Invitation) Reject(code int, phrase string, headers ...sip.Header) {
	i.post(func(u *usage) { u.reject(code, phrase, headers) })
}

// Request is the INVITE received, nil for an outgoing call and for one that
// stands: it has been acknowledged. It must not be changed.
func (i *Invitation) Request() *sip.Request { return i.view.request }

// Offer is the session description of the INVITE received, nil without one, for
// whoever decides about the call: after Attach it is nil. It must not be changed.
func (i *Invitation) Offer() *psdp.SessionDescription { return i.offer }

// Incoming tells whether the peer called.
func (i *Invitation) Incoming() bool { return i.incoming }

// Transport is "udp", "tcp" or "tls": of the last attempt, or by which the
// INVITE came; "" before the first attempt.
func (i *Invitation) Transport() string { return i.view.transport }

// RemoteAddr is where the last message of the peer came from; invalid before.
func (i *Invitation) RemoteAddr() netip.AddrPort { return i.view.peer }

// Local is our party, with its tag as far as that is known.
func (i *Invitation) Local() Address { return *i.view.local }

// Remote is the peer, with its tag as far as that is known.
func (i *Invitation) Remote() Address { return *i.view.remote }

// Dialog names the dialog; RemoteTag is empty until the call is answered.
func (i *Invitation) Dialog() DialogID { return i.view.dialog }

// PeerAgent is the User-Agent of the INVITE, or the User-Agent or Server of
// the first 2xx; "" while unknown.
func (i *Invitation) PeerAgent() string { return i.view.agent }

// PeerFocus tells whether the latest Contact of the peer had isfocus.
func (i *Invitation) PeerFocus() bool { return i.view.focus }

// post runs f on the engine's mailbox. It is Engine.post in one piece of memory.
func (i *Invitation) post(f func(*usage)) {
	u := i.usage
	u.e.box.Post(func() {
		u.e.run(func() {
			if !u.e.closed {
				u.e.acting = u
				f(u)
			}
		})
	})
}
